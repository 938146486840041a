"""The command line: one module per command, `commands` puts them together."""

from core.cli.commands import main

__all__ = ["main"]
