"""An image at Facebook that nobody sees yet: uploaded once, published by the post that attaches it (meta 4.4)."""

from __future__ import annotations

import secrets
import time
from typing import Final

from core.provider_kit import hostile
from core.provider_kit.errors import ProviderFailure, RetryLater
from core.provider_kit.port import Steps
from core.provider_kit.types import Access, MediaItem
from core.providers.meta.calls import is_not_there
from core.providers.meta.graph import Graph
from core.providers.meta.live_posts import left_s
from core.providers.meta.settings import MetaSettings

PHOTO: Final = "photo"


def photo(graph: Graph, settings: MetaSettings, item: MediaItem, access: Access, steps: Steps) -> str:
    """The id of the unpublished photo, uploaded now if it isn't there. Raises ProviderFailure.

    The bytes go out with the call instead of an address to fetch: they are checked against what was approved, and no
    address of ours has to be reachable. A photo whose id was lost stays unpublished, and Facebook deletes it.
    """
    end = time.monotonic() + settings.prepare_timeout_s
    kept = steps.get(PHOTO)
    if kept is not None:
        if _is_there(graph, settings, kept, access, end):
            return kept
        steps.drop(PHOTO, "Facebook doesn't have it any more.")
    boundary = secrets.token_hex(16)
    reply = graph.make(
        access.provider_account_id,
        "photos",
        token=access.token,
        timeout_s=left_s(end),
        body=_multipart(boundary, item, steps.read(item)),
        content_type=f"multipart/form-data; boundary={boundary}",
        correlation_id=access.correlation_id,
    )
    photo_id = hostile.identifier(reply.body.get("id"))
    if photo_id is None:
        raise RetryLater("Facebook took the photo and named none.")
    steps.keep(PHOTO, photo_id, lives_s=settings.photo_lives_s)
    return photo_id


def _is_there(graph: Graph, settings: MetaSettings, photo_id: str, access: Access, end: float) -> bool:
    """Whether it can still be attached: unused ones go after about a day (meta 4.4), and whoever may delete does.

    Asked before, because a post that attaches what is gone is refused with words that also mean a lost permission.
    """
    try:
        graph.get(
            photo_id,
            token=access.token,
            params={"fields": "id"},
            timeout_s=min(left_s(end), settings.call_timeout_s),
            correlation_id=access.correlation_id,
        )
    except ProviderFailure as failed:
        if is_not_there(failed.trace):
            return False
        raise
    return True


def _multipart(boundary: str, item: MediaItem, content: bytes) -> bytes:
    """The form with its file (RFC 7578); the part's name is free (meta 4.4)."""
    fields = {"published": "false"}
    if item.alt:
        fields["alt_text_custom"] = item.alt
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    ending = item.mime.removeprefix("image/")
    file = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="source"; filename="image.{ending}"\r\n'
        f"Content-Type: {item.mime}\r\n\r\n"
    )
    return "".join((*parts, file)).encode() + content + f"\r\n--{boundary}--\r\n".encode()
