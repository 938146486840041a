"""SQL of the public addresses of live posts. Takes a session; never commits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.orm import Session

from core.posts.model import Publication
from core.posts.rules import PublicationState
from core.publishing.model import Attempt, LinkState, PublicationLink
from core.publishing.rules import AttemptState

_clock = func.clock_timestamp


def link(session: Session, publication_id: UUID) -> PublicationLink | None:
    """The row of a live post's address."""
    query = select(PublicationLink).where(PublicationLink.publication_id == publication_id)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def accepted_attempt(session: Session, publication_id: UUID) -> Attempt | None:
    """The attempt that made a publication live; the database allows one at most."""
    query = select(Attempt).where(Attempt.publication_id == publication_id, Attempt.state == AttemptState.ACCEPTED)
    return session.scalars(query).one_or_none()


def name_post(session: Session, publication_id: UUID, provider_post_id: str) -> bool:
    """Say which post a publication is that was proven live without one; False when that is known by now."""
    named = session.execute(
        update(Publication)
        .where(
            Publication.id == publication_id,
            Publication.state == PublicationState.PUBLISHED,
            Publication.provider_post_id.is_(None),
        )
        .values(provider_post_id=provider_post_id)
        .returning(Publication.id)
        .execution_options(synchronize_session=False)
    )
    return named.first() is not None


def note_link(session: Session, publication_id: UUID, *, url: str | None, again_in_s: float | None) -> None:
    """What a look for the address gave; neither an address nor another try means it is missing."""
    state = LinkState.FOUND if url else LinkState.PENDING if again_in_s is not None else LinkState.MISSING
    session.execute(
        update(PublicationLink)
        .where(PublicationLink.publication_id == publication_id, PublicationLink.state == LinkState.PENDING)
        .values(
            state=state,
            url=url,
            tries=PublicationLink.tries + 1,
            next_try_at=_clock() + timedelta(seconds=again_in_s or 0),
            updated_at=_clock(),
        )
        .execution_options(synchronize_session=False)
    )


def note_not_shown(session: Session, publication_id: UUID, actor: str, said: Mapping[str, Any]) -> None:
    """Keep why a live post isn't shown, and note it in the publication's story; it is looked for no more."""
    session.execute(
        text("""
with ended as (
  update masthead.publication_link set state = 'missing', not_shown = :because, tries = tries + 1,
    updated_at = clock_timestamp()
  where publication_id = :id and state = 'pending'
  returning organization_id, publication_id)
insert into masthead.publication_event(organization_id, publication_id, from_state, to_state, epoch, actor,
  correlation_id, why)
select p.organization_id, p.id, p.state, p.state, p.epoch, :actor, p.correlation_id, cast(:said as jsonb)
from ended e join masthead.publication p on p.organization_id = e.organization_id and p.id = e.publication_id
where p.state = 'published'"""),
        {"id": publication_id, "actor": actor, "because": said["because"], "said": json.dumps(dict(said))},
    )


def line_of(session: Session, publication_id: UUID) -> Row[Any] | None:
    """On whose budgets a publication draws: account_id, provider, network; None when it is gone."""
    return session.execute(
        text(
            "select a.id as account_id, a.provider, a.network from masthead.publication p"
            " join masthead.account a on a.organization_id = p.organization_id and a.id = p.account_id"
            " where p.id = :id"
        ),
        {"id": publication_id},
    ).one_or_none()
