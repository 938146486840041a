"""`masthead migrate`: roles and schema, on a server that others migrate on at the same time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import create_engine, pool

from core import cli
from core.infra import embedded, revisions
from core.infra.embedded import running
from core.infra.migrate import current_revision, make_roles, migrate
from core.infra.settings import Settings, SettingsInvalid
from tests.fixtures.programs import PROJECT
from tests.fixtures.servers import FAST, OWNER_PASSWORD, SECRET_KEY, Servers


def settings_for(servers: Servers, database: str, **more: object) -> Settings:
    return Settings(MASTHEAD_SECRET_KEY=SECRET_KEY, DATABASE_URL=servers.owner_url(database), **more)


@pytest.fixture
def empty_databases(servers: Servers, worker_number: int) -> Iterator[list[str]]:
    names = [f"{servers.template}_empty_{worker_number}_{index}" for index in range(2)]
    with psycopg.connect(servers.superuser_url, autocommit=True) as connection:
        for name in names:
            embedded.make_owner(connection, OWNER_PASSWORD, name)
    yield names
    for name in names:
        servers.drop(name)


def revision_of(settings: Settings) -> str:
    with create_engine(settings.owner_url(), poolclass=pool.NullPool).connect() as connection:
        return current_revision(connection)


@pytest.mark.servers
def test_several_databases_of_one_new_server_make_the_roles_at_once(tmp_path: Path) -> None:
    def prepare(url: str) -> None:
        settings = Settings(MASTHEAD_SECRET_KEY=SECRET_KEY, DATABASE_URL=url)
        with create_engine(settings.owner_url(), poolclass=pool.NullPool).connect() as connection:
            make_roles(connection, settings)

    with running(tmp_path, FAST) as addresses:
        names = [f"installation_{number}" for number in range(6)]
        with psycopg.connect(addresses.superuser, autocommit=True) as connection:
            for name in names:
                connection.execute(sql.SQL("create database {} owner masthead_owner").format(sql.Identifier(name)))
        urls = [f"{addresses.owner.rpartition('/')[0]}/{name}" for name in names]
        with ThreadPoolExecutor(len(urls)) as threads:
            list(threads.map(prepare, urls))
        with psycopg.connect(addresses.superuser) as connection:
            found = connection.execute(
                "select rolname from pg_roles where rolname like 'masthead%' order by 1"
            ).fetchall()
    assert [name for (name,) in found] == [
        *("masthead_claim", "masthead_dispatch", "masthead_owner", "masthead_web", "masthead_worker")
    ]


def test_two_migrations_of_one_database_at_once_wait_for_each_other(
    servers: Servers, empty_databases: list[str], program_environment: dict[str, str]
) -> None:
    settings = settings_for(servers, empty_databases[0])
    environment = program_environment | {"DATABASE_URL": settings.owner_url()}
    command = [sys.executable, "-m", "core.cli", "migrate"]
    both = [subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [each.wait(30) for each in both] == [0, 0]
    assert revision_of(settings) == revisions.newest()


def test_migrating_again_changes_nothing(servers: Servers, empty_databases: list[str]) -> None:
    settings = settings_for(servers, empty_databases[0])
    migrate(settings)
    migrate(settings)
    assert revision_of(settings) == revisions.newest()


def test_the_login_roles_own_nothing_and_may_not_make_anything(servers: Servers, settings: Settings) -> None:
    with psycopg.connect(servers.superuser_url, dbname=settings.owner_url().rpartition("/")[2]) as connection:
        owned = connection.execute(
            "select count(*) from pg_class where pg_get_userbyid(relowner) like 'masthead_%'"
            " and pg_get_userbyid(relowner) <> 'masthead_owner'"
        ).fetchone()
        roles = connection.execute(
            "select rolname, rolcanlogin, has_schema_privilege(rolname, 'masthead', 'create') from pg_roles"
            " where rolname like 'masthead_%' and rolname <> 'masthead_owner' order by 1"
        ).fetchall()
    assert owned == (0,)
    assert roles == [
        ("masthead_claim", False, False),
        ("masthead_dispatch", True, False),
        ("masthead_web", True, False),
        ("masthead_worker", True, False),
    ]


def test_a_login_role_of_the_operators_own_keeps_its_password(servers: Servers, settings: Settings) -> None:
    database = settings.owner_url().rpartition("/")[2]
    host = servers.owner_url(database).rpartition("@")[2]
    other_key = "another key, with which every derived password is another one"
    given = {f"DATABASE_URL_{name.upper()}": settings.program_url(name) for name in ("web", "worker", "dispatch")}
    migrate(Settings(MASTHEAD_SECRET_KEY=other_key, DATABASE_URL=servers.owner_url(database), **given))
    psycopg.connect(f"postgresql://masthead_web:{settings.role_password('web')}@{host}").close()


def test_an_owner_who_may_not_make_roles_is_told_what_is_missing(servers: Servers, empty_databases: list[str]) -> None:
    database = empty_databases[0]
    weak = f"weak_{database[-12:]}"
    with psycopg.connect(servers.superuser_url, autocommit=True) as connection:
        role = sql.Identifier(weak)
        connection.execute(sql.SQL("create role {} login password 'a test password'").format(role))
        connection.execute(sql.SQL("alter database {} owner to {}").format(sql.Identifier(database), role))
        try:
            url = servers.owner_url(database).replace(f"{embedded.OWNER}:{OWNER_PASSWORD}", f"{weak}:a test password")
            with pytest.raises(SettingsInvalid, match=r"DATABASE_URL: permission denied.*`masthead doctor`") as refused:
                migrate(Settings(MASTHEAD_SECRET_KEY=SECRET_KEY, DATABASE_URL=url))
            assert len(str(refused.value)) <= 200
        finally:
            connection.execute(sql.SQL("alter database {} owner to postgres").format(sql.Identifier(database)))
            connection.execute(sql.SQL("drop role {}").format(role))


def test_the_migrations_are_found_without_a_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert revisions.newest() >= "0005"


def test_the_command_says_what_the_database_is_now(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MASTHEAD_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("DATABASE_URL", settings.owner_url())
    assert cli.main(["migrate"]) == 0
    said = capsys.readouterr().out
    assert said.endswith(f" is at revision {revisions.newest()}.\n")
    assert OWNER_PASSWORD not in said
