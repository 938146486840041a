"""The files of a post as networks get them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from core.infra.errors import Invalid, NotFound
from core.media import queries as media
from core.posts.content import Content
from core.posts.payloads import Rendition
from core.posts.store import AccountFacts
from core.provider_kit.types import MediaItem

GONE = "A file isn't here any more. Add it again."


def renditions(session: Session, content: Content, accounts: Iterable[AccountFacts]) -> dict[Rendition, MediaItem]:
    """Every file that some account may get, as each account's network gets it. Raises Invalid for a lost one."""
    found = known(session, content.media_ids, accounts)
    if content.media_ids - {media_id for media_id, _ in found}:
        raise Invalid([GONE])
    return found


def known(
    session: Session, media_ids: Collection[UUID], accounts: Iterable[AccountFacts]
) -> dict[Rendition, MediaItem]:
    """As `renditions`, of those files that are here."""
    networks = {each.network for each in accounts}
    found: dict[Rendition, MediaItem] = {}
    for media_id in media_ids:
        try:
            items = media.items(session, media_id, networks)
        except NotFound:
            continue
        found |= {(media_id, network): item for network, item in items.items()}
    return found
