"""SQL of reading back: what each read found, and whose the posts are that it found. Takes a session; never commits."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, exists, func, insert, or_, select, text
from sqlalchemy.orm import Session, aliased

from core.accounts.model import Account
from core.posts.model import Publication
from core.posts.rules import PublicationState
from core.posts.store import organization_of
from core.publishing.model import Attempt, PublicationLink, ReconcileRead
from core.publishing.rules import UNRESOLVED, VISIBLE_STEPS

# Everything that `str.strip` takes away; some of it no keyboard types, but pages that text is copied from have it.
_WHITE: Final = "".join(filter(str.isspace, map(chr, range(0x3001))))


def add_read(
    session: Session,
    publication_id: UUID,
    attempt_id: int,
    *,
    complete: bool,
    matches: int,
    evidence: Mapping[str, Any],
) -> int:
    """Keep a read; gives how many this attempt has had."""
    session.execute(
        insert(ReconcileRead).values(
            organization_id=organization_of(session),
            publication_id=publication_id,
            attempt_id=attempt_id,
            complete=complete,
            matches=matches,
            evidence=dict(evidence),
        )
    )
    count: int = session.execute(
        # By its publication, for which there is an index, and which has few.
        select(func.count())
        .select_from(ReconcileRead)
        .where(ReconcileRead.publication_id == publication_id, ReconcileRead.attempt_id == attempt_id)
    ).scalar_one()
    return count


def note(session: Session, publication_id: UUID, actor: str, said: Mapping[str, Any]) -> None:
    """Note in a publication's story what moves it to no other state; its people are told of it."""
    session.execute(
        text("""
insert into masthead.publication_event(organization_id, publication_id, from_state, to_state, epoch, actor,
  correlation_id, why)
select p.organization_id, p.id, p.state, p.state, p.epoch, :actor, p.correlation_id, cast(:said as jsonb)
from masthead.publication p where p.id = :id"""),
        {"id": publication_id, "actor": actor, "said": json.dumps(dict(said))},
    )


def reads(session: Session, publication_id: UUID) -> Sequence[ReconcileRead]:
    """All reads, oldest first."""
    query = select(ReconcileRead).where(ReconcileRead.publication_id == publication_id)
    return session.scalars(query.order_by(ReconcileRead.id)).all()


def taken(session: Session, publication: Publication, provider_post_ids: Collection[str]) -> set[str]:
    """Which of these posts of the account are another publication's."""
    query = select(Publication.provider_post_id).where(
        Publication.account_id == publication.account_id,
        Publication.id != publication.id,
        Publication.provider_post_id.in_(provider_post_ids),
    )
    return {each for each in session.scalars(query) if each is not None}


def hold_account(session: Session, account_id: UUID) -> None:
    """Let verdicts that rest on somebody's word take turns on an account: no index keeps one post from closing two.

    After the publication, as reports of a dead token take them too, and weaker than what disconnecting takes.
    """
    query = select(Account.id).where(Account.id == account_id)
    session.execute(query.with_for_update(key_share=True))


def names_of_others(session: Session, publication: Publication, ids: Collection[str], part: str) -> set[str]:
    """What may name a post that another publication of the account owns, for the network's folder to compare.

    Those of `ids` that are another's, what people gave as the live post of others, and ids and addresses with `part`
    in them.
    """
    gave = Publication.proof["post"].astext
    owned = select(Publication.provider_post_id, PublicationLink.url, gave)
    owned = owned.outerjoin(PublicationLink, PublicationLink.publication_id == Publication.id)
    owned = owned.where(
        Publication.account_id == publication.account_id,
        Publication.id != publication.id,
        or_(
            Publication.provider_post_id.in_(ids),
            gave.is_not(None),
            func.strpos(Publication.provider_post_id, part) > 0,
            func.strpos(PublicationLink.url, part) > 0,
        ),
    )
    return {name for names in session.execute(owned) for name in names if name is not None}


def has_unresolved_twin(session: Session, publication: Publication) -> bool:
    """Whether one post could be another publication's too.

    Such a one has the same words on the account, and is in doubt or proven live without anybody knowing as which post.

    Networks trim texts, so texts that differ in nothing but their ends count as the same. What has none is told by its
    link, and without one, as a story is, by all that it carries.
    """
    other = aliased(Publication)
    words, link = publication.payload["text"].strip(_WHITE), publication.payload["link"]
    same_words = func.btrim(other.payload["text"].astext, _WHITE) == words
    same_carried = other.payload_sha256 == publication.payload_sha256
    if link:
        same_carried = and_(same_words, other.payload["link"].astext == link)
    in_doubt = exists().where(
        Attempt.publication_id == other.id, Attempt.step.in_(VISIBLE_STEPS), Attempt.state.in_(UNRESOLVED)
    )
    query = select(other.id).where(
        other.account_id == publication.account_id,
        same_words if words else same_carried,
        other.id != publication.id,
        or_(in_doubt, and_(other.state == PublicationState.PUBLISHED, other.provider_post_id.is_(None))),
    )
    return session.execute(query.limit(1)).first() is not None
