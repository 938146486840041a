"""Whether the app is live, or in development and so for people with a role on it alone (meta 2.9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.world import World

LIVE, DEVELOPMENT = "live", "development"
_MODE, _PEOPLE = "meta.app_mode", "meta.app_people"


def choose(world: World, mode: str, people: Sequence[str]) -> None:
    """Set the mode inside the caller's transaction."""
    world.set_fact(_MODE, mode)
    world.set_fact(_PEOPLE, ",".join(people))


def works_for(world: World, person_id: str) -> bool:
    """May the app be used with this person's consent?"""
    return world.fact(_MODE, LIVE) == LIVE or person_id in world.fact(_PEOPLE).split(",")
