"""JSON for the console's own scripts."""
