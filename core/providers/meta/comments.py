"""Is a comment of ours under a post? Going through what stands there, newest first (meta 11.3, 11.4, 12).

That the newest comes first is checked: only while it does, a comment from before says that what follows is older still.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from core.provider_kit import hostile
from core.provider_kit.errors import OutcomeUnknown, Trace
from core.provider_kit.likeness import same_text
from core.provider_kit.types import Access
from core.providers.meta.graph import Graph
from core.providers.meta.live_posts import LEAST_TIME_S, left_s
from core.providers.meta.paging import next_page

_MOST_PAGES: Final = 20
_UNREAD: Final = "The comments under the post couldn't be read to the end."


@dataclass(frozen=True, slots=True)
class Comments:
    """How a network lists comments: what is asked, and where a comment has its text and its time.

    `ours` says of a comment whether the account wrote it; None where that can't be told.
    """

    params: Mapping[str, str]
    text: str
    time: str
    ours: Callable[[Mapping[str, Any]], bool | None]


def find(
    graph: Graph, comments: Comments, post_id: str, text: str, access: Access, *, since: datetime, end: float
) -> str | None:
    """The id of our comment of this text made since then; None when it certainly isn't there.

    Raises ProviderFailure: OutcomeUnknown when that couldn't be made sure of until `end` on the monotonic clock.
    """
    since = since.replace(microsecond=0)  # Meta's times have whole seconds
    params: Mapping[str, str] = {}
    trace = Trace()
    last, in_order = None, True
    for number in range(_MOST_PAGES):
        if number and end - time.monotonic() < LEAST_TIME_S:
            break
        reply = graph.get(
            post_id,
            "comments",
            token=access.token,
            params={**comments.params, **params},
            timeout_s=left_s(end),
            correlation_id=access.correlation_id,
        )
        trace = Trace(http_status=reply.status, trace_id=reply.trace_id, usage=reply.usage)
        listed = reply.body.get("data")
        unclear = not isinstance(listed, list)
        for item in map(hostile.mapping, hostile.items(listed)):
            comment_id, at = hostile.identifier(item.get("id")), hostile.instant(item.get(comments.time))
            if at is not None:
                in_order, last = in_order and (last is None or at <= last), at
            said = item.get(comments.text)
            if at is not None and at < since:
                continue
            if not isinstance(said, str) or not same_text(said, text):
                continue
            ours = comments.ours(item)
            if ours and comment_id is not None and at is not None:
                return comment_id
            unclear = unclear or ours is not False
        following = next_page(reply.body)
        if unclear or following == params:
            break
        if following is None or (in_order and last is not None and last < since):
            return None
        params = following
    raise OutcomeUnknown(_UNREAD, trace=trace)
