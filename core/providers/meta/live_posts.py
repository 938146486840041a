"""Is a payload among the posts that a Page shows? Reading `published_posts` and comparing (meta 11.1, 12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from core.provider_kit import hostile
from core.provider_kit.likeness import LONGEST_TEXT, canonical_link, resembles, same_text
from core.provider_kit.types import LivePost, Payload

FIELDS: Final = "id,message,created_time,permalink_url,attachments{url,target,title}"
_CLICK_MARK: Final = frozenset({"fbclid"})  # what Facebook adds to a link it shows
_WRAPPERS: Final = frozenset({"l.facebook.com", "lm.facebook.com"})


@dataclass(slots=True)
class Sighting:
    """What the pages read so far hold of a payload. Feed it pages; it says when they cover everything since `since`."""

    payload: Payload
    since: datetime
    seen: int = 0
    unreadable: bool = False
    matches: dict[str, LivePost] = field(default_factory=dict)
    look_alikes: dict[str, LivePost] = field(default_factory=dict)
    _last: datetime | None = None
    _in_order: bool = True

    def read(self, page: Sequence[Any]) -> bool:
        """Take in one page; True when nothing older needs to be read.

        That the newest comes first is nowhere promised, so it is checked: only while every post so far was as old as
        the one before it does a post from before `since` say that what follows is older still.
        """
        for item in map(hostile.mapping, page):
            post_id = hostile.identifier(item.get("id"))
            created_at = hostile.instant(item.get("created_time"))
            if post_id is None or created_at is None:
                self.unreadable = True
                continue
            self.seen += 1
            self._in_order = self._in_order and (self._last is None or created_at <= self._last)
            self._last = created_at
            if created_at >= self.since:
                self._compare(item, post_id, created_at)
        return self._in_order and self._last is not None and self._last < self.since

    def _compare(self, item: Mapping[str, Any], post_id: str, created_at: datetime) -> None:
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
        if same_text(said, self.payload.text) and _same_link(links, self.payload):
            self.matches[post_id] = post
        elif resembles(said, self.payload.text, same_link=_shows(links, self.payload.link)):
            self.look_alikes[post_id] = post


def _links(item: Mapping[str, Any]) -> list[str]:
    """Addresses a post shows beside its text, without Facebook's wrapper around them."""
    found: list[str] = []
    for attachment in map(hostile.mapping, hostile.items(hostile.mapping(item.get("attachments")).get("data"))):
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
