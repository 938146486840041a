"""The pictures of the guide, taken while its story is walked, and of the guarantee: `python -m ops.guide`."""
