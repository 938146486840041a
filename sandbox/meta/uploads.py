"""Sessions of the Resumable Upload API: a file goes up in pieces and becomes a handle (meta 4.5)."""

from __future__ import annotations

from dataclasses import asdict, astuple, dataclass, fields
from typing import TYPE_CHECKING

from sandbox.meta.facts import UPLOAD_LIFETIME_S

if TYPE_CHECKING:
    from sandbox.world import World

PREFIX = "upload:"


@dataclass(frozen=True, slots=True)
class Upload:
    """One session. It has a `handle` once all `file_size` bytes came."""

    id: str
    person_id: str
    app_id: str
    file_name: str
    file_size: int
    file_type: str
    received: int
    sha256: str | None
    handle: str | None
    created_at: float


_COLUMNS = tuple(field.name for field in fields(Upload))


def add(world: World, upload: Upload) -> None:
    """Keep a new one."""
    world.db.execute("insert into meta_upload values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", astuple(upload))


def save(world: World, upload: Upload) -> None:
    """Keep every change."""
    names = ", ".join(f"{name} = :{name}" for name in _COLUMNS if name != "id")
    world.db.execute(f"update meta_upload set {names} where id = :id", asdict(upload))  # noqa: S608 (our own names)


def find(world: World, upload_id: str) -> Upload | None:
    """The session of this id, while it lasts."""
    return _first(world, "select * from meta_upload where id = ? and created_at > ?", upload_id)


def of_handle(world: World, handle: str) -> Upload | None:
    """The file of a handle, while it lasts."""
    return _first(world, "select * from meta_upload where handle = ? and created_at > ?", handle)


def _first(world: World, statement: str, value: str) -> Upload | None:
    row = world.db.execute(statement, (value, world.now - UPLOAD_LIFETIME_S)).fetchone()
    return Upload(*row) if row else None
