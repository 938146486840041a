"""Reads of files: frozen dataclasses for pages, ingest and higher nouns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session

from core import providers
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import NotFound
from core.media import files, model, store
from core.media.rules import JPEG
from core.media.views import MediaView, RenditionView
from core.organizations.rules import Permission, require
from core.provider_kit.types import MediaItem, MediaKind

GONE = "There is no such file in this organization. Choose or upload another."


def media(actor: Actor, media_id: UUID) -> MediaView:
    """A file with what each network gets of it, as it may be shown for the next day. Raises NotAllowed, NotFound."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        return view(session, media_id)


def view(session: Session, media_id: UUID) -> MediaView:
    """As `media`, for a command inside its own transaction. Raises NotFound."""
    row = _existing(session, media_id)
    return shown(row, store.renditions(session, media_id))


def views(session: Session, media_ids: Collection[UUID]) -> dict[UUID, MediaView]:
    """Several files with what each network gets of them; those that there are."""
    made = defaultdict[UUID, list[model.Rendition]](list)
    for each in store.renditions_of_several(session, media_ids):
        made[each.media_id].append(each)
    return {row.id: shown(row, made[row.id]) for row in store.several_media(session, media_ids)}


def shown(row: model.Media, renditions: Iterable[model.Rendition] = ()) -> MediaView:
    """The view of a row, with these renditions."""
    made = tuple(_rendition(each, row) for each in renditions)
    return MediaView(
        id=row.id,
        file_name=row.file_name,
        sha256=row.sha256.hex(),
        mime=row.mime,
        width=row.width,
        height=row.height,
        size=row.size,
        address=files.address(row.organization_id, row.sha256.hex(), row.mime),
        renditions=made,
        kind=_kind(row),
        duration_ms=row.duration_ms,
        codec=row.codec,
        audio_codec=row.audio_codec,
        frame_rate=row.frame_rate,
        bit_rate=row.bit_rate,
        pages=row.pages,
        alt=row.alt,
        rights=row.rights,
        revision=row.revision,
        thumbnail=_picture(row, row.thumbnail_sha256 or row.poster_sha256),
        poster=_picture(row, row.poster_sha256),
        deleted=row.deleted_at is not None,
        prepared=_prepared(row, made),
    )


def _prepared(row: model.Media, renditions: Iterable[RenditionView]) -> str:
    networks = {each.network for each in renditions if not each.as_kept}
    if not networks:
        return ""
    known = providers.networks()
    titles = sorted(known[each].title if each in known else each.capitalize() for each in networks)
    how = "packed anew, pictures and sound unchanged" if row.kind == "video" else "as a JPEG within its limits"
    return f"Prepared for {', '.join(titles)}: {how}"


def _kind(row: model.Media) -> MediaKind:
    return "image" if row.kind == "image" else "video" if row.kind == "video" else "document"


def _picture(row: model.Media, sha256: bytes | None) -> str | None:
    """The address of a picture that stands for a file; an image from before there were thumbnails is its own."""
    if sha256 is not None:
        return files.address(row.organization_id, sha256.hex(), JPEG)
    return files.address(row.organization_id, row.sha256.hex(), row.mime) if row.kind == "image" else None


def items(session: Session, media_id: UUID, networks: Collection[str]) -> dict[str, MediaItem]:
    """What each of these networks will get, for payloads; alternative texts are for the caller to add.

    A network for which nothing was made at upload (it takes no images, or came later) is given the file as it is
    kept, and so is every network where it is a document, or a video that needs no other packing (docs/decisions/0018,
    0027): whether that fits is for its checks to say. Raises NotFound.
    """
    row = _existing(session, media_id)
    made = {each.network: each for each in store.renditions(session, media_id, networks)}
    return {network: _item(row, made.get(network)) for network in networks}


def poster(session: Session, media_id: UUID) -> MediaItem | None:
    """The picture that stands for a video unless a person chooses another. Raises NotFound."""
    row = _existing(session, media_id)
    if row.poster_sha256 is None:
        return None
    return MediaItem(row.poster_sha256.hex(), JPEG, row.poster_width, row.poster_height, row.poster_size)


def _existing(session: Session, media_id: UUID) -> model.Media:
    row = store.media(session, media_id)
    if row is None:
        raise NotFound(GONE)
    return row


def _item(row: model.Media, made: model.Rendition | None) -> MediaItem:
    kept = MediaItem(
        sha256=row.sha256.hex(),
        mime=row.mime,
        width=row.width,
        height=row.height,
        size=row.size,
        duration_ms=row.duration_ms,
        codec=row.codec,
        audio_codec=row.audio_codec,
        frame_rate=row.frame_rate,
        bit_rate=row.bit_rate,
        pages=row.pages,
        packing=row.packing,
    )
    if made is None:
        return kept
    return replace(
        kept,
        sha256=made.sha256.hex(),
        mime=made.mime,
        width=made.width,
        height=made.height,
        size=made.size,
        duration_ms=made.duration_ms,
        bit_rate=made.bit_rate,
        packing="plain" if row.kind == "video" else "",
    )


def _rendition(row: model.Rendition, kept: model.Media) -> RenditionView:
    return RenditionView(
        network=row.network,
        sha256=row.sha256.hex(),
        mime=row.mime,
        width=row.width,
        height=row.height,
        size=row.size,
        as_kept=row.sha256 == kept.sha256,
        address=files.address(row.organization_id, row.sha256.hex(), row.mime),
    )
