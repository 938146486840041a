"""The library: every file of the organization, where it is used, and taking away what isn't."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from core.audit import commands as audit
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Conflict, NotFound, Refused
from core.media import changing
from core.media import queries as media
from core.media.views import MediaView
from core.organizations.rules import Permission, require
from core.posts import library_reads, list_reads, listing, rows, store
from core.posts.rules import Shown, gravest
from core.provider_kit.types import MediaKind

MOST: Final = 100
_MOST_CARRIERS: Final = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the library is narrowed to. `words` are looked for in name, description and rights, whatever their case."""

    words: str = ""
    kinds: tuple[MediaKind, ...] = ()
    used: bool | None = None


EVERYTHING: Final = Wanted()


@dataclass(frozen=True, slots=True)
class LibraryRow:
    """A file, and in how many posts it is."""

    media: MediaView
    uses: int


@dataclass(frozen=True, slots=True)
class Library:
    """A page of files, newest first; `after` is where the next one begins."""

    rows: tuple[LibraryRow, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class Carrier:
    """A post that carries a file, by its beginning and its state."""

    post_id: UUID
    text: str
    shown: Shown
    changed_at: datetime


def library(actor: Actor, wanted: Wanted = EVERYTHING, after: str | None = None, limit: int = 40) -> Library:
    """One page of the organization's files. Raises NotAllowed, Invalid for an `after` that isn't from here."""
    require(actor, Permission.READ)
    limit = min(max(limit, 1), MOST)
    with db.transaction(actor) as session:
        found = library_reads.listed(
            session,
            words=listing.sought(wanted.words),
            kinds=wanted.kinds,
            used=wanted.used,
            after=None if after is None else listing.newest_place(after),
            limit=limit + 1,
        )
        page = found[:limit]
        views = media.views(session, [row.id for row in page])
    more = len(found) > limit
    return Library(
        rows=tuple(LibraryRow(views[row.id], row.uses) for row in page),
        after=listing.cursor(page[-1].at, page[-1].id) if more else None,
    )


def carriers(actor: Actor, media_id: UUID) -> tuple[Carrier, ...]:
    """The posts that carry a file, the newest change first; at most fifty. Raises NotAllowed."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        found = library_reads.carriers(session, media_id, _MOST_CARRIERS)
        ids: Sequence[UUID] = [row.id for row in found]
        shown = rows.briefs_by_post(list_reads.briefs(session, ids))
    return tuple(
        Carrier(row.id, row.text, gravest(each.shown for each in shown.get(row.id, ())), row.at) for row in found
    )


def delete_file(actor: Actor, media_id: UUID) -> None:
    """Take a file that no post carries out of the library; `undelete_file` brings it back.

    Its bytes stay: what was sent or approved before names them. Raises NotAllowed, NotFound, Refused when it is used.
    """
    require(actor, Permission.WRITE)
    with db.transaction(actor) as session:
        held = changing.locked(session, media_id)
        if held.deleted:
            raise NotFound("This file is deleted already. Go back to the library.")
        if library_reads.is_used(session, media_id):
            raise Refused("A post carries this file. Take it off there first; the list shows which.")
        changing.set_deleted(session, media_id, store.situation(session).moment)
        audit.record(session, actor, "media.delete", "media", media_id, before={"file_name": held.file_name})


def undelete_file(actor: Actor, media_id: UUID) -> None:
    """Bring a deleted file back. Raises NotAllowed, NotFound, Conflict when it is here."""
    require(actor, Permission.WRITE)
    with db.transaction(actor) as session:
        held = changing.locked(session, media_id)
        if not held.deleted:
            raise Conflict("This file is not deleted. Somebody else may have brought it back.")
        changing.set_deleted(session, media_id, None)
        audit.record(session, actor, "media.undelete", "media", media_id, after={"file_name": held.file_name})
