"""Masthead's mark, as files beside this one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_STATIC: Final = Path(__file__).with_name("static")
MARK: Final = str(_STATIC / "mark.svg")


def logo(*, dark: bool) -> str:
    """Mark and name, for a light or a dark ground."""
    return str(_STATIC / f"logo-{'dark' if dark else 'light'}.svg")
