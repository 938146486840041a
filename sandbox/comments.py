"""What stands under the posts of every network. Like a post, a comment is here if and only if it was really made."""

from __future__ import annotations

import sqlite3
from dataclasses import astuple, dataclass

TABLES = """
create table comment (
    number integer primary key, id text not null unique, post_id text not null, parent_id text, author_id text not null,
    author text not null, text text not null, created_at real not null, updated_at real not null,
    hidden integer not null default 0, deleted_at real
);
create index comment_of_post on comment (post_id, number);
"""
_COLUMNS = "number, id, post_id, parent_id, author_id, author, text, created_at, updated_at, hidden"


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment that isn't deleted. `author_id` is the account's that wrote it, `author` its name as followers read it.

    One with a `parent_id` answers another comment of the same post.
    """

    number: int
    id: str
    post_id: str
    parent_id: str | None
    author_id: str
    author: str
    text: str
    created_at: float
    updated_at: float
    hidden: int = 0


def add(db: sqlite3.Connection, comment: Comment) -> None:
    """Take a comment; its number is given here. The caller's commit makes it live."""
    db.execute(
        f"insert into comment ({_COLUMNS}) values (null, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 (our own names)
        astuple(comment)[1:],
    )


def find(db: sqlite3.Connection, comment_id: str) -> Comment | None:
    """The comment of this id."""
    row = db.execute(
        f"select {_COLUMNS} from comment where id = ? and deleted_at is null",  # noqa: S608 (our own names)
        (comment_id,),
    ).fetchone()
    return Comment(*row) if row is not None else None


def of_post(db: sqlite3.Connection, post_id: str) -> list[Comment]:
    """All of a post, hidden ones and answers too, oldest first."""
    rows = db.execute(
        f"select {_COLUMNS} from comment where post_id = ? and deleted_at is null order by number",  # noqa: S608
        (post_id,),
    )
    return [Comment(*row) for row in rows]


def shown(db: sqlite3.Connection, post_id: str) -> list[Comment]:
    """What followers read under a post: each comment, then its answers."""
    found = [comment for comment in of_post(db, post_id) if not comment.hidden]
    order = {comment.id: comment.number for comment in found}
    return sorted(found, key=lambda each: (order.get(each.parent_id or each.id, each.number), each.number))


def save(db: sqlite3.Connection, comment: Comment) -> None:
    """Keep an edited or hidden one."""
    db.execute(
        "update comment set text = ?, updated_at = ?, hidden = ? where id = ?",
        (comment.text, comment.updated_at, comment.hidden, comment.id),
    )


def delete(db: sqlite3.Connection, comment_id: str, now: float) -> None:
    """Take one away with all that answers it; the ledger keeps that they were there."""
    db.execute(
        "update comment set deleted_at = ? where deleted_at is null and (id = ? or parent_id = ?)",
        (now, comment_id, comment_id),
    )
