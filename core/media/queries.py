"""Reads of images: frozen dataclasses for pages, ingest and higher nouns."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.orm import Session

from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import NotFound
from core.media import files, model, store
from core.media.views import MediaView, RenditionView
from core.organizations.rules import Permission, require
from core.provider_kit.types import MediaItem

_GONE = "There is no such image in this organization. Choose or upload another."


def media(actor: Actor, media_id: UUID) -> MediaView:
    """An image with what each network gets of it, as it may be shown for the next day. Raises NotAllowed, NotFound."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        return view(session, media_id)


def view(session: Session, media_id: UUID) -> MediaView:
    """As `media`, for a command inside its own transaction. Raises NotFound."""
    row = _existing(session, media_id)
    return MediaView(
        id=row.id,
        file_name=row.file_name,
        sha256=row.sha256.hex(),
        mime=row.mime,
        width=row.width,
        height=row.height,
        size=row.size,
        address=files.address(row.organization_id, row.sha256.hex(), row.mime),
        renditions=tuple(_rendition(each, row) for each in store.renditions(session, media_id)),
    )


def items(session: Session, media_id: UUID, networks: Collection[str]) -> dict[str, MediaItem]:
    """What each of these networks will get, for payloads; alternative texts are for the caller to add.

    A network for which nothing was made at upload (it takes no images, or came later) is given the image as it is
    kept: whether that fits is for its checks to say. Raises NotFound.
    """
    row = _existing(session, media_id)
    made = {each.network: each for each in store.renditions(session, media_id, networks)}
    return {network: _item(made.get(network, row)) for network in networks}


def _existing(session: Session, media_id: UUID) -> model.Media:
    row = store.media(session, media_id)
    if row is None:
        raise NotFound(_GONE)
    return row


def _item(row: model.Media | model.Rendition) -> MediaItem:
    return MediaItem(sha256=row.sha256.hex(), mime=row.mime, width=row.width, height=row.height, size=row.size)


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
