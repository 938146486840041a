"""Which posts of an account may be ours, put together from all reads of an unclear outcome. Pure: nothing is preferred.

The likeness of a post is what the newest read that showed it says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

Likeness = Literal["same", "alike", "other"]
# How evidence names the lists of a read, the likeliest first.
_LISTS: Final[Mapping[str, Likeness]] = {"matches": "same", "look_alikes": "alike", "others": "other"}


@dataclass(frozen=True, slots=True)
class SeenPost:
    """A post that a read found on the account. `taken`: another publication's.

    `likeness`: "same" words, link and media, made in the time of the try; "alike": near enough to look; or "other".
    """

    provider_post_id: str
    text: str
    link: str | None
    created_at: datetime
    permalink: str | None
    likeness: Likeness
    taken: bool


@dataclass(frozen=True, slots=True)
class NamedPost:
    """The post that the network named when it refused ours as a repeat. `taken`: another publication's."""

    provider_post_id: str
    permalink: str | None
    taken: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A post that a person may find to be ours. `gone`: the newest complete read doesn't show it any more."""

    post: SeenPost
    seen_at: datetime
    gone: bool


def posts_in(evidence: Mapping[str, Any]) -> tuple[SeenPost, ...]:
    """The posts of one read, the likeliest first."""
    return tuple(_seen(each, likeness) for name, likeness in _LISTS.items() for each in evidence.get(name, ()))


def named_in(evidence: Mapping[str, Any]) -> NamedPost | None:
    """The post that the network named."""
    named = evidence.get("named")
    return NamedPost(named["id"], named["permalink"], named["taken"]) if named else None


def candidates(reads: Sequence[tuple[datetime, bool, Sequence[SeenPost]]]) -> tuple[Candidate, ...]:
    """From reads, oldest first, each as its time, whether it was complete, and its posts: the likeliest post first."""
    newest: dict[str, tuple[SeenPost, datetime]] = {}
    for at, _, posts in reads:
        newest |= {post.provider_post_id: (post, at) for post in posts}
    last_complete = max((at for at, complete, _ in reads if complete), default=None)
    found = [Candidate(post, at, gone=last_complete is not None and at < last_complete) for post, at in newest.values()]
    order = list(_LISTS.values())
    return tuple(sorted(found, key=lambda each: (order.index(each.post.likeness), each.post.created_at)))


def _seen(stored: Mapping[str, Any], likeness: Likeness) -> SeenPost:
    return SeenPost(
        provider_post_id=stored["id"],
        text=stored["text"],
        link=stored.get("link"),
        created_at=datetime.fromisoformat(stored["created_at"]),
        permalink=stored.get("permalink"),
        likeness=likeness,
        taken=bool(stored.get("taken")),
    )
