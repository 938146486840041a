"""Moving what the demo did just now into the past, in Masthead's tables: only the owner of the tables may."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_MOVES: Final = (
    "update masthead.post set created_at = created_at - :by, updated_at = updated_at - :by,"
    " submitted_at = submitted_at - :by where id = :post",
    "update masthead.post_version set at = at - :by where post_id = :post",
    "update masthead.review_comment set at = at - :by where post_id = :post",
    "update masthead.publication set created_at = created_at - :by, due_at = due_at - :by, not_after = not_after - :by,"
    " approved_at = approved_at - :by, published_at = published_at - :by where post_id = :post",
    "update masthead.publication_event set at = at - :by where publication_id in (select id from masthead.publication"
    " where post_id = :post)",
    "update masthead.attempt set opened_at = opened_at - :by, send_deadline = send_deadline - :by,"
    " closed_at = closed_at - :by where publication_id in (select id from masthead.publication where post_id = :post)",
    "update masthead.audit_event set at = at - :by where subject_id = cast(:post as text) or subject_id in"
    " (select cast(id as text) from masthead.publication where post_id = :post)",
)


def move_back(session: Session, post_id: UUID, by: timedelta) -> None:
    """Move every time of a post and of its publications back; `session` is the owner's, in the post's organization.

    A closed attempt can't be changed by anybody, so its guard sleeps inside this transaction, which locks the table.
    """
    session.execute(text("alter table masthead.attempt disable trigger attempt_guard"))
    for statement in _MOVES:
        session.execute(text(statement), {"post": post_id, "by": by})
    session.execute(text("alter table masthead.attempt enable trigger attempt_guard"))
