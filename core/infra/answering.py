"""Whether Postgres and Valkey answer at this moment, asked with the patience of a probe, not of a job."""

from __future__ import annotations

import logging
from typing import Final

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.infra import db
from core.infra.reachable import database_words
from core.infra.settings import Program, Settings, SettingsInvalid

_log = logging.getLogger(__name__)


def database_answers(settings: Settings, program: Program, *, within_s: int) -> bool:
    """Whether Postgres lets this program in and has our schema.

    Asked by a connection of its own: a busy pool is no reason to be taken out.
    """
    address = settings.program_url(program).replace("postgresql+psycopg://", "postgresql://")
    options = f"-c statement_timeout={within_s}s"
    try:
        with psycopg.connect(
            address, connect_timeout=within_s, options=options, autocommit=True, **db.NOTICES_SILENCE
        ) as connection:
            connection.execute("select version_num from masthead.alembic_version")
    except psycopg.Error as error:
        _log.warning("postgres_silent", extra={"kind": type(error).__name__})
        return False
    return True


def queue_answers(settings: Settings, *, within_s: float) -> bool:
    """Whether Redis or Valkey answers, asked once."""
    client = redis.Redis.from_url(
        settings.queue_url(), socket_connect_timeout=within_s, socket_timeout=within_s, retry=Retry(NoBackoff(), 0)
    )
    try:
        client.ping()
    except (redis.RedisError, OSError) as error:
        _log.warning("valkey_silent", extra={"kind": type(error).__name__})
        return False
    finally:
        client.close()
    return True


def refuse_unusable_database(settings: Settings, program: Program) -> None:
    """Raise SettingsInvalid when this program can't log in, or could step around row-level security."""
    try:
        db.connect(settings.program_url(program), pool_size=1, application=f"masthead-{program}").engine.dispose()
    except DBAPIError as error:
        name = f"DATABASE_URL_{program.upper()}"
        raise SettingsInvalid(f"{name}: {database_words(error):.110}. `masthead doctor` says more.") from None
    finally:
        db.use(None)


# What a statement meets in a database that was never migrated, was emptied, or is older than the program.
_NOT_THERE: Final = frozenset({"3F000", "42P01", "42883", "42703", "42501"})


def schema_words(error: BaseException) -> str | None:
    """What to say of a statement that met another schema than it is for; None of any other error."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.Error) or cause.sqlstate not in _NOT_THERE:
        return None
    return "Postgres lacks what this program needs; run `masthead migrate`, and `masthead doctor` says more"


def database_is_away(error: BaseException) -> bool:
    """Whether an error says that Postgres, or a free connection to it, can't be had right now."""
    return isinstance(error, PoolTimeout | OperationalError | InterfaceError)
