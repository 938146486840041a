"""Reading the audit trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from core.audit import store
from core.audit.model import AuditEvent
from core.infra import db
from core.infra.db import ActsInOrganization

NEWEST: Final = 500


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One thing that somebody did. `actor` is a label: "person:<id>" or "program:<name>"."""

    id: int
    at: datetime
    actor: str
    action: str
    subject_kind: str
    subject_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which lines are wanted; what is empty or None narrows nothing.

    `actor` is a label ("person:<id>"); `areas` are the beginnings of actions, up to the dot; `reference` is a subject's
    id or a correlation id, whole.
    """

    actor: str | None = None
    areas: tuple[str, ...] = ()
    reference: str = ""
    since: datetime | None = None
    until: datetime | None = None


def trail(session: Session, narrowed: Narrowed, *, before: int | None, limit: int) -> tuple[AuditLine, ...]:
    """The newest `limit` lines that fit, older than the line `before`, inside a transaction that is already open."""
    found = store.narrowed(
        session,
        actor=narrowed.actor,
        areas=narrowed.areas,
        reference=narrowed.reference,
        since=narrowed.since,
        until=narrowed.until,
        before=before,
        limit=limit,
    )
    return tuple(_line(row) for row in found)


def history(actor: ActsInOrganization, subject_kind: str, subject_id: UUID | str) -> tuple[AuditLine, ...]:
    """What was done to one subject of the actor's organization, oldest first, at most the newest 500."""
    with db.transaction(actor) as session:
        return lines(session, subject_kind, (subject_id,))


def lines(
    session: Session, subject_kind: str, subject_ids: Sequence[UUID | str], actions: Sequence[str] = ()
) -> tuple[AuditLine, ...]:
    """As `history`, for several subjects of one kind, of these actions alone, inside an open transaction."""
    found = store.events_of(session, subject_kind, [str(each) for each in subject_ids], NEWEST, actions)
    return tuple(_line(row) for row in found)


def counted(session: Session, actions: Sequence[str], within: timedelta) -> int:
    """How often one of these was done in the organization lately, inside an open transaction."""
    return store.counted(session, actions, within)


def _line(row: AuditEvent) -> AuditLine:
    return AuditLine(
        row.id,
        row.at,
        row.actor,
        row.action,
        row.subject_kind,
        row.subject_id,
        row.before,
        row.after,
        row.correlation_id,
    )
