"""What changed between two payloads for one account."""

from __future__ import annotations

from uuid import UUID

from core.media import files
from core.posts.redline import redline
from core.posts.views import Difference, Picture
from core.provider_kit.types import MediaItem, Payload


def between(organization_id: UUID, before: Payload, after: Payload) -> Difference:
    """What an approver should see of it: text and description word by word, and whether link and image are others."""
    was, now = _image(before), _image(after)
    alt_was, alt_now = "" if was is None else was.alt, "" if now is None else now.alt
    return Difference(
        text=redline(before.text, after.text),
        link_before=before.link,
        link_changed=before.link != after.link,
        image_before=picture(organization_id, before),
        image_changed=_bytes(was) != _bytes(now),
        alt=redline(alt_was, alt_now),
        alt_changed=alt_was != alt_now,
    )


def picture(organization_id: UUID, payload: Payload) -> Picture | None:
    """The image of a payload, with where it can be seen."""
    item = _image(payload)
    if item is None:
        return None
    return Picture(
        sha256=item.sha256,
        mime=item.mime,
        width=item.width,
        height=item.height,
        size=item.size,
        alt=item.alt,
        address=files.address(organization_id, item.sha256, item.mime),
    )


def _image(payload: Payload) -> MediaItem | None:
    return payload.media[0] if payload.media else None


def _bytes(item: MediaItem | None) -> str | None:
    return None if item is None else item.sha256
