"""Known mistakes, each of which must be noticed: a harness that finds nothing wrong with them proves nothing.

A probe plays the one story in which a mistake does harm, and says what is wrong in the end, or nothing. First with the
product as it is, then with the mistake: in a forged process (`variants`), or in what the database was told.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql
from sqlalchemy import text

from core.infra import db
from core.posts.model import Publication
from core.posts.rules import PublicationState
from core.queueing.connection import for_hints
from core.queueing.enqueue import queue_of
from core.queueing.names import JobName, QueueName
from tests.chaos.ledger import Tally, settle
from tests.chaos.shapes import COMMON, SHAPES, Fault
from tests.chaos.world import Forge, World
from tests.factories.publishing import (
    FAST,
    House,
    again,
    bring_forward,
    make_due,
    make_house,
    make_scheduled_on,
    posts_with,
    tamper,
)

_SETTLE_S: Final = 10.0
_LEASE_S: Final = max(FAST.lease_claimed_s, FAST.lease_preparing_s, FAST.lease_sending_s)
# The breaker's own figures, but open for so long that nobody looks whether the network is well again.
_TROUBLES: Final = 5
_TRIPS_SOON: Final = {"breaker_failures": _TROUBLES, "breaker_window_s": 60, "breaker_open_s": 600}
_IT_IS_TIME_TO_LOOK: Final = "update masthead.breaker set until = clock_timestamp() where state = 'open'"
_NOTHING_WAS_CALLED: Final = "delete from masthead.breaker_count"
_SENT_AGAIN: Final = """update masthead.publication set state = 'scheduled', next_action_at = clock_timestamp()
  where id = %(id)s"""
_FOUND_ABSENT: Final = """update masthead.attempt set state = 'proven_absent', closed_at = clock_timestamp()
  where publication_id = %(id)s and state = 'unknown'"""


@dataclass
class Stage:
    """What a probe plays on. `variant`: the mistake of forged processes, empty for none."""

    world: World
    forge: Forge
    variant: str = ""
    posts: int = 0
    kills: int = 0

    def house(self, pages: int = 1) -> House:
        return make_house(self.world.sandbox, pages)

    def due(self, house: House) -> Publication:
        self.posts += 1
        return make_due(house)

    def fault(self, house: House, name: str) -> None:
        SHAPES[0].put(self.world.sandbox, house.page.id, _named(name))

    def order(self, do: str, **more: Any) -> dict[str, Any]:
        answer = self.forge.order(do, variant=self.variant, **more)
        self.kills += answer.get("ended_by") == 9
        return answer

    def finish(self, house: House) -> None:
        settle(self.order, [house.organization_id], _SETTLE_S)

    def superuser(self) -> psycopg.Connection[Any]:
        database = self.world.settings.owner_url().rpartition("/")[2]
        return psycopg.connect(psycopg.conninfo.make_conninfo(self.world.superuser, dbname=database), autocommit=True)

    def live_twice(self, row: Publication) -> str:
        live = len(posts_with(self.world.sandbox, row.payload["text"]))
        return f"{live} posts" if live > 1 else ""


def _named(name: str) -> Fault:
    (fault,) = [each for each in COMMON if each.name == name]
    return fault


def _dies_after_the_call(stage: Stage) -> str:
    """A sender dies with the network's yes in its hands; its lease ends; others go on."""
    house = stage.house()
    row = stage.due(house)
    assert stage.order("drain", crash_at="s3", slots=1)["ended_by"] == 9
    time.sleep(_LEASE_S)
    stage.finish(house)
    return stage.live_twice(row)


def _says_500_and_did_it(stage: Stage) -> str:
    house = stage.house()
    stage.fault(house, "error_after")
    row = stage.due(house)
    stage.order("drain", slots=1)
    stage.finish(house)
    return stage.live_twice(row)


def _answers_from_the_past(stage: Stage) -> str:
    """One sender freezes with a no in its hands, is given up, and wakes while the next one's call is under way."""
    house = stage.house()
    stage.fault(house, "rate_limited")
    row = stage.due(house)
    old = stage.order("drain", stop_at="s3", slots=1)
    time.sleep(FAST.lease_sending_s)
    stage.order("sweep")
    for statement in (_FOUND_ABSENT, _SENT_AGAIN):  # a person: "it is not live: send again"
        tamper(house.organization_id, statement, id=row.id)
    new = stage.order("drain", stop_at="s3", slots=1)
    stage.forge.order("continue", pid=old["pid"])
    stage.finish(house)
    stage.forge.order("continue", pid=new["pid"])
    stage.finish(house)
    return stage.live_twice(row)


def _dies_with_a_hint(stage: Stage) -> str:
    """A worker dies with a job in its hands: is it anywhere still?"""
    with for_hints(stage.world.environment["REDIS_URL"]) as client:
        client.flushdb()
        job = queue_of(client, QueueName.PUBLISH).enqueue_call(JobName.DRAIN.value, timeout=60)
        assert stage.order("dequeue")["ended_by"] == 9
        lists = [key for key in client.scan_iter("rq:queue:*") if client.type(key) == b"list"]
        found = any(job.id.encode() in client.lrange(key, 0, -1) for key in lists)
    return "" if found else "the job is in no list any more"


def _approval_taken_back(stage: Stage) -> str:
    """A sender freezes with all prepared; the approval ends; it wakes."""
    house = stage.house()
    row = stage.due(house)
    frozen = stage.order("drain", stop_at="w2", slots=1)
    tamper(
        house.organization_id,
        "update masthead.publication set approved_until = clock_timestamp() where id = %(id)s",
        id=row.id,
    )
    stage.forge.order("continue", pid=frozen["pid"])
    return "sent without an approval" if posts_with(stage.world.sandbox, row.payload["text"]) else ""


def _a_network_in_trouble(stage: Stage) -> str:
    """One sender has met enough trouble to leave the network alone; another one starts, with posts of its own due."""
    with stage.superuser() as connection:
        connection.execute(_NOTHING_WAS_CALLED)  # the sound calls of earlier stories would outweigh the trouble
    house = stage.house(pages=_TROUBLES + 3)
    for page in house.pages[:_TROUBLES]:
        SHAPES[0].put(stage.world.sandbox, page.id, _named("error_before"))
    rows = make_scheduled_on(house, house.pages)
    stage.posts += len(rows)
    troubled, others = rows[:_TROUBLES], rows[_TROUBLES:]
    calls = {}
    for name, its in (("troubled", troubled), ("others", others)):
        before = _posts_asked_for(stage, house)
        for row in its:
            bring_forward(house.approver, row.id)
        stage.order("drain", slots=1, times=_TRIPS_SOON)
        calls[name] = _posts_asked_for(stage, house) - before
    with stage.superuser() as connection:
        connection.execute(_IT_IS_TIME_TO_LOOK)
    stage.finish(house)
    assert calls["troubled"] == _TROUBLES, calls
    return f"{calls['others']} calls of another process to a network in trouble" if calls["others"] else ""


def _posts_asked_for(stage: Stage, house: House) -> int:
    """How often posts on these Pages were asked for, whatever the answer."""
    feeds = {page.feed.partition("*/")[2] for page in house.pages}
    return sum(
        each["method"] == "POST" and each["path"].endswith(tuple(feeds))
        for each in stage.world.sandbox.get("/_sandbox/requests")
    )


def _one_bad_row(stage: Stage) -> str:
    """A row that can't be changed is due together with a sound one."""
    house = stage.house(pages=2)
    bad, sound = make_scheduled_on(house, house.pages)
    stage.posts += 2
    for row in (bad, sound):
        bring_forward(house.approver, row.id)
    with stage.superuser() as connection:
        connection.execute(_SPOIL_FUNCTION)
        connection.execute(sql.SQL(_SPOIL).format(sql.Literal(str(bad.id))))
        stage.order("drain")
        connection.execute("drop trigger spoil on masthead.publication")
    state = again(house.author, sound.id).state
    stage.finish(house)
    return "" if state is PublicationState.PUBLISHED else "the sound row waits for the bad one"


def _who_sees_it(stage: Stage) -> str:
    """A connection that served an organization is borrowed again, outside any."""
    house = stage.house()
    stage.due(house)
    engine = db.make_engine(str(db.current().engine.url.render_as_string(hide_password=False)), pool_size=1)
    database = db.Database(engine)
    try:
        with database.organization_transaction(house.organization_id, "program:chaos") as session:
            session.execute(text("select 1"))
        with database.free_transaction() as session:
            seen = session.execute(text("select count(*) from masthead.publication")).scalar_one()
    finally:
        engine.dispose()
        db.current().engine.dispose()  # what its connections remember goes with them
    stage.finish(house)
    return f"{seen} rows of an organization are seen outside it" if seen else ""


def _what_the_owner_sees(stage: Stage) -> str:
    """The words of posts, which no function reads across organizations either."""
    house = stage.house()
    stage.due(house)
    with psycopg.connect(stage.world.settings.owner_url().replace("+psycopg", "")) as connection:
        row = connection.execute("select count(*) from masthead.post_version").fetchone()
    stage.finish(house)
    return f"the owner sees {row[0]} rows of all organizations" if row and row[0] else ""


_SPOIL_FUNCTION: Final = """
create or replace function masthead.spoil() returns trigger language plpgsql as
$$begin raise exception 'this row is damaged'; end$$
"""
_SPOIL: Final = """
create trigger spoil before update on masthead.publication for each row when (old.id = {}::uuid)
execute function masthead.spoil()
"""


@dataclass(frozen=True)
class Mistake:
    """One mistake, the story that shows it, and where it is made: in forged processes, or in the database."""

    name: str
    story: Callable[[Stage], str]
    variant: str = ""
    told: Callable[[psycopg.Connection[Any]], AbstractContextManager[None]] = field(default=lambda _: nullcontext())


@contextmanager
def _replaced(
    connection: psycopg.Connection[Any], function: LiteralString, *changes: tuple[str, str]
) -> Iterator[None]:
    """A function of the database with some of its words changed."""
    (honest,) = connection.execute("select pg_get_functiondef(%s::regprocedure)", (function,)).fetchone()
    changed = honest
    for old, new in changes:
        assert old in changed, f"{function} has no {old!r}"
        changed = changed.replace(old, new)
    connection.execute(changed)
    yield
    connection.execute(honest)


@contextmanager
def _not_forced(connection: psycopg.Connection[Any]) -> Iterator[None]:
    connection.execute("alter table masthead.post_version no force row level security")
    yield
    connection.execute("alter table masthead.post_version force row level security")


POWER: Final = (
    Mistake(
        "naive retry on lease end",
        _dies_after_the_call,
        told=lambda connection: _replaced(
            connection,
            "masthead.sweep(interval,interval)",
            ("a set state = 'unknown', closed_at", "a set state = 'not_sent', closed_at"),
            ("p set state = 'unknown', lease_owner", "p set state = 'scheduled', lease_owner"),
        ),
    ),
    Mistake("resend on 500", _says_500_and_did_it, variant="resend_on_500"),
    Mistake("attempt row after the call", _dies_after_the_call, variant="attempt_row_after_the_call"),
    Mistake("no epoch in the final write", _answers_from_the_past, variant="no_epoch_in_the_final_write"),
    Mistake("BLPOP of two queues", _dies_with_a_hint, variant="two_queues"),
    Mistake("policy not forced", _what_the_owner_sees, told=_not_forced),
    Mistake("breaker per process", _a_network_in_trouble, variant="breaker_per_process"),
    Mistake("approval not re-checked", _approval_taken_back, variant="approval_not_asked_again"),
    Mistake(
        "one bad row rolls back the batch",
        _one_bad_row,
        told=lambda connection: _replaced(
            connection,
            "masthead.claim_due(integer,text,interval,interval,interval,interval,integer)",
            ("raise warning 'publication % can not be claimed: %', candidate.id, sqlerrm;", "raise;"),
        ),
    ),
    Mistake(
        "session-level SET",
        _who_sees_it,
        told=lambda connection: _replaced(connection, "masthead.enter(uuid,text,text)", (", true)", ", false)")),
    ),
)


def run(world: World, mistakes: tuple[Mistake, ...] = POWER) -> Tally:
    """Play each story without and with its mistake: noticed without counts as a duplicate, not noticed with as lost."""
    total = Tally()
    with world.forge() as forge:
        for mistake in mistakes:
            world.sandbox.delete("/_sandbox/faults")
            began = time.monotonic()
            sound = Stage(world, forge)
            total.duplicates += [f"{mistake.name}: without it, {found}" for found in [mistake.story(sound)] if found]
            spoilt = Stage(world, forge, mistake.variant)
            with spoilt.superuser() as connection, mistake.told(connection):
                found = mistake.story(spoilt)
            total.lost += [] if found else [f"{mistake.name} was not noticed"]
            for stage in (sound, spoilt):
                total.posts += stage.posts
                total.kills += stage.kills
            _say(f"{mistake.name}: {found or 'NOT NOTICED'} ({time.monotonic() - began:.0f} s)")
    return total


def _say(words: str) -> None:
    print(f"power: {words}", file=sys.stderr, flush=True)
