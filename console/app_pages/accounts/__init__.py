"""The accounts that posts go to."""

SECTION = "Manage"
