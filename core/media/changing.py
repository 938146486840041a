"""What people say of a file in the library, and whether it is there: for commands. Its bytes never change."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.audit import commands as audit
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Conflict, NotFound
from core.media import queries, store
from core.media.inputs import DescriptionInput
from core.media.views import MediaView
from core.organizations.rules import Permission, require


def describe(actor: Actor, media_id: UUID, *, alt: str, rights: str, revision: int) -> MediaView:
    """Say what a file shows, for people who can't see it, and what may be done with it.

    What posts carry already keeps its own description. Raises NotAllowed, NotFound, Invalid, Conflict when somebody
    changed it since `revision`.
    """
    require(actor, Permission.WRITE)
    said = DescriptionInput.read(alt=alt, rights=rights)
    with db.transaction(actor) as session:
        held = locked(session, media_id)
        if held.deleted:
            raise NotFound("This file was deleted meanwhile. Go back to the library.")
        if (held.alt, held.rights) == (said.alt, said.rights):
            return held
        if held.revision != revision:
            raise Conflict("Somebody changed this meanwhile. Close it and open it again to see what they wrote.")
        store.change_media(session, media_id, alt=said.alt, rights=said.rights, revision=revision + 1)
        before = {"alt": held.alt, "rights": held.rights}
        after = {"alt": said.alt, "rights": said.rights}
        audit.record(session, actor, "media.describe", "media", media_id, before=before, after=after)
        return queries.view(session, media_id)


def locked(session: Session, media_id: UUID) -> MediaView:
    """A file that nobody else changes until this transaction ends. Raises NotFound."""
    row = store.media(session, media_id, lock=True)
    if row is None:
        raise NotFound(queries.GONE)
    return queries.shown(row)


def set_deleted(session: Session, media_id: UUID, at: datetime | None) -> None:
    """Take a locked file out of the library, or bring it back."""
    store.change_media(session, media_id, deleted_at=at)
