"""What a post becomes on one account: the bytes that are approved, hashed and sent."""

from __future__ import annotations

import hashlib
from uuid import UUID

from core.provider_kit.types import Payload
from core.providers import networks


def build(*, network: str, provider_account_id: str, text: str, link: str | None) -> Payload:
    """The payload of a post on one account. A network that takes no link gets none: a new link costs it no approval."""
    known = networks().get(network)
    takes_link = known is None or known.takes_link
    return Payload(
        network=network, provider_account_id=provider_account_id, text=text, link=link if takes_link else None
    )


def intent_key(post_id: UUID, account_id: UUID, occurrence: int) -> str:
    """The name of one intent to publish, unique in the organization: doubled clicks and imports meet in one row."""
    return hashlib.sha256(f"{post_id}|{account_id}|{occurrence}".encode()).hexdigest()
