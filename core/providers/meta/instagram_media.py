"""What Instagram is asked to make a container of: an image, a reel, a story (meta 5.1)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from core.provider_kit import hostile
from core.provider_kit.port import Steps
from core.provider_kit.types import MediaItem, Payload
from core.providers.meta.containers import CONTAINER, Wanted
from core.providers.meta.instagram_formats import COLLABORATORS, REEL, SHARE_TO_FEED, STORY, TAGS, THUMB_OFFSET


def single(payload: Payload, steps: Steps) -> Wanted:
    """The one container of a post with one file."""
    (item,) = payload.media

    def form() -> Mapping[str, str]:
        asked = file(item, steps)
        if payload.format == STORY:
            asked["media_type"] = "STORIES"
        elif payload.format == REEL:
            asked = {"media_type": "REELS", **asked, **_of_a_reel(payload, steps)}
        if payload.format != STORY:
            asked |= written(payload)
        if payload.format not in {STORY, REEL}:
            asked |= described(item)
        return asked | tagged(payload, 0)

    return Wanted(CONTAINER, f"the {item.kind}", form)


def file(item: MediaItem, steps: Steps) -> dict[str, str]:
    """The address from which Instagram fetches a file."""
    return {f"{'video' if item.kind == 'video' else 'image'}_url": steps.address(item)}


def written(payload: Payload) -> dict[str, str]:
    """The caption, and who is asked to show the post as theirs too."""
    form = {"caption": payload.text} if payload.text else {}
    names = [_name(each) for each in hostile.items(payload.options.get(COLLABORATORS))]
    return form | ({"collaborators": _json(names)} if names else {})


def described(item: MediaItem) -> dict[str, str]:
    """What an image shows, in words; videos have none."""
    return {"alt_text": item.alt} if item.alt and item.kind == "image" else {}


def tagged(payload: Payload, number: int) -> dict[str, str]:
    """Who is on the file of that number; only an image has places (meta 5.1)."""
    image = payload.media[number].kind == "image"
    tags = [
        {"username": _name(each["username"])} | ({"x": each["x"], "y": each["y"]} if image else {})
        for each in map(hostile.mapping, hostile.items(payload.options.get(TAGS)))
        if each.get("file", 0) == number
    ]
    return {"user_tags": _json(tags)} if tags else {}


def _of_a_reel(payload: Payload, steps: Steps) -> dict[str, str]:
    shares = payload.options.get(SHARE_TO_FEED, True)
    form = {"share_to_feed": "true" if shares else "false"}
    if payload.cover is not None:
        return form | {"cover_url": steps.address(payload.cover)}
    offset_ms = payload.options.get(THUMB_OFFSET)
    return form | ({"thumb_offset": str(offset_ms)} if offset_ms is not None else {})


def _name(said: object) -> str:
    return str(said).strip().removeprefix("@")


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
