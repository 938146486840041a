"""An image at Facebook that nobody sees yet: uploaded once, published by the post that attaches it (meta 4.4)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import Final

from core.provider_kit import hostile
from core.provider_kit.errors import NotReady, ProviderFailure, RetryLater
from core.provider_kit.port import Steps
from core.provider_kit.types import Access, MediaItem
from core.providers.meta.calls import is_not_there
from core.providers.meta.graph import Graph
from core.providers.meta.live_posts import left_s
from core.providers.meta.settings import MetaSettings

PHOTO: Final = "photo"
_LEAST_S: Final = 10.0  # an upload that is given less is not begun


def step(number: int) -> str:
    """The name under which the id of a post's photo is kept, 0 being the first."""
    return PHOTO if number == 0 else f"{PHOTO}_{number}"


def photos(
    graph: Graph, settings: MetaSettings, media: Sequence[MediaItem], access: Access, steps: Steps
) -> tuple[str, ...]:
    """The ids of unpublished photos, in order; those that aren't there are uploaded now. Raises ProviderFailure.

    What doesn't fit into one turn waits for the next: NotReady, with all that was done kept.
    """
    end = time.monotonic() + settings.prepare_timeout_s
    found: list[str] = []
    for number, item in enumerate(media):
        if found and end - time.monotonic() < _LEAST_S:
            raise NotReady(f"Facebook has {len(found)} of {len(media)} photos.", after_s=settings.poll_first_s)
        found.append(_photo(graph, settings, number, item, access, steps, end))
    return tuple(found)


def kept_photos(media: Sequence[MediaItem], steps: Steps) -> frozenset[str]:
    """The ids that are known of a post's photos."""
    known = (steps.get(step(number)) for number, item in enumerate(media) if item.kind == "image")
    return frozenset(each for each in known if each is not None)


def _photo(
    graph: Graph, settings: MetaSettings, number: int, item: MediaItem, access: Access, steps: Steps, end: float
) -> str:
    """The id of one unpublished photo, uploaded now if it isn't there. Raises ProviderFailure.

    The bytes go out with the call instead of an address to fetch: they are checked against what was approved, and no
    address of ours has to be reachable. A photo whose id was lost stays unpublished, and Facebook deletes it.
    """
    name = step(number)
    kept = steps.get(name)
    if kept is not None:
        if _is_there(graph, settings, kept, access, end):
            return kept
        steps.drop(name, "Facebook doesn't have it any more.")
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
    steps.keep(name, photo_id, lives_s=settings.photo_lives_s)
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
