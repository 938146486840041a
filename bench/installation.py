"""An installation without its programs: our PostgreSQL and Valkey, migrated, with this process as the console."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.infra import crypto, db
from core.infra.embedded import Addresses, running
from core.infra.migrate import migrate
from core.infra.settings import Settings
from tests.fixtures.servers import SECRET_KEY

_POOL: Final = 4


@dataclass(frozen=True, slots=True)
class Installation:
    """What programs of this installation are told, and the way in as the console."""

    settings: Settings
    addresses: Addresses
    console: db.Database

    @property
    def environment(self) -> dict[str, str]:
        """What its programs are told besides what this process was."""
        return {
            "MASTHEAD_SECRET_KEY": SECRET_KEY,
            "MASTHEAD_DATA": str(self.settings.data),
            "DATABASE_URL_WEB": self.settings.program_url("web"),
            "DATABASE_URL_WORKER": self.settings.program_url("worker"),
            "DATABASE_URL_DISPATCH": self.settings.program_url("dispatch"),
            "REDIS_URL": self.settings.queue_url(),
        }


@contextmanager
def installation(folder: Path) -> Iterator[Installation]:
    """A new installation for the length of a block, on servers that keep what they commit as in production."""
    data = folder / "installation"
    with running(data) as addresses:
        settings = Settings(
            MASTHEAD_SECRET_KEY=SECRET_KEY,  # the one that the tests' factories seal tokens with
            MASTHEAD_DATA=data,
            DATABASE_URL=addresses.owner,
            REDIS_URL=addresses.valkey,
        )
        migrate(settings)
        crypto.use(settings)
        console = db.connect(settings.program_url("web"), pool_size=_POOL, application="masthead-bench")
        try:
            yield Installation(settings, addresses, console)
        finally:
            db.use(None)
            console.engine.dispose()
