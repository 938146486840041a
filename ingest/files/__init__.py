"""Kept files, for whoever has a signed address: browsers and networks."""
