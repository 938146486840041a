"""Faults on demand: which calls they meet, what they do, and their memory (PRODUCT 8)."""
