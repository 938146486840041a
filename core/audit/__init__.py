"""Who did what: one line per command, kept for good, and the receipts that make a double click one action."""
