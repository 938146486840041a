"""SQL of invisible steps. Takes a session; never commits. Who writes holds the publication (`store.renew`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.orm import Session

from core.publishing.model import PublicationStep
from core.publishing.store import Claim

_clock = func.clock_timestamp


def kept(session: Session, publication_id: UUID, payload_sha256: bytes, *, usable: bool) -> dict[str, PublicationStep]:
    """Name -> what is kept for exactly these bytes; `usable` leaves out what has expired."""
    query = select(PublicationStep).where(
        PublicationStep.publication_id == publication_id,
        PublicationStep.payload_sha256 == payload_sha256,
        PublicationStep.dropped_at.is_(None),
    )
    if usable:
        query = query.where(or_(PublicationStep.expires_at.is_(None), PublicationStep.expires_at > _clock()))
    return {step.name: step for step in session.scalars(query.execution_options(populate_existing=True))}


def keep(
    session: Session,
    claim: Claim,
    payload_sha256: bytes,
    name: str,
    reference: str,
    *,
    lives_s: float | None,
    correlation_id: str,
) -> None:
    """Keep what a step made; the caller holds the row (`renew`) and has dropped what stood under that name."""
    session.execute(
        insert(PublicationStep).values(
            organization_id=claim.organization_id,
            publication_id=claim.publication_id,
            payload_sha256=payload_sha256,
            name=name,
            reference=reference,
            epoch=claim.epoch,
            correlation_id=correlation_id,
            expires_at=None if lives_s is None else _clock() + timedelta(seconds=lives_s),
        )
    )


def drop(session: Session, publication_id: UUID, name: str, because: str) -> None:
    """Forget what is kept under a name, if anything is, for whatever bytes it was made."""
    session.execute(
        update(PublicationStep)
        .where(
            PublicationStep.publication_id == publication_id,
            PublicationStep.name == name,
            PublicationStep.dropped_at.is_(None),
        )
        .values(dropped_at=_clock(), dropped_because=because)
        .execution_options(synchronize_session=False)
    )


def every(session: Session, publication_id: UUID) -> Sequence[PublicationStep]:
    """All steps, dropped ones too, oldest first."""
    query = select(PublicationStep).where(PublicationStep.publication_id == publication_id)
    return session.scalars(query.order_by(PublicationStep.id)).all()
