"""Alembic's numbered files: the only place that changes the schema. Imports nothing of Masthead's own."""
