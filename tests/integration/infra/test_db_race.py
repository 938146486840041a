"""A small pool, many threads, many organizations, and everything going wrong that can: not one wrong row."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.infra import db
from core.infra.actor import Actor
from core.infra.settings import Settings
from core.organizations.model import Organization
from tests.factories.organizations import make_actor, make_organization

REQUESTS, ORGANIZATIONS, THREADS, POOL = 2000, 50, 40, 5
ABORTS = 80


class Injected(Exception):
    """What the race throws in."""


class WrongRow(AssertionError):
    """A request saw a row of another organization, or not its own."""


def test_two_thousand_racing_requests_of_fifty_organizations_on_five_connections_see_no_wrong_row(
    settings: Settings, committed_database: db.Database
) -> None:
    actors = [make_actor(make_organization(f"Organization {number}")) for number in range(ORGANIZATIONS)]
    # On a busy machine a thread may be unlucky for longer than a program would wait.
    engine = db.make_engine(settings.program_url("web"), pool_size=POOL, pool_timeout_s=120)
    pool = db.Database(engine)
    kinds = [*(number % len(KINDS) for number in range(REQUESTS - ABORTS)), *([len(KINDS)] * ABORTS)]
    random.shuffle(kinds)

    def request(number: int) -> str:
        make = [*KINDS, aborts][kinds[number]]
        try:
            make(pool, random.choice(actors))
        except (Injected, DBAPIError) as expected:
            return f"{make.__name__}: {type(expected).__name__}"
        return make.__name__

    with disposed(engine), ThreadPoolExecutor(THREADS) as threads:
        outcomes = Counter(threads.map(request, range(REQUESTS)))
    print(dict(outcomes))
    assert outcomes.total() == REQUESTS
    assert outcomes["aborts: OperationalError"] == ABORTS
    assert {outcome.partition(":")[0] for outcome in outcomes if ":" in outcome} == {"aborts", "errs", "rolls_back"}
    for actor in actors:
        with committed_database.transaction(actor) as session:
            left = session.execute(
                text("select action, subject_id from masthead.audit_event where subject_kind = 'race'")
            )
            assert set(left.all()) <= {("kept", str(actor.organization_id))}
            assert not session.scalars(select(Organization.name)).one().startswith("aborted")


@contextmanager
def disposed(engine: Engine) -> Iterator[None]:
    try:
        yield
    finally:
        engine.dispose()


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


def aborts(pool: db.Database, actor: Actor) -> None:
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
                "select organization_id from masthead.member union all select organization_id from masthead.audit_event"
                " union all select id from masthead.organization"
            )
        )
    )


def write(session: Session, actor: Actor, action: str) -> None:
    line = (
        "insert into masthead.audit_event(organization_id, actor, action, subject_kind, subject_id, correlation_id)"
        " values (masthead.ctx_organization(), :actor, :action, 'race', :id, '')"
    )
    session.execute(text(line), {"actor": actor.label, "action": action, "id": str(actor.organization_id)})
