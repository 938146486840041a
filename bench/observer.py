"""Behind the wall: what a superuser sees of all organizations' publications, and when they are due."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
from psycopg.conninfo import make_conninfo

from bench.installation import Installation
from bench.programs import CanNotMeasure
from core.infra.embedded import DATABASE

_LOOK_AGAIN_S: Final = 0.1
_SPREAD: Final = """
update masthead.publication p set due_at = due.at, not_after = due.at + interval '30 min'
from (select id, %(begins_at)s + make_interval(secs => %(over_s)s)
        * ((row_number() over (order by hashtext(id::text)) - 1)::float8 / count(*) over ()) as at
      from masthead.publication where post_id = any(%(posts)s) and state = 'scheduled'
        and (%(templates)s or occurrence > 1)) due
where p.id = due.id
"""
_SENT: Final = """
select p.organization_id, p.account_id, p.due_at, a.opened_at, a.closed_at
from masthead.attempt a join masthead.publication p on p.organization_id = a.organization_id and p.id = a.publication_id
where a.opened_at >= %s and a.state = 'accepted'
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """One publication that the network accepted: due, its call begun, its outcome written."""

    organization_id: UUID
    account_id: UUID
    due_at: datetime
    opened_at: datetime
    closed_at: datetime

    @property
    def lag_s(self) -> float:
        """How long after its slot the attempt was opened."""
        return (self.opened_at - self.due_at).total_seconds()


class Observer:
    """The superuser's connection. Nothing here is what the product does; it counts what the product did."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def now(self) -> datetime:
        """Postgres' time."""
        moment: datetime = self.one("select clock_timestamp()")
        return moment

    def one(self, query: LiteralString, *parameters: object) -> Any:
        """The one value of a query."""
        row = self._connection.execute(query, parameters).fetchone()
        assert row is not None
        return row[0]

    def rows(self, query: LiteralString, *parameters: object) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self._connection.execute(query, parameters).fetchall()

    def run(self, statement: LiteralString, *parameters: object) -> None:
        """Change something around the wall, as only a measurement may."""
        self._connection.execute(statement, parameters)

    def posts_of(self, organizations: Sequence[UUID]) -> list[UUID]:
        """Every post of some organizations."""
        query = "select id from masthead.post where organization_id = any(%s)"
        return [row[0] for row in self._connection.execute(query, (list(organizations),))]

    def spread(self, posts: Sequence[UUID], begins_at: datetime, over_s: float, *, copies_only: bool = False) -> None:
        """Let publications of these posts come due evenly over so many seconds, in no order of theirs.

        `copies_only`: those that were copied from a template, without it.
        """
        values = {"begins_at": begins_at, "over_s": over_s, "posts": list(posts), "templates": not copies_only}
        self._connection.execute(_SPREAD, values)
        # What autovacuum would have done by the time when so many rows have come together.
        self._connection.execute("vacuum analyze")

    def sent(self, since: datetime) -> list[Sent]:
        """Everything accepted whose attempt was opened since, in the order in which it was."""
        found = [Sent(*row) for row in self._connection.execute(_SENT, (since,))]
        return sorted(found, key=lambda each: each.opened_at)

    def count_sent(self, since: datetime) -> int:
        """How many of them there are."""
        return int(
            self.one("select count(*) from masthead.attempt where opened_at >= %s and state = 'accepted'", since)
        )

    def await_sent(self, since: datetime, many: int, within_s: float) -> list[Sent]:
        """The same as soon as there are so many. Raises CanNotMeasure."""
        await_that(
            lambda: self.count_sent(since) >= many,
            within_s,
            lambda: f"only {self.count_sent(since)} of {many} publications were sent; see why in the senders' logs",
        )
        return self.sent(since)


@contextmanager
def behind_the_wall(installed: Installation) -> Iterator[Observer]:
    """An observer for the length of a block."""
    address = make_conninfo(installed.addresses.superuser, dbname=DATABASE)
    with psycopg.connect(address, autocommit=True) as connection:
        yield Observer(connection)


def await_that(holds: Callable[[], bool], within_s: float, otherwise: Callable[[], str]) -> None:
    """Return when something holds. Raises CanNotMeasure with what is said otherwise."""
    until = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > until:
            raise CanNotMeasure(otherwise())
        time.sleep(_LOOK_AGAIN_S)
