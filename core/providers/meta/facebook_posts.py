"""What `/{page}/published_posts` shows, and whether it is the payload (meta 11.1, 12)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from core.provider_kit import hostile
from core.provider_kit.likeness import LONGEST_TEXT, canonical_link, resembles, same_text
from core.provider_kit.types import LivePost, Payload
from core.providers.meta.live_posts import Edge, Likeness

_FIELDS: Final = "id,message,created_time,permalink_url,attachments{url,target,title}"
_FIELDS_OF_SEVERAL: Final = "id,message,created_time,permalink_url,attachments{url,target,title,subattachments}"
_CLICK_MARK: Final = frozenset({"fbclid"})  # what Facebook adds to a link it shows
_WRAPPERS: Final = frozenset({"l.facebook.com", "lm.facebook.com"})


def published_posts(payload: Payload, photos: Collection[str]) -> Edge:
    """The Page's posts beside a payload; `photos` is what its images became at Facebook, as far as that is known."""
    fields = _FIELDS_OF_SEVERAL if len(payload.media) > 1 else _FIELDS
    return Edge("published_posts", fields, partial(_read, payload=payload, photos=photos))


def _read(item: Mapping[str, Any], *, payload: Payload, photos: Collection[str]) -> tuple[LivePost, Likeness] | None:
    post_id = hostile.identifier(item.get("id"))
    created_at = hostile.instant(item.get("created_time"))
    if post_id is None or created_at is None:
        return None
    message = item.get("message")
    said = message if isinstance(message, str) else ""
    links = _links(item)
    post = LivePost(
        provider_post_id=post_id,
        text=hostile.text(said, limit=LONGEST_TEXT),
        link=links[0] if links else None,
        created_at=created_at,
        permalink=hostile.web_address(item.get("permalink_url")),
    )
    if _is_same(item, said, links, payload, photos):
        return post, Likeness.SAME
    near = resembles(said, payload.text, same_link=_shows(links, payload.link)) or bool(
        payload.media and not payload.text.strip() and _photos(item)
    )
    return post, Likeness.NEAR if near else Likeness.OTHER


def _is_same(item: Mapping[str, Any], said: str, links: list[str], payload: Payload, photos: Collection[str]) -> bool:
    """An image is known by the id that Facebook gave it, for sure; without one the text decides beside any photo."""
    if not payload.media:
        return same_text(said, payload.text) and _same_link(links, payload)
    if photos:  # each was made for this post alone, so one is enough
        return not _photos(item).isdisjoint(photos)
    return bool(payload.text.strip()) and same_text(said, payload.text) and bool(_photos(item))


def _attachments(item: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What is attached; several photos are attached to an album that is (meta 11.1: subattachments)."""
    for attachment in map(hostile.mapping, hostile.items(hostile.mapping(item.get("attachments")).get("data"))):
        yield attachment
        inner = hostile.mapping(attachment.get("subattachments")).get("data")
        yield from map(hostile.mapping, hostile.items(inner))


def _photos(item: Mapping[str, Any]) -> set[str]:
    """Ids of what is attached."""
    found = (hostile.identifier(hostile.mapping(each.get("target")).get("id")) for each in _attachments(item))
    return {each for each in found if each is not None}


def _links(item: Mapping[str, Any]) -> list[str]:
    """Addresses a post shows beside its text, without Facebook's wrapper around them."""
    found: list[str] = []
    for attachment in _attachments(item):
        for address in (attachment.get("url"), hostile.mapping(attachment.get("target")).get("url")):
            usable = hostile.web_address(address)
            if usable is not None:
                found.append(_unwrapped(usable))
    return found


def _unwrapped(address: str) -> str:
    """The address inside `https://l.facebook.com/l.php?u=...` (seen in the field, in no document)."""
    parts = urlsplit(address)
    if parts.hostname in _WRAPPERS and parts.path == "/l.php":
        return hostile.web_address(dict(parse_qsl(parts.query)).get("u")) or address
    return address


def _same_link(shown: Sequence[str], payload: Payload) -> bool:
    """The payload's link is shown; without one, nothing is shown but addresses that the text itself holds."""
    if payload.link is not None:
        return _shows(shown, payload.link)
    return all(address.split("://", 1)[1].rstrip("/") in payload.text for address in shown)


def _shows(shown: Sequence[str], link: str | None) -> bool:
    return link is not None and _canonical(link) in map(_canonical, shown)


def _canonical(link: str) -> str:
    return canonical_link(link, without=_CLICK_MARK)
