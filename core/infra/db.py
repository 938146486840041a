"""Postgres with the organization as part of every transaction.

A program connects once (`connect`) and every command opens one short transaction:

    with db.transaction(actor) as session: ...            # an actor's organization, set for this transaction only
    with db.organization_transaction(organization_id, "program:sender") as session: ...
    with db.free_transaction() as session: ...            # outside any; only modules an architecture test lists

Row-level security reads `app.organization_id`, which is set with `set_config(..., true)`: it ends with the transaction,
so a pooled connection never carries it to the next borrower. SQL without an organization raises OrganizationMissing.
"""

from __future__ import annotations

import math
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final, Protocol

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction
from sqlalchemy.pool import ConnectionPoolEntry

from core.infra import revisions
from core.infra.errors import NotAllowed, OrganizationMissing
from core.infra.settings import SettingsInvalid

SCHEMA = "masthead"
# A process frozen inside a transaction must not hold its rows for ever (both in milliseconds).
# An organization is a small part of each table and lies in memory or on a disk without a head to move: by Postgres'
# default, made for disks with one, reading a whole table looks cheaper than an index once an organization is large.
# Compiling a statement that counts a whole organization takes longer than counting.
SERVER_OPTIONS = (
    "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=30000 -c random_page_cost=1.1 -c jit=off"
)

# A machine that vanishes says nothing, and by itself TCP waits for it for a quarter of an hour, or for two hours where
# nothing was on its way. With these it is given up after 30 s, whatever statement runs. Unix sockets take no notice.
NOTICES_SILENCE: Final[dict[str, Any]] = {
    "keepalives": 1,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # in milliseconds; what was sent and never acknowledged
}

# Less than any restart of Postgres takes.
ASKED_AFTER_S = 0.1
# psycopg's own: after so many executions on a connection a statement is parsed and planned there no more.
PREPARED_AFTER = 5


class Base(DeclarativeBase):
    """All tables live in one schema; migrations make them, the models only describe them."""

    metadata = MetaData(schema=SCHEMA)


class ActsInOrganization(Protocol):
    """What `transaction` needs to know of an actor (`core.infra.actor`)."""

    @property
    def organization_id(self) -> uuid.UUID: ...
    @property
    def label(self) -> str: ...
    @property
    def correlation_id(self) -> str: ...


class OrganizationSession(Session):
    """A session that sets its organization, actor and correlation id at the start of every transaction.

    Its first SQL raises NotAllowed when the actor is a person who is no active member there (any more), whatever the
    caller still believes: a page may have been drawn, or a script started, before the person was disabled.
    """

    def __init__(self, bind: Engine | Connection, organization_id: uuid.UUID, actor: str, correlation_id: str) -> None:
        if not isinstance(organization_id, uuid.UUID):
            raise OrganizationMissing
        super().__init__(
            bind.execution_options(organization_id=organization_id),
            expire_on_commit=False,
            join_transaction_mode="create_savepoint",
        )
        self.info.update(organization_id=organization_id, actor=actor, correlation_id=correlation_id)


@event.listens_for(OrganizationSession, "after_begin")
def _enter_organization(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if transaction.nested:
        return
    about = (str(session.info["organization_id"]), session.info["actor"], session.info["correlation_id"])
    if not connection.exec_driver_sql("select masthead.enter(%s, %s, %s)", about).scalar_one():
        raise NotAllowed("You are no longer an active member of this organization. Ask one of its admins.")


def make_engine(
    url: str,
    *,
    pool_size: int = 5,
    application: str = "masthead",
    pool_timeout_s: float = 10,
    prepared_after: int = PREPARED_AFTER,
) -> Engine:
    """An engine that refuses SQL outside an organization unless the execution option `organization_free` is set.

    Whoever finds all connections borrowed waits `pool_timeout_s` for one, then gets SQLAlchemy's TimeoutError.
    """
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=pool_timeout_s,
        pool_use_lifo=True,
        hide_parameters=True,  # an error's words go to the logs; what it was asked with may be secret
        connect_args={
            "application_name": application,
            "connect_timeout": 5,
            **NOTICES_SILENCE,
            "options": SERVER_OPTIONS,
            "prepare_threshold": prepared_after,
        },
    )

    @event.listens_for(engine, "checkin")
    def _rests(dbapi_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["rests_since"] = time.monotonic()

    # A connection that a restart of Postgres left dead is replaced before anybody meets it. One that was in use just
    # now isn't asked: under load that would be a seventh of all that a send asks of Postgres.
    @event.listens_for(engine, "checkout")
    def _is_alive(dbapi_connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        if time.monotonic() - record.info.get("rests_since", math.inf) < ASKED_AFTER_S:
            return
        try:
            engine.dialect.do_ping(dbapi_connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError("Postgres had ended a connection that rested.") from error

    @event.listens_for(engine, "before_cursor_execute")
    def _refuse(
        connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
    ) -> None:
        options = connection.get_execution_options()
        if "organization_id" not in options and not options.get("organization_free"):
            raise OrganizationMissing(f"{OrganizationMissing.__doc__} {statement[:80]}")
        driver_connection = connection.connection.dbapi_connection
        if driver_connection is not None and getattr(driver_connection, "autocommit", False):
            raise OrganizationMissing("Autocommit would forget the organization at once.")

    return engine


class Shares:
    """How many connections of a pool one organization may borrow at once, so that others always find one.

    Its own people wait for each other, as long as anybody waits for a pool: then SQLAlchemy's TimeoutError is raised.
    """

    def __init__(self, for_one: int, within_s: float = 10) -> None:
        self._for_one = for_one
        self._within_s = within_s
        self._freed = threading.Condition()
        self._held: Counter[uuid.UUID] = Counter()

    @contextmanager
    def one(self, organization_id: uuid.UUID) -> Iterator[None]:
        """A connection's worth for the length of the block."""
        with self._freed:
            if not self._freed.wait_for(lambda: self._held[organization_id] < self._for_one, self._within_s):
                raise PoolTimeout(f"One organization has borrowed all {self._for_one} connections that it may.")
            self._held[organization_id] += 1
        try:
            yield
        finally:
            with self._freed:
                self._held[organization_id] -= 1
                if not self._held[organization_id]:
                    del self._held[organization_id]
                self._freed.notify_all()


class Database:
    """One program's way into Postgres. `bind` is the engine, or in tests one connection whose work is rolled back.

    `shares`: what one organization may have of it at once, everything unless given.
    """

    def __init__(self, bind: Engine | Connection, shares: Shares | None = None) -> None:
        self._bind = bind
        self._shares = shares

    @property
    def engine(self) -> Engine:
        """The engine behind this database, for LISTEN and for disposal at exit."""
        return self._bind.engine

    @contextmanager
    def organization_transaction(
        self, organization_id: uuid.UUID, actor: str, correlation_id: str = ""
    ) -> Iterator[OrganizationSession]:
        """One transaction inside one organization: committed at the end of the block, rolled back on an exception."""
        with (
            nullcontext() if self._shares is None else self._shares.one(organization_id),
            OrganizationSession(self._bind, organization_id, actor, correlation_id) as session,
            session.begin(),
        ):
            yield session

    def transaction(self, actor: ActsInOrganization) -> AbstractContextManager[OrganizationSession]:
        """One transaction in the actor's organization; a context manager that gives the session."""
        return self.organization_transaction(actor.organization_id, actor.label, actor.correlation_id)

    @contextmanager
    def free_transaction(self) -> Iterator[Session]:
        """One transaction outside any organization: people, sessions, definer functions, heartbeats, receipts."""
        bind = self._bind.execution_options(organization_free=True)
        with (
            Session(bind, expire_on_commit=False, join_transaction_mode="create_savepoint") as session,
            session.begin(),
        ):
            yield session

    def refuse_owner(self) -> None:
        """Raise SettingsInvalid when this login could step around row-level security (PRODUCT 2)."""
        with self.free_transaction() as session:
            strong = session.execute(
                text(
                    "select rolsuper or rolbypassrls or exists (select 1 from pg_class c join pg_namespace n on"
                    " n.oid = c.relnamespace where n.nspname = 'masthead' and pg_has_role(c.relowner, 'member'))"
                    " from pg_roles where rolname = current_user"
                )
            ).scalar_one()
            if strong:
                name = session.execute(text("select current_user")).scalar_one()
                raise SettingsInvalid(
                    f"Database role {name!r:.40} owns tables or bypasses row-level security. "
                    "Give programs DATABASE_URL_WEB, _WORKER and _DISPATCH, or unset those."
                )

    def refuse_older_schema(self) -> None:
        """Raise SettingsInvalid when the database lacks migrations that these sources bring.

        A newer schema than these sources know is fine: while a new version is started, an old one still runs beside it.
        """
        with self.free_transaction() as session:
            readable = session.execute(
                text(
                    "select has_table_privilege(c.oid, 'select') from pg_class c join pg_namespace n"
                    " on n.oid = c.relnamespace where n.nspname = 'masthead' and c.relname = 'alembic_version'"
                )
            ).scalar_one_or_none()
            has = session.execute(text("select version_num from masthead.alembic_version")) if readable else None
            revision = None if has is None else has.scalar_one_or_none()
        if readable is None:
            raise SettingsInvalid("The database has no schema of Masthead yet. Run `masthead migrate`.")
        if revision is None or (revision in revisions.known() and revision != revisions.newest()):
            at = f" (at revision {revision})" if revision else ""
            raise SettingsInvalid(
                f"The database's schema is older than this version of Masthead{at}: it needs {revisions.newest()}."
                " Run `masthead migrate`."
            )


_current: Database | None = None


def connect(
    url: str,
    *,
    pool_size: int = 5,
    application: str = "masthead",
    for_one: int | None = None,
    prepared_after: int = PREPARED_AFTER,
) -> Database:
    """Make the database of this process; refuses to log in as owner or superuser, and to a schema that is too old.

    `for_one`: how many of its connections one organization may borrow at once. `prepared_after`: executions after which
    a connection keeps a statement's plan; 0 for a program that has few statements and needs each again and again.
    """
    engine = make_engine(url, pool_size=pool_size, application=application, prepared_after=prepared_after)
    database = Database(engine, None if for_one is None else Shares(for_one))
    try:
        database.refuse_owner()
        database.refuse_older_schema()
    except BaseException:
        database.engine.dispose()
        raise
    use(database)
    return database


def use(database: Database | None) -> None:
    """Make `database` the one that commands and queries of this process use."""
    global _current
    _current = database


def current() -> Database:
    """The database of this process."""
    if _current is None:
        raise RuntimeError("core.infra.db.connect() has not been called in this process")
    return _current


def transaction(actor: ActsInOrganization) -> AbstractContextManager[OrganizationSession]:
    """`Database.transaction` of this process's database."""
    return current().transaction(actor)


def organization_transaction(
    organization_id: uuid.UUID, actor: str, correlation_id: str = ""
) -> AbstractContextManager[OrganizationSession]:
    """`Database.organization_transaction` of this process's database."""
    return current().organization_transaction(organization_id, actor, correlation_id)


def free_transaction() -> AbstractContextManager[Session]:
    """`Database.free_transaction` of this process's database."""
    return current().free_transaction()
