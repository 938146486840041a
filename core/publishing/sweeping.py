"""Once a second, from any number of processes: lapsed leases, closed windows, approvals that didn't come.

The work is three definer functions (`sweep` of migration 0040, `ask_in_time` of 0046, `lapse` of 0009), which lock each
row, ask again and move it, so two sweeps at once, or one that dies before its commit (sw1) or after it (sw2), do the
same as one. A publication whose sender vanished while sending becomes `unknown`, never `scheduled`: what was sent can't
be told from what was not. And where nobody could find it out in time, a person is asked, whether a sender runs or not.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from core.infra import crash, db
from core.infra.settings import PublishTimes
from core.publishing import ahead_rows, due_rows, live_rows
from core.publishing.due_rows import Moved

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """What a ticker saw: what the sweep moved, what waits now, and in how many seconds the next thing is due.

    `ahead`: something can be prepared before its slot.
    """

    moved: tuple[Moved, ...]
    sends: bool
    ahead: bool
    links: bool
    live: bool
    next_due_s: float | None


def look(ticker: str, times: PublishTimes) -> Look:
    """Sweep, note the heartbeat of `ticker`, and see what there is to do."""
    with db.free_transaction() as session:
        moved = due_rows.sweep(session, first_read_s=times.first_read_after_s, retry_s=times.retry_after_s[0])
        if moved:
            crash.point("sw1")
    if moved:
        crash.point("sw2")
    for each in moved:
        _log.warning(
            "publication swept",
            extra={
                "organization_id": each.organization_id,
                "publication_id": each.publication_id,
                "to_state": each.to_state,
            },
        )
    with db.free_transaction() as session:
        due_rows.beat(session, ticker)
        sends, links = due_rows.work_waiting(session)
        live = live_rows.is_waiting(session)
        ahead = ahead_rows.is_waiting(session, times)
        return Look(tuple(moved), sends, ahead, links, live, due_rows.until_next_due(session))


def work_waiting() -> tuple[bool, bool]:
    """Whether there is something to send or read back, and whether there are links to look for."""
    with db.free_transaction() as session:
        return due_rows.work_waiting(session)


def until_next_due() -> float | None:
    """Seconds until the next publication, read, link or change of a live post becomes due; None when nothing waits."""
    with db.free_transaction() as session:
        return due_rows.until_next_due(session)
