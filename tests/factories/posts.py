"""Posts and publications, made by the commands that make real ones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Unpack
from uuid import UUID, uuid4

from sqlalchemy import update

from core.infra import db
from core.infra.actor import Actor, Role
from core.posts import commands, store
from core.posts.content import Attached
from core.posts.inputs import More
from core.posts.model import Publication
from core.posts.rules import Needs, PublicationState
from core.publishing import link_rows
from core.publishing.model import PublicationLink
from tests.factories.accounts import make_account
from tests.factories.organizations import make_actor, make_organization


@dataclass(frozen=True)
class Team:
    """An organization with one person of each kind and one account."""

    organization_id: UUID
    viewer: Actor
    author: Actor
    approver: Actor
    admin: Actor
    account_id: UUID


def make_team(timezone: str = "Europe/Berlin", account: str = "Acme Coffee") -> Team:
    """A viewer, an editor who writes, an approver and an admin, with an active account."""
    organization_id = make_organization(timezone=timezone)
    admin = make_actor(organization_id, Role.ADMIN, name="Ada Admin")
    return Team(
        organization_id=organization_id,
        viewer=make_actor(organization_id, Role.VIEWER, name="Vera Viewer"),
        author=make_actor(organization_id, Role.EDITOR, name="Edgar Editor"),
        approver=make_actor(organization_id, Role.APPROVER, name="Apia Approver"),
        admin=admin,
        account_id=make_account(admin, name=account).id,
    )


@cache
def this_minute() -> datetime:
    """The minute in which a test first asked; `tests.fixtures.clocks` forgets it before each test."""
    return datetime.now(UTC).replace(second=0, microsecond=0)


def soon(hours: float = 24) -> datetime:
    """A slot ahead, on a whole minute: the same one however often a test asks, though a minute ends meanwhile."""
    return (this_minute() + timedelta(hours=hours)).replace(second=0, microsecond=0)


def make_post(
    actor: Actor,
    account_ids: Collection[UUID] = (),
    *,
    text: str = "Fresh beans on Monday.",
    link: str | None = None,
    slot_at: datetime | None = None,
    media: UUID | None = None,
    **more: Unpack[More],
) -> UUID:
    """A draft by the actor; `media`: its only file."""
    given: More = {"files": attached(media)} if media is not None else {}
    return commands.create(
        actor, uuid4(), text=text, link=link, account_ids=account_ids, slot_at=slot_at, **(given | more)
    )


def attached(*media: UUID | tuple[UUID, str]) -> list[Attached]:
    """A list of files, each as its id or with its description."""
    return [Attached(*each) if isinstance(each, tuple) else Attached(each) for each in media]


def make_submitted(actor: Actor, account_ids: Collection[UUID], **post: Any) -> UUID:
    """A post in review."""
    post_id = make_post(actor, account_ids, **post)
    commands.submit(actor, uuid4(), post_id, 1)
    return post_id


def make_approved(author: Actor, approver: Actor, account_ids: Collection[UUID], **post: Any) -> UUID:
    """A post that is approved, and scheduled if `slot_at` is given."""
    post_id = make_submitted(author, account_ids, **post)
    commands.approve(approver, uuid4(), post_id, hashes(author, post_id))
    return post_id


def publications(actor: Actor, post_id: UUID) -> list[Publication]:
    """The rows of a post's publications, unchosen ones too."""
    with db.transaction(actor) as session:
        found = store.publications(session, [post_id])
        session.expunge_all()
    return found


def publication(actor: Actor, post_id: UUID) -> Publication:
    """The one publication of a post."""
    (found,) = publications(actor, post_id)
    return found


def hashes(actor: Actor, post_id: UUID) -> dict[UUID, bytes]:
    """What an approver would see now."""
    return {each.id: each.payload_sha256 for each in publications(actor, post_id) if each.removed_at is None}


_HELD_BY_SENDER = {PublicationState.QUEUED, PublicationState.CLAIMED, PublicationState.SENDING}
_ON_THE_WAY = (PublicationState.QUEUED, PublicationState.CLAIMED, PublicationState.SENDING)


def send(
    database: db.Database, publication: Publication, *to: PublicationState, needs: Needs | None = None, **last: Any
) -> None:
    """Move a scheduled publication as senders do, through `to`; `database` is the worker's (`worker_database`)."""
    now = datetime.now(UTC)
    with database.organization_transaction(publication.organization_id, "program:sender", "test") as session:
        for state in to:
            values: dict[str, Any] = {"state": state, "needs": needs if state is PublicationState.NEEDS_HUMAN else None}
            values["lease_until"] = now + timedelta(minutes=1) if state in _HELD_BY_SENDER else None
            if state is PublicationState.PUBLISHED:
                values |= {"provider_post_id": str(publication.id), "published_at": now}
            if state is PublicationState.FAILED:
                values["last_error"] = {"reason": "Facebook refused it.", "how_to_fix": "Shorten it."}
            if state is to[-1]:
                values |= last
            session.execute(update(Publication).where(Publication.id == publication.id).values(values))


def come_from_backup(database: db.Database, publication: Publication) -> None:
    """Mark it as `masthead restored` does what people may have sent after the backup was made."""
    with database.organization_transaction(publication.organization_id, "program:operator", "test") as session:
        values = {"last_error": {"restored": True}}
        session.execute(update(Publication).where(Publication.id == publication.id).values(values))


def publish(database: db.Database, publication: Publication) -> None:
    """Send a scheduled publication and have the network accept it."""
    send(database, publication, *_ON_THE_WAY, PublicationState.PUBLISHED)


def hide(database: db.Database, publication: Publication, because: str) -> None:
    """Have the network say of what it accepted as published that it can't show it."""
    with database.organization_transaction(publication.organization_id, "program:finder", "test") as session:
        session.add(
            PublicationLink(organization_id=publication.organization_id, publication_id=publication.id, state="pending")
        )
        session.flush()
        link_rows.note_not_shown(session, publication.id, "program:finder", {"not_shown": True, "because": because})


def take_away(database: db.Database, publication: Publication) -> None:
    """Delete at its network what is published."""
    with database.organization_transaction(publication.organization_id, "program:live", "test") as session:
        gone = update(Publication).where(Publication.id == publication.id)
        session.execute(gone.values(deleted_at=datetime.now(UTC)))


def fail(database: db.Database, publication: Publication) -> None:
    """Send a scheduled publication and have the network refuse it."""
    send(database, publication, *_ON_THE_WAY, PublicationState.FAILED)


def lose(database: db.Database, publication: Publication) -> None:
    """Send a scheduled publication and get no clear answer, nor from reading back: a person must look."""
    away = (*_ON_THE_WAY, PublicationState.UNKNOWN, PublicationState.NEEDS_HUMAN)
    send(database, publication, *away, needs=Needs.OUTCOME)
