"""The way to a network's consent page and back."""
