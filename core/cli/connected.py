"""The database of a command, for as long as it works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from core.infra import db
from core.infra.reachable import database_words
from core.infra.settings import Program, Settings, SettingsInvalid


@contextmanager
def connected(settings: Settings, program: Program, command: str) -> Iterator[None]:
    """Log in as a program's role for the length of a block.

    `command`: its name, by which Postgres shows it. Raises SettingsInvalid, which names the setting of the address.
    """
    try:
        database = db.connect(settings.program_url(program), application=f"masthead-{command}")
    except DBAPIError as error:
        raise SettingsInvalid(
            f"DATABASE_URL_{program.upper()} (or DATABASE_URL): {database_words(error):.110}."
            " `masthead doctor` says more."
        ) from None
    try:
        yield
    finally:
        db.use(None)
        database.engine.dispose()
