"""Moving what the demo did just now into the past, in Masthead's tables: only the owner of the tables may."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_MINE = "publication_id in (select id from masthead.publication where post_id = :post)"
_MOVES: Final = (
    ("post", "created_at updated_at submitted_at slot_at", "id = :post"),
    ("post_version", "at", "post_id = :post"),
    ("review_comment", "at", "post_id = :post"),
    ("publication", "created_at due_at not_after approved_at published_at next_action_at", "post_id = :post"),
    ("publication_event", "at", _MINE),
    ("publication_step", "made_at expires_at", _MINE),
    ("reconcile_read", "at", _MINE),
    ("attempt", "opened_at send_deadline closed_at", _MINE),
    (
        "audit_event",
        "at",
        (
            "subject_id in (select cast(:post as text) union select cast(id as text) from masthead.publication"
            " where post_id = :post)"
        ),
    ),
)


def move_pause_back(session: Session, pause_id: UUID, by: timedelta) -> None:
    """Let a pause have begun earlier; `session` is the owner's, in its organization."""
    session.execute(
        text("update masthead.pause set began_at = began_at - :by where id = :pause"), {"pause": pause_id, "by": by}
    )
    session.execute(
        text("update masthead.audit_event set at = at - :by where after->>'pause' = cast(:pause as text)"),
        {"pause": pause_id, "by": by},
    )


def move_back(session: Session, post_id: UUID, by: timedelta) -> None:
    """Move every time of a post and of its publications back; `session` is the owner's, in the post's organization.

    A closed attempt can't be changed by anybody, so its guard sleeps inside this transaction, which locks the table.
    """
    session.execute(text("alter table masthead.attempt disable trigger attempt_guard"))
    for table, columns, which in _MOVES:
        moved = ", ".join(f"{column} = {column} - :by" for column in columns.split())
        session.execute(text(f"update masthead.{table} set {moved} where {which}"), {"post": post_id, "by": by})  # noqa: S608 - the words above
    session.execute(text("alter table masthead.attempt enable trigger attempt_guard"))
