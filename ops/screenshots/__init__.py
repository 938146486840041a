"""Pictures of every page, and axe-core on each: `python -m ops.screenshots`."""
