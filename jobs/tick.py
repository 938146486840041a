"""The second, independent ticker: started by rq-scheduler, so that publishing goes on when the dispatcher doesn't."""

from __future__ import annotations

from core.notices import commands as notices
from core.publishing import sweeping
from core.publishing.pulse import Ticker
from core.publishing.sweeping import Look
from core.publishing.times import times
from core.queueing.enqueue import Hints
from core.queueing.names import JobName

_hints: Hints | None = None


def use(hints: Hints) -> None:
    """Give the hints of this process to its jobs."""
    global _hints
    _hints = hints


def tick() -> None:
    """Sweep once and wake whoever has something to do."""
    wake(sweeping.look(Ticker.TICK, times()), _given())


def raise_notices() -> None:
    """Tell people what happened. Here and not with what is slow, because it is to be seen within seconds."""
    notices.raise_due()


def housekeeping() -> None:
    """Once a minute: what nobody waits for."""
    notices.raise_ends()
    notices.raise_risks()
    notices.raise_stopped()
    _given().give(JobName.LOOK_AHEAD)
    _given().give(JobName.TEND_TOKENS)
    _given().give(JobName.REVOKE_OVERDUE_CHOICES)
    _given().give(JobName.DROP_OVERDUE_UPLOADS)


def wake(look: Look, hints: Hints) -> None:
    """Hints for what a look has seen."""
    if look.sends or look.ahead:
        hints.give(JobName.DRAIN)
    if look.live:
        hints.give(JobName.DO_LIVE_WORK)
    if look.links:
        hints.give(JobName.FIND_LINKS)


def _given() -> Hints:
    if _hints is None:
        raise RuntimeError("jobs.tick.use() has not been called in this process")
    return _hints
