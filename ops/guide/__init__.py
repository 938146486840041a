"""The pictures of docs/guide.md, taken while its story is walked: `python -m ops.guide`."""
