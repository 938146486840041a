"""Slots around the next change of the clocks in five zones: each goes out once, at its instant, with two tickers about.

The tests of what a wall time means are with `slots`; here Postgres' own clock is set to each slot, and to just before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest

from core.infra import db
from core.infra.settings import PublishTimes, Settings
from core.posts import slots
from core.posts.rules import PublicationState
from core.posts.slots import TimeDoesNotExist, TimeOccursTwice
from core.publishing import claiming, sweeping
from tests.factories.posts import Team, make_approved, make_team, publication, send
from tests.factories.publishing import acting_as, again, let_pass
from tests.fixtures.servers import Servers

# An hour forward and back on both halves of the Earth, half an hour, and a day that begins at one o'clock.
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Sydney", "Australia/Lord_Howe", "America/Santiago")
_LOOKS_AT_THE_CLOCK = ("claim_due", "sweep", "work_waiting", "next_due")
_STEP = timedelta(minutes=15)
_SECOND = timedelta(seconds=1)
SetClock = Callable[[datetime], None]


@dataclass(frozen=True)
class Change:
    """When the clocks of a zone change, and by how much; `by` is negative where they go back."""

    at: datetime
    by: timedelta
    before: timedelta

    def wall(self, after: timedelta) -> datetime:
        """What clocks would show that long after the change, had they not been changed."""
        return (self.at + self.before + after).replace(tzinfo=None)


def next_changes(zone: str) -> dict[bool, Change]:
    """The next time the clocks go forward (True) and back (False)."""
    tz = ZoneInfo(zone)
    at = (datetime.now(UTC) + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    found: dict[bool, Change] = {}
    while len(found) < 2:
        was, now = ((at + each).astimezone(tz).utcoffset() or timedelta() for each in (-_STEP, timedelta()))
        if was != now:
            found.setdefault(now > was, Change(at, now - was, was))
        at += _STEP
    return found


def slots_around(zone: str) -> list[datetime]:
    """What a person may choose when the clocks skip a time, and when they show it twice."""
    changes = next_changes(zone)
    forward, back = changes[True], changes[False]
    with pytest.raises(TimeDoesNotExist) as skipped:
        slots.instant(forward.wall(forward.by / 2), zone)
    with pytest.raises(TimeOccursTwice) as twice:
        slots.instant(back.wall(back.by / 2), zone)
    chosen = [
        slots.instant(skipped.value.before, zone),
        slots.instant(skipped.value.after, zone),
        twice.value.first,
        twice.value.second,
    ]
    assert chosen == [
        forward.at - timedelta(minutes=1),
        forward.at,
        back.at + back.by / 2,
        back.at - back.by / 2,
    ]
    return chosen


@pytest.fixture
def clock(servers: Servers, settings: Settings, worker: db.Database) -> Iterator[SetClock]:
    """Postgres' clock, as far as what is due goes, stands where it is set."""
    address = psycopg.conninfo.make_conninfo(servers.superuser_url, dbname=settings.owner_url().rpartition("/")[2])
    with psycopg.connect(address, autocommit=True) as connection:

        def path(of: str) -> None:
            for name in _LOOKS_AT_THE_CLOCK:
                connection.execute(f"alter function masthead.{name} set search_path = {of}")  # type: ignore[arg-type]

        def stand_at(moment: datetime) -> None:
            connection.execute(
                "create or replace function masthead.clock_timestamp() returns timestamptz language sql stable"  # type: ignore[arg-type]
                f" as $$select timestamptz '{moment.isoformat()}'$$"
            )

        stand_at(datetime.now(UTC))
        path("masthead, pg_catalog, pg_temp")
        try:
            yield stand_at
        finally:
            path("masthead, pg_temp")
            connection.execute("drop function masthead.clock_timestamp()")


def two_tickers(worker: db.Database) -> list[UUID]:
    """Two programs look and claim at the same moment; gives everything that either got."""
    together = Barrier(2)

    def look(name: str) -> list[UUID]:
        together.wait()
        sweeping.look(name, PublishTimes())
        return [each.publication_id for each in claiming.due(50, PublishTimes())]

    with acting_as(worker), ThreadPoolExecutor(2) as pool:
        return [each for got in pool.map(look, ("one", "other")) for each in got]


def schedule(team: Team, slot_at: datetime, words: str) -> UUID:
    row = publication(
        team.author,
        make_approved(team.author, team.approver, [team.account_id], text=words, slot_at=slot_at),
    )
    # A year's approvals may end a few days before the next change of the clocks.
    let_pass(team.admin, row.id, approved_until="timestamptz '2200-01-01 00:00Z'")
    assert (row.due_at, row.state) == (slot_at, PublicationState.SCHEDULED)
    return row.id


def test_every_slot_around_a_change_of_the_clocks_goes_out_once_at_its_instant(
    clock: SetClock, worker: db.Database
) -> None:
    waiting: dict[UUID, tuple[Team, datetime]] = {}
    for zone in ZONES:
        team = make_team(timezone=zone)
        for number, slot_at in enumerate(slots_around(zone)):
            waiting[schedule(team, slot_at, f"{zone} {number}")] = team, slot_at
    assert len(waiting) == 4 * len(ZONES)

    for slot_at in sorted({at for _, at in waiting.values()}):
        due = sorted(each for each, (_, at) in waiting.items() if at == slot_at)
        clock(slot_at - _SECOND)
        assert two_tickers(worker) == []
        clock(slot_at)
        assert sorted(two_tickers(worker)) == due
        for each in due:
            row = again(waiting[each][0].author, each)
            assert (row.state, row.epoch) == (PublicationState.QUEUED, 1)
            send(worker, row, PublicationState.CLAIMED, PublicationState.SENDING, PublicationState.PUBLISHED)
    assert {again(team.author, each).epoch for each, (team, _) in waiting.items()} == {1}
