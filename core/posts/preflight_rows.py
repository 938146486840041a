"""SQL of the looks ahead: what is to be looked at, and what was found."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.posts.model import Preflight, Publication
from core.posts.rules import PublicationState
from core.posts.store import organization_of

Findings = list[dict[str, Any]]


def due(session: Session, at_most: int, again: timedelta) -> Sequence[tuple[UUID, UUID]]:
    """(organization id, publication id) of what is to be looked at; needs no organization.

    Organizations take turns with what is soonest of each. `again`: after how long what is threatened is looked at once
    more, which comes after all first looks.
    """
    rows = session.execute(
        text("select organization_id, publication_id from masthead.preflight_due(:at_most, :again)"),
        {"at_most": at_most, "again": again},
    )
    return [(row.organization_id, row.publication_id) for row in rows]


def scheduled(session: Session, publication_ids: Collection[UUID]) -> Sequence[Publication]:
    """Those of these publications that are still scheduled, by post."""
    query = select(Publication).where(
        Publication.id.in_(publication_ids), Publication.state == PublicationState.SCHEDULED
    )
    return session.scalars(query.order_by(Publication.post_id, Publication.id)).all()


def keep(session: Session, publication: Publication, due_at: datetime, findings: Findings) -> None:
    """What a look has found against a publication as it stands, instead of what an earlier one found."""
    key = {"organization_id": organization_of(session), "publication_id": publication.id}
    values = {
        "version": publication.version,
        "due_at": due_at,
        "looked_at": func.clock_timestamp(),
        "findings": findings,
    }
    written = insert(Preflight).values(**key, **values)
    session.execute(written.on_conflict_do_update(index_elements=list(key), set_=values))
