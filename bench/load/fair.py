"""An organization with ten thousand due posts, and what another one notices of them (RELIABILITY F3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from bench.burst import slow_sandbox
from bench.figures import Baseline, Figure, within
from bench.fleet import fleet
from bench.installation import installation
from bench.many import Many
from bench.observer import Observer, behind_the_wall
from bench.programs import CanNotMeasure

MANY: Final = 10_000
PAGES: Final = 10
LATENCY_S: Final = 0.2
SENDERS: Final = 2
SLOTS: Final = 16
POSTS: Final = 20
EVERY_S: Final = 1.0
MOST_S: Final = 10.0
_STARTS_IN_S: Final = 3.0
_PATIENCE_S: Final = 60.0


def measure(folder: Path, *, quick: bool, minutes: float) -> Iterator[Figure]:
    """The longest delay of the other organization's posts, beside the limit and beside its delay when it is alone."""
    many, few = (1000, 5) if quick else (MANY, POSTS)
    with (
        installation(folder) as installed,
        slow_sandbox(folder, LATENCY_S) as sandbox,
        behind_the_wall(installed) as observer,
    ):
        crowd = Many.at(installed, sandbox, organizations=1, pages=PAGES)
        alone, beside = (Many.at(installed, sandbox, organizations=1) for _ in range(2))
        crowd.prepare(many)
        for one in (alone, beside):
            one.prepare(few)
        with fleet(installed, folder, senders=SENDERS, slots=SLOTS):
            alone_s = _longest_delay_s(observer, alone, few)
            crowd.come_due_over(observer, observer.now(), 0)
            delay_s = _longest_delay_s(observer, beside, few)
            left = crowd.left(observer)
    if left < many / 2:
        raise CanNotMeasure(f"of the {many} posts only {left} were still waiting in the end: too few to be in the way")
    yield within("fair_longest_delay", delay_s, "s", MOST_S)
    yield Figure("fair_longest_delay_to_alone", delay_s, "s", Baseline("the same before the others were due", alone_s))


def _longest_delay_s(observer: Observer, one: Many, posts: int) -> float:
    begins_at = observer.now() + timedelta(seconds=_STARTS_IN_S)
    one.come_due_over(observer, begins_at, posts * EVERY_S)
    return max(each.lag_s for each in one.await_sent(observer, begins_at, posts, posts * EVERY_S + _PATIENCE_S))
