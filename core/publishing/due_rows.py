"""SQL of what is due and of what lapsed, in all organizations, and of the tickers that look.

By definer functions that return ids, states and times (migrations 0005 to 0049: the newest that has one is in force).
Takes a session; never commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert as insert_or_update
from sqlalchemy.orm import Session

from core.publishing.model import TickerHeartbeat
from core.publishing.store import Claim

_clock = func.clock_timestamp


@dataclass(frozen=True, slots=True)
class Moved:
    """One publication that the sweep moved."""

    organization_id: UUID
    publication_id: UUID
    to_state: str


def claim_due(
    session: Session,
    at_most: int,
    *,
    owner: str,
    lease_s: float,
    backlog_older_than_s: float,
    backlog_spacing_s: float,
    twin_spacing_s: float,
    most_of_one: int | None = None,
) -> list[Claim]:
    """Take up to `at_most` due publications: scheduled -> queued, each with a new epoch.

    Organizations take turns, those with the fewest in flight first; of equals the first is drawn by lot. Of none does
    `owner` then have more than `most_of_one` under way, unless there is only one.
    """
    rows = session.execute(
        text(
            "select organization_id, publication_id, epoch from masthead.claim_due(:at_most, :owner, :lease,"
            " :backlog_age, :backlog_spacing, :twin_spacing, :most_of_one)"
        ),
        {
            "at_most": at_most,
            "owner": owner,
            "lease": timedelta(seconds=lease_s),
            "backlog_age": timedelta(seconds=backlog_older_than_s),
            "backlog_spacing": timedelta(seconds=backlog_spacing_s),
            "twin_spacing": timedelta(seconds=twin_spacing_s),
            "most_of_one": most_of_one,
        },
    )
    return [Claim(row.organization_id, row.publication_id, row.epoch) for row in rows]


def claim_checks(session: Session, at_most: int, *, lease_s: float) -> list[Claim]:
    """Take up to `at_most` unclear outcomes whose read is due; nobody else gets them for `lease_s` seconds.

    Organizations take turns. Those whose network may not be asked now are put off instead. The claim asks the person in
    time as `sweep` does, for programs that are older than the schema.
    """
    rows = session.execute(
        text("select organization_id, publication_id, epoch from masthead.claim_checks(:at_most, :lease)"),
        {"at_most": at_most, "lease": timedelta(seconds=lease_s)},
    )
    return [Claim(row.organization_id, row.publication_id, row.epoch) for row in rows]


def claim_links(session: Session, at_most: int, *, lease_s: float) -> list[tuple[UUID, UUID]]:
    """Take up to `at_most` links that are to be looked for: (organization id, publication id).

    Organizations take turns. Those whose network may not be asked now are put off instead, up to 20 of each at once.
    """
    rows = session.execute(
        text("select organization_id, publication_id from masthead.claim_links(:at_most, :lease)"),
        {"at_most": at_most, "lease": timedelta(seconds=lease_s)},
    )
    return [(row.organization_id, row.publication_id) for row in rows]


def sweep(session: Session, *, first_read_s: float, retry_s: float) -> list[Moved]:
    """Move what lapsed: leases, windows, approvals, and the time to find out by itself whether a post is live."""
    rows = session.execute(
        text("select organization_id, publication_id, to_state from masthead.sweep(:first_read, :retry)"),
        {"first_read": timedelta(seconds=first_read_s), "retry": timedelta(seconds=retry_s)},
    )
    asked = session.execute(text("select organization_id, publication_id, to_state from masthead.ask_in_time(500)"))
    lapsed = session.execute(text("select organization_id, publication_id, to_state from masthead.lapse(500)"))
    return [Moved(row.organization_id, row.publication_id, row.to_state) for row in (*rows, *asked, *lapsed)]


def until_next_due(session: Session) -> float | None:
    """Seconds until the next publication, read, link or work on a live post becomes due; None when nothing waits."""
    row = session.execute(
        text("select extract(epoch from masthead.next_due() - clock_timestamp())::float8 as seconds")
    ).one()
    seconds: float | None = row.seconds
    return seconds


def work_waiting(session: Session) -> tuple[bool, bool]:
    """Whether there is something to send or read back, and whether there are links to look for, now."""
    row = session.execute(text("select sends, links from masthead.work_waiting()")).one()
    return bool(row.sends), bool(row.links)


def beat(session: Session, name: str) -> None:
    """Note that a ticker is looking."""
    beating = insert_or_update(TickerHeartbeat).values(name=name, at=_clock())
    session.execute(beating.on_conflict_do_update(index_elements=["name"], set_={"at": _clock()}))


def heartbeats(session: Session) -> dict[str, float]:
    """Ticker -> seconds since it last looked."""
    age = func.extract("epoch", _clock() - TickerHeartbeat.at)
    return {row.name: float(row.age) for row in session.execute(select(TickerHeartbeat.name, age.label("age")))}
