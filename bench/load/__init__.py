"""Load: what must hold when much is due at once, for minutes, for one organization, or at a limit of a network."""
