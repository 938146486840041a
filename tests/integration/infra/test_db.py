"""Postgres with the organization in every transaction: set for it alone, never carried over, never left out."""

from __future__ import annotations

import os
import socket
import socketserver
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from select import select as select_readable
from typing import Any, cast

import psycopg
import pytest
from sqlalchemy import Engine, make_url, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.infra import db
from core.infra.actor import ProgramActor
from core.infra.errors import NotAllowed, OrganizationMissing
from core.infra.settings import Settings, SettingsInvalid
from core.organizations.model import Organization
from tests.factories.organizations import make_actor, make_organization
from tests.fixtures.servers import Servers

CONTEXT = "select current_setting('app.organization_id', true), current_setting('app.actor', true)"
INSERT = (
    "insert into masthead.audit_event(organization_id, actor, action, subject_kind, subject_id, correlation_id)"
    " values (:id, 'person:stranger', 'taken', 'race', '', '')"
)


@pytest.fixture
def small(settings: Settings, committed_database: db.Database) -> Iterator[db.Database]:
    """The web role over one single connection, so that every transaction borrows the same."""
    engine = db.make_engine(settings.program_url("web"), pool_size=1)
    yield db.Database(engine)
    engine.dispose()


def names(session: Session) -> list[str]:
    return list(session.scalars(select(Organization.name)))


def test_a_server_whose_machine_vanishes_is_given_up_within_half_a_minute(small: db.Database) -> None:
    borrowed = small.engine.raw_connection()
    connection = cast("psycopg.Connection[Any]", borrowed.driver_connection)
    try:
        with socket.socket(fileno=os.dup(connection.fileno())) as spoken:
            assert spoken.family != socket.AF_UNIX
            unanswered_ms = spoken.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
            asks = spoken.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            idle_s, each_s, times = (
                spoken.getsockopt(socket.IPPROTO_TCP, option)
                for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            )
    finally:
        borrowed.close()
    assert unanswered_ms == 30_000
    assert asks == 1
    assert idle_s + each_s * times == 30


def test_a_server_at_a_unix_socket_is_reached_as_any_other(
    settings: Settings, committed_database: db.Database, tmp_path: Path
) -> None:
    at_tcp = make_url(settings.program_url("web"))

    class Relay(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((at_tcp.host, at_tcp.port)) as server:
                ends = {self.request: server, server: self.request}
                while True:
                    for end in select_readable(list(ends), [], [])[0]:
                        said = end.recv(65_536)
                        if not said:
                            return
                        ends[end].sendall(said)

    with socketserver.ThreadingUnixStreamServer(str(tmp_path / f".s.PGSQL.{at_tcp.port}"), Relay) as relay:
        threading.Thread(target=relay.serve_forever, daemon=True).start()
        address = at_tcp.set(host="", query={"host": str(tmp_path)})
        engine = db.make_engine(address.render_as_string(hide_password=False), pool_size=1)
        try:
            with db.Database(engine).free_transaction() as session:
                assert session.execute(text("select 1")).scalar_one() == 1
        finally:
            engine.dispose()
            relay.shutdown()


def test_sql_without_an_organization_is_refused_on_every_path(web_engine: Engine) -> None:
    with web_engine.connect() as connection, pytest.raises(OrganizationMissing):
        connection.execute(text("select 1"))
    with web_engine.begin() as connection, pytest.raises(OrganizationMissing):
        connection.exec_driver_sql("select * from masthead.organization")
    with Session(web_engine) as session, pytest.raises(OrganizationMissing):
        session.execute(text("select 1"))
    with Session(web_engine) as session, pytest.raises(OrganizationMissing):
        session.scalars(select(Organization)).all()


@pytest.mark.parametrize("organization_id", ["01a205d6-0380-7987-adb9-efc7ebf6ca86", "", None, 5, b"\0" * 16])
def test_an_organization_is_a_uuid_and_nothing_that_looks_like_one(
    database: db.Database, organization_id: object
) -> None:
    with pytest.raises(OrganizationMissing), database.organization_transaction(organization_id, "program:x"):
        pass


def test_autocommit_is_refused_because_it_would_forget_the_organization(web_engine: Engine) -> None:
    for options in ({"organization_free": True}, {"organization_id": uuid.uuid4()}):
        engine = web_engine.execution_options(isolation_level="AUTOCOMMIT", **options)
        with engine.connect() as connection, pytest.raises(OrganizationMissing):
            connection.execute(text("select 1"))


def test_the_option_alone_without_the_session_sees_nothing(committed_database: db.Database) -> None:
    actor = make_actor()
    engine = committed_database.engine.execution_options(organization_id=actor.organization_id)
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from masthead.organization")).scalar_one() == 0


def test_an_organization_sees_itself_alone(database: db.Database) -> None:
    actor, _ = make_actor(make_organization("North")), make_actor(make_organization("South"))
    with db.transaction(actor) as session:
        assert names(session) == ["North"]


def test_outside_an_organization_there_is_nothing(database: db.Database) -> None:
    make_actor()
    with db.free_transaction() as session:
        assert names(session) == []
        assert session.execute(text("select count(*) from masthead.member")).scalar_one() == 0
        assert session.execute(text("select count(*) from masthead.person")).scalar_one() == 0
        assert session.execute(text("select count(*) from masthead.console_session")).scalar_one() == 0


def test_after_a_commit_the_same_session_still_has_its_organization(small: db.Database) -> None:
    actor = make_actor()
    session = db.OrganizationSession(small.engine, actor.organization_id, actor.label, "c-1")
    for _ in range(3):
        assert tuple(session.execute(text(CONTEXT)).one()) == (str(actor.organization_id), actor.label)
        session.commit()
    session.execute(text("select 1"))
    session.rollback()
    assert names(session) == ["Northwind"]
    session.close()


def test_a_rolled_back_savepoint_keeps_the_organization(small: db.Database) -> None:
    actor = make_actor()
    with small.transaction(actor) as session:
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(text("select 1 / 0"))
        assert names(session) == ["Northwind"]
        with session.begin_nested():
            session.execute(text("select 1"))
        assert names(session) == ["Northwind"]


def test_a_connection_does_not_carry_an_organization_to_the_next_borrower(small: db.Database) -> None:
    actor = make_actor()
    with small.transaction(actor) as session:
        session.execute(text("select 1"))
    with small.free_transaction() as session:
        assert tuple(session.execute(text(CONTEXT)).one()) in {("", ""), (None, None)}
        assert names(session) == []


def test_nor_after_an_error_or_a_client_that_goes_away(small: db.Database) -> None:
    actor = make_actor()
    with pytest.raises(DBAPIError), small.transaction(actor) as session:
        session.execute(text("select 1 / 0"))
    with small.free_transaction() as session:
        assert names(session) == []
    with pytest.raises(DBAPIError), small.transaction(actor) as session:
        session.execute(text("select pg_terminate_backend(pg_backend_pid())"))
    with small.transaction(actor) as session:
        assert names(session) == ["Northwind"]


def test_the_next_organization_on_the_same_connection_sees_its_own(small: db.Database) -> None:
    north, south = make_actor(make_organization("North")), make_actor(make_organization("South"))
    for actor, name in ((north, "North"), (south, "South"), (north, "North")):
        with small.transaction(actor) as session:
            assert names(session) == [name]


def test_a_transaction_that_raises_leaves_nothing(database: db.Database) -> None:
    actor = make_actor()

    def fails() -> None:
        with db.transaction(actor) as session:
            session.execute(text("update masthead.organization set name = 'Changed'"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    with db.transaction(actor) as session:
        assert names(session) == ["Northwind"]


def test_whoever_is_no_member_gets_no_transaction_and_gives_the_connection_back(small: db.Database) -> None:
    actor = make_actor()
    strangers = (
        replace(actor, organization_id=make_organization("Elsewhere")),
        replace(actor, person_id=uuid.uuid4()),
        replace(actor, organization_id=uuid.uuid4()),
    )
    for stranger in strangers * 3:
        with small.transaction(stranger) as session, pytest.raises(NotAllowed, match="no longer an active member"):
            names(session)
    with small.transaction(actor) as session:
        assert names(session) == ["Northwind"]


def test_after_the_refusal_the_same_transaction_does_nothing_more(small: db.Database) -> None:
    actor = make_actor()
    stranger = replace(actor, person_id=uuid.uuid4())
    with small.transaction(stranger) as session:
        with pytest.raises(NotAllowed):
            session.execute(text("select 1"))
        assert names(session) == []
        assert session.execute(text("update masthead.organization set name = 'Taken'")).rowcount == 0
        with pytest.raises(DBAPIError, match="row-level security"):
            session.execute(text(INSERT), {"id": stranger.organization_id})
    with small.transaction(actor) as session:
        assert names(session) == ["Northwind"]


def test_a_program_needs_no_membership(database: db.Database) -> None:
    organization_id = make_organization("North")
    with db.transaction(ProgramActor(organization_id, "sender", "c-1")) as session:
        assert names(session) == ["North"]


@pytest.mark.parametrize("label", ["person:", "person:nobody", "person:' or true --"])
def test_a_label_that_is_no_persons_is_refused(committed_database: db.Database, label: str) -> None:
    organization_id = make_organization()
    with pytest.raises((NotAllowed, DBAPIError)), db.organization_transaction(organization_id, label) as session:
        names(session)


def test_an_error_does_not_show_what_it_was_asked_with(database: db.Database) -> None:
    actor = make_actor()
    with pytest.raises(DBAPIError) as failed, db.transaction(actor) as session:
        session.execute(text("select :secret / 0"), {"secret": 918273645})
    assert "918273645" not in str(failed.value)


def test_the_owner_and_the_superuser_are_refused_as_programs(settings: Settings, servers: object) -> None:
    with pytest.raises(SettingsInvalid, match="owns tables"):
        db.connect(settings.owner_url())
    superuser = settings.owner_url().replace(
        settings.owner_url().split("@")[0],
        "postgresql+psycopg://" + servers.superuser_url.split("://")[1].split("@")[0],
    )
    with pytest.raises(SettingsInvalid, match="bypasses row-level security"):
        db.connect(superuser)


def test_a_program_connects_as_its_own_role(settings: Settings) -> None:
    before = db._current
    try:
        connected = db.connect(settings.program_url("worker"), pool_size=1, application="masthead-test")
        assert db.current() is connected
        with connected.free_transaction() as session:
            about = session.execute(text("select current_user, current_setting('application_name')")).one()
        assert tuple(about) == ("masthead_worker", "masthead-test")
        connected.engine.dispose()
    finally:
        db.use(before)


def test_without_a_connection_code_is_told_so() -> None:
    db.use(None)
    with pytest.raises(RuntimeError, match="has not been called"):
        db.current()


def test_a_connection_that_died_while_nobody_used_it_is_replaced_unseen(small: db.Database, servers: Servers) -> None:
    with small.free_transaction() as session:
        backend = session.execute(text("select pg_backend_pid()")).scalar_one()
    with psycopg.connect(servers.superuser_url, autocommit=True) as connection:
        assert connection.execute("select pg_terminate_backend(%s, 2000)", (backend,)).fetchone() == (True,)
    time.sleep(db.ASKED_AFTER_S)

    with small.free_transaction() as session:
        assert session.execute(text("select pg_backend_pid()")).scalar_one() != backend


def test_a_connection_that_was_in_use_just_now_is_not_asked_whether_it_lives(
    small: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(small.engine.dialect, "do_ping", asked.append)
    for _ in range(3):
        with small.free_transaction() as session:
            session.execute(text("select 1"))
    assert asked == []
    time.sleep(db.ASKED_AFTER_S)
    with small.free_transaction() as session:
        session.execute(text("select 1"))
    assert len(asked) == 1
