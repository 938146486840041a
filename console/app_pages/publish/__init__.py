"""Writing, approving and following posts."""

SECTION = "Publish"
