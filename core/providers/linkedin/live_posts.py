"""Is a payload among the posts that a Page shows? Reading the finder's answers and comparing (linkedin 4.2 to 4.4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from core.provider_kit import hostile
from core.provider_kit.likeness import LONGEST_TEXT, canonical_link, resembles, same_text
from core.provider_kit.types import LivePost, Payload
from core.providers.linkedin import urns
from core.providers.linkedin.content import assets, same_poll
from core.providers.linkedin.formats import POLL
from core.providers.linkedin.little_text import as_read, readings

# A post that is on its way counts as made; one that failed or was never published doesn't (linkedin 4.2 [S+]).
_MADE: Final = frozenset({"PUBLISHED", "PUBLISH_REQUESTED"})


@dataclass(slots=True)
class Sighting:
    """What the pages read so far hold of a payload. Feed it pages; it says when they cover everything since `since`.

    `assets`: the URNs that this publication's files got. Nobody else has them, so a post that shows one is ours.
    """

    payload: Payload
    assets: Collection[str]
    since: datetime
    www_url: str
    unreadable: bool = False
    matches: dict[str, LivePost] = field(default_factory=dict)
    look_alikes: dict[str, LivePost] = field(default_factory=dict)
    others: dict[str, LivePost] = field(default_factory=dict)
    _ids: set[str] = field(default_factory=set)
    _last: datetime | None = None
    _in_order: bool = True

    @property
    def seen(self) -> int:
        """How many posts."""
        return len(self._ids)

    def read(self, page: Sequence[Any]) -> bool:
        """Take in one page; True when nothing older needs to be read.

        How `sortBy=CREATED` sorts is not documented, so it is checked: only while every post so far was as old as the
        one before it does a post from before `since` say that what follows is older still.
        """
        for item in map(hostile.mapping, page):
            post_id = urns.post(item.get("id"))
            created_at = hostile.instant_ms(item.get("createdAt"))
            if post_id is None or created_at is None:
                self.unreadable = True
                continue
            self._ids.add(post_id)
            self._in_order = self._in_order and (self._last is None or created_at <= self._last)
            self._last = created_at
            if created_at >= self.since:
                self._compare(item, post_id, created_at)
        return self._in_order and self._last is not None and self._last < self.since

    def _compare(self, item: Mapping[str, Any], post_id: str, created_at: datetime) -> None:
        commentary = item.get("commentary")
        said = readings(commentary[:LONGEST_TEXT] if isinstance(commentary, str) else "")
        content = hostile.mapping(item.get("content"))
        link = hostile.web_address(hostile.mapping(content.get("article")).get("source"))
        post = LivePost(
            provider_post_id=post_id,
            text=hostile.text(said[0], limit=LONGEST_TEXT),
            link=link,
            created_at=created_at,
            permalink=urns.public_address(self.www_url, post_id),
        )
        text = as_read(self.payload.text)
        same_words = any(same_text(one, text) for one in said)
        same_link = _same_link(link, self.payload.link)
        made = item.get("lifecycleState", "PUBLISHED") in _MADE
        poll = self.payload.options.get(POLL)
        asks_the_same = poll is not None and same_poll(content, poll)
        if self.payload.media:
            ours = not assets(content).isdisjoint(self.assets)
        else:
            own = {"poll"} if asks_the_same else {"article"} if self.payload.link else set[str]()
            shows = _shown(content) - own
            ours = same_words and same_link and not shows and not item.get("reshareContext")
            ours = ours and (poll is None or asks_the_same)
        if made and ours:
            self.matches[post_id] = post
        elif (
            ours or asks_the_same or any(resembles(one, text, same_link=same_link and link is not None) for one in said)
        ):
            self.look_alikes[post_id] = post
        else:
            self.others[post_id] = post


def _shown(content: Mapping[str, Any]) -> set[str]:
    """The kinds of content a post shows besides its words."""
    return {name for name, value in content.items() if value}


def _same_link(shown: str | None, sent: str | None) -> bool:
    if shown is None or sent is None:
        return shown is sent
    return canonical_link(shown) == canonical_link(sent)
