"""What LinkedIn knows of a comment beside its text: whose hand wrote it, whom it mentions, since when lists show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from sandbox.world import World


@dataclass(frozen=True, slots=True)
class Remark:
    """The other half of a comment of the ledger, by its URN. `author_id` is an account of the ledger."""

    id: str
    author_id: str
    person_id: str
    attributes: list[Any]
    made_at: float
    listed_at: float


def keep(world: World, remark: Remark) -> None:
    """Keep a new one, or a changed one."""
    world.db.execute(
        "insert or replace into linkedin_comment values (?, ?, ?, ?, ?, ?)",
        (
            remark.id,
            remark.author_id,
            remark.person_id,
            orjson.dumps(remark.attributes).decode(),
            remark.made_at,
            remark.listed_at,
        ),
    )


def get(world: World, comment_id: str) -> Remark:
    """That of a comment that was made."""
    row = world.db.execute("select * from linkedin_comment where id = ?", (comment_id,)).fetchone()
    return Remark(row[0], row[1], row[2], orjson.loads(row[3]), row[4], row[5])


def count_since(world: World, author_id: str, since: float) -> int:
    """How many comments an author made after a time, those deleted since included."""
    row = world.db.execute(
        "select count(*) from linkedin_comment where author_id = ? and made_at > ?", (author_id, since)
    ).fetchone()
    return int(row[0])
