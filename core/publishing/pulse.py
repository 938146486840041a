"""Whether posts get out at all: who watches the clock, and how long the oldest due post has been waiting.

Processes that are alive prove nothing (RELIABILITY B 5). These two figures do, and both are in Postgres.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.infra import db
from core.publishing import due_rows, unattended_rows
from core.publishing.times import times


class Ticker(StrEnum):
    """Who watches the clock: the loop, and the job that rq-scheduler starts and `worker-tick` does."""

    DISPATCHER = "dispatcher"
    TICK = "tick"


@dataclass(frozen=True, slots=True)
class Pulse:
    """`tickers` has for each ticker the seconds since it looked last.

    `oldest_due_s`: for how long the oldest publication has been waiting, to be sent or to be read back, though nothing
    holds it back by design; None when none does.
    """

    tickers: Mapping[str, float]
    oldest_due_s: float | None

    @property
    def last_look_s(self) -> float | None:
        """Seconds since anybody looked; None when nobody ever did."""
        return min(self.tickers.values(), default=None)


def pulse(database: db.Database | None = None) -> Pulse:
    """As it is now, over all organizations: figures only. `database` None: this program's own."""
    with (database or db.current()).free_transaction() as session:
        return Pulse(due_rows.heartbeats(session), unattended_rows.oldest_due_s(session, times()))
