"""What a post becomes on one account: the bytes that are approved, hashed and sent."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from core.posts.content import AccountContent
from core.posts.store import AccountFacts
from core.provider_kit.types import MediaItem, Payload
from core.providers import networks

# An image as one network gets it.
Rendition = tuple[UUID, str]


def build(account: AccountFacts, content: AccountContent, images: Mapping[Rendition, MediaItem]) -> Payload:
    """The payload of a post on one account.

    What a network takes no part of is left out (link, description), so that changing it costs no approval there.
    """
    known = networks().get(account.network)
    item = None if content.media_id is None else images.get((content.media_id, account.network))
    return Payload(
        network=account.network,
        provider_account_id=account.provider_account_id,
        text=content.text,
        link=content.link if known is None or known.takes_link else None,
        media=() if item is None else (replace(item, alt=content.alt.strip() if takes_alt(account.network) else ""),),
    )


def takes_alt(network: str) -> bool:
    """Whether a network keeps the description of an image."""
    known = networks().get(network)
    return known is None or (known.images is not None and known.images.max_alt > 0)


def intent_key(post_id: UUID, account_id: UUID, occurrence: int) -> str:
    """The name of one intent to publish, unique in the organization: doubled clicks and imports meet in one row."""
    return hashlib.sha256(f"{post_id}|{account_id}|{occurrence}".encode()).hexdigest()
