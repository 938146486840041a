"""Which stand-ins exist: every folder beside this file that has a `stand_in.py`."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

from sandbox.port import StandIn


@cache
def stand_ins() -> tuple[StandIn, ...]:
    """All stand-ins, by name of their folder."""
    folders = sorted(path.parent.name for path in Path(__file__).parent.glob("*/stand_in.py"))
    return tuple(import_module(f"sandbox.{folder}.stand_in").STAND_IN for folder in folders)
