"""Brings a database to the newest schema: first the roles of the cluster, then Alembic's files.

Roles belong to the whole server and several databases may be migrated at once, so whoever loses the race to make one
goes on with it. The owner needs CREATEROLE and must own the database; it need not be a superuser.
"""

from __future__ import annotations

import time
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from psycopg import sql
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from core.infra import revisions
from core.infra.db import NOTICES_SILENCE
from core.infra.reachable import database_words
from core.infra.settings import LOGIN_ROLES, Settings, SettingsInvalid

CLAIM_ROLE: Final = "masthead_claim"
OLDEST_POSTGRES: Final = 150000
LOCK_TIMEOUT: Final = "5s"
STATEMENT_TIMEOUT: Final = "10min"
_MIGRATING: Final = 7_021_991  # the key of the advisory lock that one `migrate` at a time holds in a database
# duplicate_object, unique_violation, and "tuple concurrently updated": another database's migrate was faster.
_LOST_A_RACE: Final = frozenset({"42710", "23505", "XX000"})
_TRIES: Final = 20


def migrate(settings: Settings, *, revision: str = "head") -> None:
    """Make the roles and run every migration up to `revision`. Raises SettingsInvalid in one line when it can't.

    One at a time in a process (Alembic keeps its state in its modules); other processes wait for each other.
    """
    try:
        connect_args = {"connect_timeout": 5, **NOTICES_SILENCE}
        engine = create_engine(settings.owner_url(), poolclass=NullPool, connect_args=connect_args)
        with engine.connect() as connection:
            _refuse_old(connection)
            connection.exec_driver_sql(f"select pg_advisory_lock({_MIGRATING})")
            connection.commit()
            _refuse_newer(connection)
            make_roles(connection, settings)
            config = alembic_config()
            config.attributes.update(
                connection=connection, lock_timeout=LOCK_TIMEOUT, statement_timeout=STATEMENT_TIMEOUT
            )
            command.upgrade(config, revision)
    except DBAPIError as error:
        raise SettingsInvalid(f"DATABASE_URL: {database_words(error):.140}. `masthead doctor` says more.") from None


def make_roles(connection: Connection, settings: Settings) -> None:
    """Make `masthead_claim` and the login roles, or give the login roles today's passwords.

    A program with a DATABASE_URL_<PROGRAM> of its own has its role and password from there.
    """
    for program in LOGIN_ROLES:
        if not settings.has_own_url(program):
            _make_role(connection, f"masthead_{program}", settings.role_password(program))
    _make_role(connection, CLAIM_ROLE, None)
    _join_claim_role(connection)


def alembic_config() -> Config:
    """Alembic's configuration, the same from a checkout and from an installed wheel."""
    config = Config()
    config.set_main_option("script_location", str(revisions.folder()).replace("%", "%%"))
    return config


def current_revision(connection: Connection) -> str:
    """The revision that the database has; empty when it was never migrated."""
    context = MigrationContext.configure(connection, opts={"version_table_schema": "masthead"})
    return context.get_current_revision() or ""


def _make_role(connection: Connection, name: str, password: str | None) -> None:
    role = sql.Identifier(name)
    login = sql.SQL("login password {}").format(sql.Literal(password)) if password else sql.SQL("nologin")
    create = sql.SQL("create role {} nosuperuser nobypassrls nocreatedb nocreaterole {}").format(role, login)
    # Says only what may have changed: to repeat `nosuperuser` takes a superuser.
    alter = sql.SQL("alter role {} {}").format(role, login)
    for tried in range(_TRIES):
        statement = alter if _role_exists(connection, name) else create
        if statement is alter and not password:
            return
        try:
            _execute(connection, statement)
        except DBAPIError as error:
            connection.rollback()
            if getattr(error.orig, "sqlstate", None) not in _LOST_A_RACE or tried == _TRIES - 1:
                raise
            time.sleep(0.01 * (tried + 1))
        else:
            return


def _join_claim_role(connection: Connection) -> None:
    """Let this owner hand functions to `masthead_claim` and change them later.

    From 16 on the maker of a role only administers it; membership it must grant itself.
    """
    newer = _server_version(connection) >= 160000
    for kind in ("SET", "USAGE") if newer else ("USAGE",):
        query = "select pg_has_role(current_user, %s, %s)"
        if not connection.exec_driver_sql(query, (CLAIM_ROLE, kind)).scalar_one():
            how = " with set true, inherit true" if newer else ""
            _execute(connection, sql.SQL(f"grant {CLAIM_ROLE} to current_user{how}"))
    connection.commit()


def _role_exists(connection: Connection, name: str) -> bool:
    found = connection.exec_driver_sql("select 1 from pg_roles where rolname = %s", (name,)).scalar_one_or_none()
    connection.commit()
    return found is not None


def _refuse_old(connection: Connection) -> None:
    version = _server_version(connection)
    if version < OLDEST_POSTGRES:
        raise SettingsInvalid(
            f"DATABASE_URL: this server is PostgreSQL {version // 10000}; Masthead needs 15 or newer."
            " Upgrade it or name another."
        )


def _refuse_newer(connection: Connection) -> None:
    """Alembic's own words for a revision that these sources don't have name neither setting nor next step."""
    has = current_revision(connection)
    connection.commit()
    if has and has not in revisions.known():
        raise SettingsInvalid(
            f"DATABASE_URL: this database is at revision {has:.20}, and this Masthead knows none after"
            f" {revisions.newest()}. Install the version that migrated it, or a newer one."
        )


def _server_version(connection: Connection) -> int:
    return int(connection.exec_driver_sql("show server_version_num").scalar_one())


def _execute(connection: Connection, statement: sql.Composable) -> None:
    connection.exec_driver_sql(statement.as_string().replace("%", "%%"))
    connection.commit()
