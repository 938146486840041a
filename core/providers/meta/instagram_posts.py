"""What `/{ig}/media` and `/{ig}/stories` show, and whether it is the payload (meta 11.2, 12)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from core.provider_kit import hostile
from core.provider_kit.likeness import LONGEST_TEXT, resembles, same_text
from core.provider_kit.types import LivePost, Payload
from core.providers.meta.instagram_formats import CAROUSEL, REEL, STORY
from core.providers.meta.live_posts import Edge, Likeness

_FIELDS: Final = "id,caption,media_type,media_product_type,timestamp,permalink"


def shown(payload: Payload) -> Edge:
    """The account's posts beside a payload. Stories have a list of their own (meta 11.2)."""
    return Edge("stories" if payload.format == STORY else "media", _FIELDS, partial(_read, payload=payload))


def _read(item: Mapping[str, Any], *, payload: Payload) -> tuple[LivePost, Likeness] | None:
    media_id = hostile.identifier(item.get("id"))
    created_at = hostile.instant(item.get("timestamp"))
    if media_id is None or created_at is None:
        return None
    caption = item.get("caption")
    said = caption if isinstance(caption, str) else ""
    post = LivePost(
        provider_post_id=media_id,
        text=hostile.text(said, limit=LONGEST_TEXT),
        link=None,
        created_at=created_at,
        permalink=hostile.web_address(item.get("permalink")),
    )
    if payload.format == STORY:  # has no words, and nothing of ours in it: only a person can know it again
        return post, Likeness.NEAR if _is_alike(item, payload) else Likeness.OTHER
    if not payload.text.strip():  # nothing to tell one image without words from another
        return post, Likeness.OTHER if said.strip() else Likeness.NEAR
    if same_text(said, payload.text) and _is_alike(item, payload):
        return post, Likeness.SAME
    return post, Likeness.NEAR if resembles(said, payload.text, same_link=False) else Likeness.OTHER


def _is_alike(item: Mapping[str, Any], payload: Payload) -> bool:
    """Whether it is of the payload's kind (meta 11.2); what isn't said of one image is taken for granted."""
    kind, product = item.get("media_type", "IMAGE"), item.get("media_product_type", "FEED")
    match payload.format:
        case each if each == CAROUSEL:
            return (kind, product) == ("CAROUSEL_ALBUM", "FEED")
        case each if each == REEL:
            return (kind, product) == ("VIDEO", "REELS")
        case each if each == STORY:
            video = payload.media[0].kind == "video" if payload.media else False
            return (kind, product) == ("VIDEO" if video else "IMAGE", "STORY")
        case _:
            return (kind, product) == ("IMAGE", "FEED")
