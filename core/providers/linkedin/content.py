"""What a post carries besides its words: files, a link's card, a poll (linkedin 4.1); does one show the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from core.provider_kit import hostile
from core.provider_kit.likeness import same_text
from core.provider_kit.port import Steps
from core.provider_kit.types import MediaItem, Payload
from core.providers.linkedin.assets import DOCUMENT, IMAGE, VIDEO, Turn
from core.providers.linkedin.formats import DESCRIPTION, DURATIONS, POLL, TITLE
from core.providers.linkedin.uploads import ready_document, ready_images
from core.providers.linkedin.videos import ready_video

_LONGEST_TITLE = 399  # linkedin 4.1: under 400
_KINDS = {"image": IMAGE, "video": VIDEO, "document": DOCUMENT}


def content(payload: Payload, turn: Turn) -> dict[str, Any] | None:
    """The `content` of a post without errors, once LinkedIn has all of its files; None: words alone.

    Raises NotReady, and other ProviderFailures.
    """
    if POLL in payload.options:
        return {"poll": _poll(payload.options[POLL])}
    if payload.link:
        return {"article": _article(payload, turn)}
    if not payload.media:
        return None
    title = {"title": said} if (said := _said(payload, TITLE)) else {}
    kind = payload.media[0].kind
    match kind:
        case "video":
            return {"media": {"id": ready_video(turn, payload.media[0], payload.cover), **title}}
        case "document":
            return {"media": {"id": ready_document(turn, payload.media[0]), **title}}
        case "image":
            shown = [
                {"id": urn, **_described(item, "altText")}
                for urn, item in zip(ready_images(turn, payload.media), payload.media, strict=True)
            ]
            return {"media": shown[0]} if len(shown) == 1 else {"multiImage": {"images": shown}}


def link_title(link: str) -> str:
    """What stands for a page's title, which LinkedIn wants and doesn't fetch: host and path without www and query."""
    parts = urlsplit(link)
    return f"{(parts.hostname or '').removeprefix('www.')}{parts.path.rstrip('/')}"[:_LONGEST_TITLE]


def kept_assets(payload: Payload, steps: Steps) -> frozenset[str]:
    """The URNs that a post's files got at LinkedIn, as far as they are known. Nobody else has them."""
    names = (_KINDS[item.kind].step(number) for number, item in enumerate(payload.media))
    return frozenset(urn for name in names if (urn := steps.get(name)) is not None)


def assets(shown: Mapping[str, Any]) -> set[str]:
    """The URNs of the files that a post's `content` shows, a card's picture included."""
    return {urn for urn in _assets(shown) if isinstance(urn, str)}


def same_poll(shown: Mapping[str, Any], poll: object) -> bool:
    """Whether a post's `content` asks the same question with the same answers."""
    asked, ours = hostile.mapping(shown.get("poll")), hostile.mapping(poll)
    answers = [hostile.mapping(each).get("text") for each in hostile.items(asked.get("options"))]
    wanted = [ours.get("question"), *hostile.items(ours.get("answers"))]
    said = [asked.get("question"), *answers]
    return len(said) == len(wanted) and all(
        isinstance(a, str) and isinstance(b, str) and same_text(a, b) for a, b in zip(said, wanted, strict=True)
    )


def _assets(shown: Mapping[str, Any]) -> Iterator[object]:
    yield hostile.mapping(shown.get("media")).get("id")
    yield hostile.mapping(shown.get("article")).get("thumbnail")
    for each in hostile.items(hostile.mapping(shown.get("multiImage")).get("images")):
        yield hostile.mapping(each).get("id")


def _article(payload: Payload, turn: Turn) -> dict[str, Any]:
    """A card says only what comes with it: LinkedIn fetches nothing. One image is its picture."""
    link = payload.link or ""
    card: dict[str, Any] = {"source": link, "title": _said(payload, TITLE) or link_title(link)}
    if description := _said(payload, DESCRIPTION):
        card["description"] = description
    if payload.media:
        (card["thumbnail"],) = ready_images(turn, payload.media)
        card |= _described(payload.media[0], "thumbnailAltText")
    return card


def _said(payload: Payload, key: str) -> str:
    """What a written option says, empty if nothing."""
    value = payload.options.get(key)
    return value.strip() if isinstance(value, str) else ""


def _described(item: MediaItem, field: str) -> dict[str, str]:
    return {field: item.alt} if item.alt else {}


def _poll(poll: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "question": poll["question"].strip(),
        "options": [{"text": each.strip()} for each in poll["answers"]],
        "settings": {"duration": DURATIONS[poll["days"]]},
    }
