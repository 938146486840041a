"""All SQL of the audit trail. Takes the session of the command it belongs to; never commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_leave
from sqlalchemy.orm import Session

from core.audit.model import AuditEvent, CommandReceipt


def add_event(session: Session, values: Mapping[str, Any]) -> None:
    """Write one line."""
    session.execute(insert(AuditEvent).values(**values))


def events_of(
    session: Session, subject_kind: str, subject_ids: Sequence[str], limit: int, actions: Sequence[str] = ()
) -> list[AuditEvent]:
    """The newest `limit` lines about these subjects, oldest first; of some actions alone where they are named."""
    newest = (
        select(AuditEvent)
        .where(AuditEvent.subject_kind == subject_kind, AuditEvent.subject_id.in_(subject_ids))
        .order_by(AuditEvent.id.desc())
        .limit(limit)
    )
    if actions:
        newest = newest.where(AuditEvent.action.in_(actions))
    return list(reversed(session.scalars(newest).all()))


def narrowed(
    session: Session,
    *,
    actor: str | None,
    areas: Sequence[str],
    reference: str,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
    limit: int,
) -> list[AuditEvent]:
    """The newest `limit` lines that fit, older than the line `before`, newest first.

    `areas` are beginnings of actions, up to the dot; `reference` is a subject's id or a correlation id, whole.
    """
    query = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    if actor is not None:
        query = query.where(AuditEvent.actor == actor)
    if areas:
        query = query.where(func.split_part(AuditEvent.action, ".", 1).in_(areas))
    if reference:
        query = query.where(or_(AuditEvent.subject_id == reference, AuditEvent.correlation_id == reference))
    if since is not None:
        query = query.where(AuditEvent.at >= since)
    if until is not None:
        query = query.where(AuditEvent.at < until)
    return list(session.scalars(query))


def counted(session: Session, actions: Sequence[str], within: timedelta) -> int:
    """How many lines say one of these actions, of the time before now."""
    lately = select(func.count()).where(
        AuditEvent.organization_id == func.masthead.ctx_organization(),
        AuditEvent.at > func.clock_timestamp() - within,
        AuditEvent.action.in_(actions),
    )
    return int(session.execute(lately).scalar_one())


def add_receipt(session: Session, organization_id: UUID, action_id: UUID, command: str) -> bool:
    """Write a receipt; False when there is one. Waits for another transaction that is about to write the same."""
    statement = (
        insert_or_leave(CommandReceipt)
        .values(organization_id=organization_id, action_id=action_id, command=command)
        .on_conflict_do_nothing()
        .returning(CommandReceipt.action_id)
    )
    return session.execute(statement).one_or_none() is not None


def receipt(session: Session, action_id: UUID) -> CommandReceipt | None:
    """The receipt of an action."""
    return session.scalars(select(CommandReceipt).where(CommandReceipt.action_id == action_id)).one_or_none()


def complete_receipt(session: Session, action_id: UUID, result: Mapping[str, Any]) -> None:
    """Write what the action gave."""
    session.execute(update(CommandReceipt).where(CommandReceipt.action_id == action_id).values(result=dict(result)))
