"""Is a video of ours live on a Page? Its own status says so; without its id, a list of videos (meta 4.5, 4.6, 12)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from core.provider_kit import hostile
from core.provider_kit.errors import ProviderFailure
from core.provider_kit.likeness import LONGEST_TEXT, resembles, same_text
from core.provider_kit.types import Access, LivePost, Payload, ReadBack
from core.providers.meta.calls import is_not_there
from core.providers.meta.live_posts import Edge, Likeness, left_s, look_through
from core.providers.meta.page_forms import Means
from core.providers.meta.video_status import VideoStatus, address, video_status

NOT_FOUND: Final = "Facebook doesn't find the video."
_FIELDS: Final = "id,description,created_time,permalink_url"


def read_back(
    means: Means, edge: str, video: str | None, payload: Payload, access: Access, *, since: datetime, end: float
) -> ReadBack:
    """Ask the video itself. `edge`: the list it would be in. Raises ProviderFailure.

    Published is proof of this very post, and its id is known. That the finish had no effect is certain only a while
    after it, and goes out again by itself only where the operator has allowed it.
    """
    if video is None:
        return _listed(means, edge, payload, access, since, end)
    status: VideoStatus | None = None
    try:
        timeout_s = min(left_s(end), means.settings.call_timeout_s)
        status = video_status(means.graph, video, access, timeout_s=timeout_s)
    except ProviderFailure as failed:
        if not is_not_there(failed.trace):
            raise
    if status is None:  # gone, or not shown yet: says nothing; what the list shows may
        found = _listed(means, edge, payload, access, since, end)
        return replace(found, complete=False, listed=found.complete, note=NOT_FOUND)
    if status.live:
        return _live(video, status, payload, since)
    complete, note = status.absence(waited=finished_long_ago(means, since))
    may_repeat = complete and not status.failed and means.settings.finish_again
    return ReadBack(
        complete=complete,
        matches=(),
        seen=0,
        trace_id=status.reply.trace_id,
        usage=status.reply.usage,
        note=note,
        may_repeat=may_repeat,
    )


def finished_long_ago(means: Means, since: datetime) -> bool:
    """Whether Facebook has had the time to say what came of a finish of that time."""
    return datetime.now(UTC).timestamp() - since.timestamp() >= means.settings.repeat_after_s


def _live(video: str, status: VideoStatus, payload: Payload, since: datetime) -> ReadBack:
    post = LivePost(
        provider_post_id=video,
        text=payload.text,
        link=None,
        created_at=max(status.published_at or since, since),
        permalink=status.permalink,
    )
    return ReadBack(
        complete=True,
        matches=(post,),
        seen=1,
        trace_id=status.reply.trace_id,
        usage=status.reply.usage,
        proof={"video": video, "publish_status": status.publish_status or "published", "post_id": status.post_id},
    )


def _listed(means: Means, edge: str, payload: Payload, access: Access, since: datetime, end: float) -> ReadBack:
    if time.monotonic() > end:
        return ReadBack(complete=False, matches=(), seen=0)
    shown = Edge(edge, _FIELDS, partial(_read, payload=payload))
    return look_through(means.graph, means.settings, access, shown, since=since, end=end)


def _read(item: Mapping[str, Any], *, payload: Payload) -> tuple[LivePost, Likeness] | None:
    video_id = hostile.identifier(item.get("id"))
    created_at = hostile.instant(item.get("created_time"))
    if video_id is None or created_at is None:
        return None
    description = item.get("description")
    said = description if isinstance(description, str) else ""
    post = LivePost(
        provider_post_id=video_id,
        text=hostile.text(said, limit=LONGEST_TEXT),
        link=None,
        created_at=created_at,
        permalink=address(item.get("permalink_url")),
    )
    if not payload.text.strip():  # nothing to tell one video without words from another
        return post, Likeness.OTHER if said.strip() else Likeness.NEAR
    if same_text(said, payload.text):
        return post, Likeness.SAME
    return post, Likeness.NEAR if resembles(said, payload.text, same_link=False) else Likeness.OTHER
