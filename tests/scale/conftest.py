"""One database for the whole run with 100,000 posts of 50 organizations; every test's work in it is rolled back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
from sqlalchemy import Connection

from core.infra import crypto, db, installation
from core.infra.settings import Program, Settings
from tests.factories.scale import fill
from tests.fixtures.databases import rolled_back
from tests.fixtures.servers import SECRET_KEY, Servers
from tests.scale.world import LARGEST, World, reader_of


@pytest.fixture(scope="session")
def full(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of the full database. Whichever worker comes first fills it; the others wait and use it too.

    Plans are those of the PostgreSQL that Masthead brings along; a server of somebody's own has tests enough without.
    """
    if servers.given:
        pytest.skip("plans are looked at on Masthead's own PostgreSQL")
    with psycopg.connect(servers.superuser_url, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(hashtext(%s))", (servers.full,))
        if not connection.execute("select 1 from pg_database where datname = %s", (servers.full,)).fetchone():
            servers.copy_template(servers.full)
        address = psycopg.conninfo.make_conninfo(servers.superuser_url, dbname=servers.full)
        with psycopg.connect(address) as inside:
            is_full = inside.execute("select exists (select 1 from masthead.organization)").fetchone() == (True,)
        if not is_full:
            fill(address, organizations=50, posts=100_000, in_largest=50_000, largest=LARGEST, due_now=True)
    return Settings(
        MASTHEAD_SECRET_KEY=SECRET_KEY,
        MASTHEAD_DATA=tmp_path_factory.mktemp("full"),
        DATABASE_URL=servers.owner_url(servers.full),
    )


@pytest.fixture
def enter(full: Settings) -> Iterator[Callable[[Program], tuple[Connection, db.Database]]]:
    """Log in as a program, as often as wanted; nothing is kept."""
    crypto.use(full)
    installation.use(full)
    with ExitStack() as stack:

        def entered(program: Program) -> tuple[Connection, db.Database]:
            engine = db.make_engine(full.program_url(program), pool_size=1, application=f"tests-{program}")
            stack.callback(engine.dispose)
            connection = stack.enter_context(rolled_back(engine))
            return connection, db.Database(connection)

        yield entered


@pytest.fixture
def world(enter: Callable[[Program], tuple[Connection, db.Database]]) -> World:
    """Rows to ask for, looked up by the web role on a connection of its own."""
    _, database = enter("web")
    return World(database, reader_of(database))
