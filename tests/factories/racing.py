"""Requests that race for a small pool of connections, with everything going wrong that can."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.infra import db
from core.infra.actor import Actor
from core.organizations.model import Organization

WRONG: Final = "wrong row"


class Injected(Exception):
    """What the race throws in."""


class WrongRow(AssertionError):
    """A request saw a row of another organization, or not its own."""


def race(pool: db.Database, actors: Sequence[Actor], requests: int, *, aborts: int, threads: int) -> Counter[str]:
    """Let threads make requests of every kind in random order for random people; gives how many ended how.

    `aborts` of them lose their connection in the middle. Whoever saw a row that wasn't its own is counted as WRONG.
    """
    kinds = [*(number % len(KINDS) for number in range(requests - aborts)), *([len(KINDS)] * aborts)]
    random.shuffle(kinds)

    def request(number: int) -> str:
        make = [*KINDS, aborted][kinds[number]]
        try:
            make(pool, random.choice(actors))
        except WrongRow:
            return WRONG
        except (Injected, DBAPIError) as expected:
            return f"{make.__name__}: {type(expected).__name__}"
        return make.__name__

    with ThreadPoolExecutor(threads) as together:
        return Counter(together.map(request, range(requests)))


def left_wrong(database: db.Database, actors: Sequence[Actor]) -> list[str]:
    """What the race has left in organizations that it must not have, in words."""
    wrong = []
    for actor in actors:
        with database.transaction(actor) as session:
            lines = session.execute(
                text("select action, subject_id from masthead.audit_event where subject_kind = 'race'")
            )
            unlike = {tuple(line) for line in lines} - {("kept", str(actor.organization_id))}
            wrong += [f"{actor.organization_id} has {action} of {of}" for action, of in unlike]
            if session.scalars(select(Organization.name)).one() == "aborted":
                wrong.append(f"{actor.organization_id} has a name that was taken back")
    return wrong


def reads(pool: db.Database, actor: Actor) -> None:
    with pool.transaction(actor) as session:
        look(session, actor)


def writes(pool: db.Database, actor: Actor) -> None:
    with pool.transaction(actor) as session:
        look(session, actor)
        write(session, actor, "kept")
        look(session, actor)


def commits_and_goes_on(pool: db.Database, actor: Actor) -> None:
    with db.OrganizationSession(pool.engine, actor.organization_id, actor.label, "race") as session:
        for _ in range(3):
            look(session, actor)
            write(session, actor, "kept")
            session.commit()


def uses_savepoints(pool: db.Database, actor: Actor) -> None:
    with pool.transaction(actor) as session:
        for breaks in (True, False, True):
            try:
                with session.begin_nested():
                    write(session, actor, "lost" if breaks else "kept")
                    look(session, actor)
                    if breaks:
                        session.execute(text("select 1 / 0"))
            except DBAPIError:
                look(session, actor)


def rolls_back(pool: db.Database, actor: Actor) -> None:
    with pool.transaction(actor) as session:
        write(session, actor, "lost")
        look(session, actor)
        raise Injected


def errs(pool: db.Database, actor: Actor) -> None:
    with pool.transaction(actor) as session:
        write(session, actor, "lost")
        session.execute(text("select 1 / 0"))


def has_no_organization(pool: db.Database, actor: Actor) -> None:
    with pool.free_transaction() as session:
        if seen(session):
            raise WrongRow(f"outside, beside {actor.organization_id}")


def aborted(pool: db.Database, actor: Actor) -> None:
    """The server ends the connection, or the client goes away, in the middle of a transaction that wrote."""
    with pool.transaction(actor) as session:
        write(session, actor, "lost")
        session.execute(text("update masthead.organization set name = 'aborted'"))
        if random.random() < 0.5:
            session.execute(text("select pg_terminate_backend(pg_backend_pid())"))
        session.connection().connection.driver_connection.close()
        session.execute(text("select 1"))


KINDS: tuple[Callable[[db.Database, Actor], None], ...] = (
    reads,
    writes,
    commits_and_goes_on,
    uses_savepoints,
    rolls_back,
    errs,
    has_no_organization,
)


def look(session: Session, actor: Actor) -> None:
    if seen(session) != {actor.organization_id}:
        raise WrongRow(f"{seen(session)} instead of {actor.organization_id}")


def seen(session: Session) -> set[object]:
    return set(
        session.scalars(
            text(
                "select organization_id from masthead.member union select organization_id from masthead.audit_event"
                " union select id from masthead.organization"
            )
        )
    )


def write(session: Session, actor: Actor, action: str) -> None:
    line = (
        "insert into masthead.audit_event(organization_id, actor, action, subject_kind, subject_id, correlation_id)"
        " values (masthead.ctx_organization(), :actor, :action, 'race', :id, '')"
    )
    session.execute(text(line), {"actor": actor.label, "action": action, "id": str(actor.organization_id)})
