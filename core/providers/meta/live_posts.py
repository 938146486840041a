"""Is a payload among the posts that an account shows? Reading its list back to an instant (meta 11.1, 11.2, 12)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final

from core.provider_kit import hostile
from core.provider_kit.errors import ProviderFailure, RetryLater, Trace
from core.provider_kit.types import Access, LivePost, ReadBack
from core.providers.meta.graph import Graph, Reply
from core.providers.meta.paging import next_page
from core.providers.meta.settings import MetaSettings

LEAST_TIME_S: Final = 0.2


class Likeness(Enum):
    """How a post that is shown compares to the payload; NEAR is for a person to look at."""

    SAME = auto()
    NEAR = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Edge:
    """A list of posts: its name, the fields asked for, and how one item is read and compared.

    `read` gives None for an item that can't be read: no id, or no time.
    """

    name: str
    fields: str
    read: Callable[[Mapping[str, Any]], tuple[LivePost, Likeness] | None]


@dataclass(slots=True)
class Sighting:
    """What the pages read so far hold of a payload. Feed it pages; it says when they cover everything since `since`."""

    edge: Edge
    since: datetime
    seen: int = 0
    unreadable: bool = False
    matches: dict[str, LivePost] = field(default_factory=dict)
    look_alikes: dict[str, LivePost] = field(default_factory=dict)
    others: dict[str, LivePost] = field(default_factory=dict)
    _last: datetime | None = None
    _in_order: bool = True

    def read(self, page: Sequence[Any]) -> bool:
        """Take in one page; True when nothing older needs to be read.

        That the newest comes first is not promised everywhere, so it is checked: only while every post so far was as
        old as the one before it does a post from before `since` say that what follows is older still.
        """
        for item in map(hostile.mapping, page):
            found = self.edge.read(item)
            if found is None:
                self.unreadable = True
                continue
            post, likeness = found
            self.seen += 1
            self._in_order = self._in_order and (self._last is None or post.created_at <= self._last)
            self._last = post.created_at
            if post.created_at < self.since:
                continue
            if likeness is Likeness.SAME:
                self.matches[post.provider_post_id] = post
            elif likeness is Likeness.NEAR:
                self.look_alikes[post.provider_post_id] = post
            else:
                self.others[post.provider_post_id] = post
        return self._in_order and self._last is not None and self._last < self.since


def look_through(
    graph: Graph, settings: MetaSettings, access: Access, edge: Edge, *, since: datetime, end: float
) -> ReadBack:
    """Look through an account's list back to `since`, until `end` on the monotonic clock. Raises ProviderFailure.

    Running out of time or pages gives an incomplete answer; so does a failure after a match, because a find is worth
    more than the reason why the rest couldn't be read.
    """
    sighting = Sighting(edge, since.replace(microsecond=0))  # Meta's times have whole seconds
    params: Mapping[str, str] = {}
    covered = False
    last: Reply | None = None
    for number in range(settings.read_pages_max):
        if number and end - time.monotonic() < LEAST_TIME_S:
            break
        try:
            last = _page(graph, access, edge, params, end, size=settings.read_page_size)
        except ProviderFailure:
            if not sighting.matches:
                raise
            break
        covered = sighting.read(hostile.items(last.body.get("data")))
        following = next_page(last.body)
        if following is None:
            covered = isinstance(last.body.get("data"), list)
        if covered or following is None or following == params:
            break
        params = following
    return ReadBack(
        complete=covered and not sighting.unreadable,
        matches=tuple(sighting.matches.values()),
        seen=sighting.seen,
        look_alikes=tuple(sighting.look_alikes.values()),
        others=tuple(sighting.others.values()),
        trace_id=last.trace_id if last else None,
        usage=last.usage if last else {},
    )


def left_s(end: float) -> float:
    """Seconds until `end` on the monotonic clock, never quite none: a call then says itself that time was over."""
    return max(end - time.monotonic(), LEAST_TIME_S)


def _page(graph: Graph, access: Access, edge: Edge, params: Mapping[str, str], end: float, *, size: int) -> Reply:
    """One page. Where Meta finds that too much, half as much (meta 7.6 [2])."""
    while True:
        try:
            return graph.get(
                access.provider_account_id,
                edge.name,
                token=access.token,
                params={"fields": edge.fields, **params, "limit": str(size)},
                timeout_s=left_s(end),
                correlation_id=access.correlation_id,
            )
        except RetryLater as refused:
            if size == 1 or not _too_much(refused.trace) or time.monotonic() > end:
                raise
        size //= 2


def _too_much(trace: Trace) -> bool:
    return trace.code == "1" and "reduce the amount" in (trace.message or "").lower()
