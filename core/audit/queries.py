"""Reading the audit trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from core.audit import store
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


def history(actor: ActsInOrganization, subject_kind: str, subject_id: UUID | str) -> tuple[AuditLine, ...]:
    """What was done to one subject of the actor's organization, oldest first, at most the newest 500."""
    with db.transaction(actor) as session:
        return lines(session, subject_kind, (subject_id,))


def lines(session: Session, subject_kind: str, subject_ids: Sequence[UUID | str]) -> tuple[AuditLine, ...]:
    """As `history`, for several subjects of one kind inside a transaction that is already open."""
    found = store.events_of(session, subject_kind, [str(each) for each in subject_ids], NEWEST)
    return tuple(
        AuditLine(
            line.id,
            line.at,
            line.actor,
            line.action,
            line.subject_kind,
            line.subject_id,
            line.before,
            line.after,
            line.correlation_id,
        )
        for line in found
    )
