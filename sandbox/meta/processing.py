"""How long a network works on what it was given, and how that ends (meta 4.6, 5.3; PRODUCT 8)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from sandbox.faults.model import Conditions, Mode

if TYPE_CHECKING:
    from sandbox.world import World

DEFAULT_POLLS: Final = 3


@dataclass(frozen=True, slots=True)
class Processing:
    """Ready at `ready_at` and after so many more reads of the status, unless it ends with an error's number."""

    ready_at: float
    polls_left: int = 0
    error: int | None = None

    def ended(self, now: float) -> bool:
        """Is it over, well or not?"""
        return now >= self.ready_at and not self.polls_left


def begin(world: World, conditions: Conditions, error: int | None, failing: int) -> Processing:
    """Work on a video that begins now: `video_processing_s`, and what faults make of it."""
    taking_s = float(world.option("meta", "video_processing_s"))
    return spoil(Processing(world.now + taking_s, 0, error), world.now, conditions, failing)


def spoil(work: Processing, now: float, conditions: Conditions, failing: int) -> Processing:
    """The faults slow_container and container_error on top; `failing` is the number of an error that isn't named."""
    slow, failed = conditions.get(Mode.SLOW_CONTAINER), conditions.get(Mode.CONTAINER_ERROR)
    if slow is not None:
        # Without any argument a slow container takes some reads.
        polls = int(slow.number("polls", 0 if "ms" in slow.args else DEFAULT_POLLS))
        ready_at = max(work.ready_at, now + slow.number("ms", 0) / 1000)
        work = replace(work, ready_at=ready_at, polls_left=work.polls_left + polls)
    if failed is not None:
        work = replace(work, error=int(failed.number("subcode", failing)))
    return work
