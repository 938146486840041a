"""The fixtures other tests stand on keep their own promises."""

from __future__ import annotations

import uuid

import httpx
import psycopg
import pytest
import redis
from sqlalchemy import text

from core.infra import db
from core.infra.errors import OrganizationMissing
from core.infra.settings import Settings
from tests.fixtures.programs import RunningSandbox
from tests.fixtures.servers import Servers

ORGANIZATION = uuid.UUID("01940000-0000-7000-8000-000000000001")
INSERT = text("insert into masthead.organization(id, name, timezone) values (:id, 'Acme', 'Europe/Berlin')")
COUNT = text("select count(*) from masthead.organization")


@pytest.mark.parametrize("_round", [1, 2])
def test_the_rolled_back_database_starts_empty_each_time(database: db.Database, _round: int) -> None:
    with database.organization_transaction(ORGANIZATION, "test") as session:
        assert session.execute(COUNT).scalar_one() == 0
        session.execute(INSERT, {"id": ORGANIZATION})
    with database.organization_transaction(ORGANIZATION, "test") as session:
        assert session.execute(COUNT).scalar_one() == 1


def test_the_rolled_back_database_forgets_the_organization_as_a_real_commit_would(database: db.Database) -> None:
    with database.organization_transaction(ORGANIZATION, "test") as session:
        session.execute(INSERT, {"id": ORGANIZATION})
        with session.begin_nested():
            assert session.execute(COUNT).scalar_one() == 1
        assert session.execute(COUNT).scalar_one() == 1
    with database.free_transaction() as session:
        assert session.execute(COUNT).scalar_one() == 0
    with db.Database(database._bind).organization_transaction(uuid.uuid4(), "test") as session:
        assert session.execute(COUNT).scalar_one() == 0


@pytest.mark.parametrize("_round", [1, 2])
def test_the_committed_database_is_emptied_after_each_test(
    committed_database: db.Database, worker_database: db.Database, _round: int
) -> None:
    with committed_database.organization_transaction(ORGANIZATION, "test") as session:
        assert session.execute(COUNT).scalar_one() == 0
        session.execute(INSERT, {"id": ORGANIZATION})
    with worker_database.organization_transaction(ORGANIZATION, "test") as session:
        assert session.execute(COUNT).scalar_one() == 1


def test_the_programs_log_in_as_roles_of_their_own(
    committed_database: db.Database, worker_database: db.Database, dispatch_database: db.Database
) -> None:
    names = []
    for database in (committed_database, worker_database, dispatch_database):
        database.refuse_owner()
        with database.free_transaction() as session:
            names.append(session.execute(text("select current_user")).scalar_one())
    assert names == ["masthead_web", "masthead_worker", "masthead_dispatch"]


def test_redis_is_this_workers_own_and_empty(redis_url: str, worker_number: int) -> None:
    assert redis_url.endswith(f"/{worker_number}")
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0


def test_sql_without_an_organization_is_refused(web_engine: object, database: db.Database) -> None:
    with pytest.raises(OrganizationMissing), database.engine.connect() as connection:
        connection.execute(COUNT)


def test_the_owner_is_no_superuser(settings: Settings, servers: Servers) -> None:
    with psycopg.connect(servers.superuser_url) as connection:
        rows = connection.execute(
            "select rolsuper or rolbypassrls from pg_roles where rolname like 'masthead%'"
        ).fetchall()
    assert rows == [(False,)] * 5


def test_a_test_that_asks_a_network_for_something_malformed_fails_unless_it_says_so(
    sandbox: RunningSandbox, request: pytest.FixtureRequest
) -> None:
    def ask() -> None:
        answer = httpx.get(f"{sandbox.url}/api.linkedin.com/rest/me", headers={"Authorization": "Bearer of-nobody"})
        assert answer.is_client_error

    ask()
    with pytest.raises(AssertionError, match="malformed"):
        sandbox.malformed.settle(request.node)
    sandbox.malformed.settle(request.node)
    ask()
    request.node.add_marker("expects_refusal")
    sandbox.malformed.settle(request.node)
