"""Instagram on the graph host: accounts, containers, publishing, reading back (meta 5, 11.2)."""
