"""Notices: what people are told of what happened, in the console and by mail."""
