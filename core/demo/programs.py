"""The three ways into Postgres that the demo needs: as the console, as a sender, and as the owner for the past."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self
from uuid import UUID

from sqlalchemy.orm import Session

from core.infra.db import Database, make_engine, use
from core.infra.settings import Settings

_ACTOR = "program:demo"


class Programs:
    """Logs in as the console on entry; everything is closed on exit."""

    def __init__(self, settings: Settings) -> None:
        self._web = Database(make_engine(settings.program_url("web"), pool_size=2, application="masthead demo"))
        self._worker = Database(make_engine(settings.program_url("worker"), pool_size=2, application="masthead demo"))
        self._owner = Database(make_engine(settings.owner_url(), pool_size=1, application="masthead demo"))

    def __enter__(self) -> Self:
        use(self._web)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        use(None)
        for database in (self._web, self._worker, self._owner):
            database.engine.dispose()

    @contextmanager
    def as_sender(self) -> Iterator[None]:
        """Inside the block this process is a sender."""
        use(self._worker)
        try:
            yield
        finally:
            use(self._web)

    @contextmanager
    def as_owner(self, organization_id: UUID) -> Iterator[Session]:
        """One transaction of the owner inside one organization."""
        with self._owner.organization_transaction(organization_id, _ACTOR) as session:
            yield session
