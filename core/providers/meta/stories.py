"""A photo or a video in a Page's story, and whether it is there (meta 4.7, 12)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from core.provider_kit import hostile
from core.provider_kit.errors import ProviderFailure
from core.provider_kit.port import Steps
from core.provider_kit.types import Access, LivePost, MediaKind, Payload, ReadBack, VisibleCall
from core.providers.meta.calls import is_not_there, visible_call
from core.providers.meta.graph import Reply
from core.providers.meta.live_posts import LEAST_TIME_S, Edge, Likeness, left_s, look_through
from core.providers.meta.page_forms import Means
from core.providers.meta.page_videos import NOT_FOUND, finished_long_ago
from core.providers.meta.photos import PHOTO, photos
from core.providers.meta.rupload import VIDEO, Rupload
from core.providers.meta.video_status import address, moment, video_status

_FIELDS: Final = "post_id,status,creation_time,media_type,media_id,url"
_UNASKED: Final = "No time was left to ask whether Facebook is still publishing the video."
_KINDS: Final[dict[str, MediaKind]] = {"photo": "image", "video": "video"}


@dataclass(frozen=True, slots=True)
class PhotoStories:
    """POST /{page}/photo_stories with a photo that was uploaded unseen."""

    means: Means
    edge: str = "photo_stories"
    host: str = ""

    def prepare(self, payload: Payload, access: Access, steps: Steps) -> VisibleCall:
        """Upload the photo, if it isn't there yet, and build the call. Raises ProviderFailure."""
        (photo,) = photos(self.means.graph, self.means.settings, payload.media, access, steps)
        return visible_call(self.means.graph, self.means.path(access, self.edge), {"photo_id": photo})

    def post_id(self, reply: Reply, call: VisibleCall, access: Access) -> str | None:
        """The story's (meta 4.7)."""
        del call, access
        return _post_id(reply)

    def read_back(self, payload: Payload, access: Access, steps: Steps, *, since: datetime, end: float) -> ReadBack:
        """Our photo among /{page}/stories. Raises ProviderFailure."""
        return _listed(self.means, steps.get(PHOTO), "image", access, since, end)


@dataclass(frozen=True, slots=True)
class VideoStories:
    """POST /{page}/video_stories with upload_phase=finish."""

    means: Means
    edge: str = "video_stories"
    host: str = ""

    def prepare(self, payload: Payload, access: Access, steps: Steps) -> VisibleCall:
        """Have the video at Facebook, whole and processed, and build the call. Raises ProviderFailure."""
        (item,) = payload.media
        video = Rupload(self.means.settings, self.means.graph, self.edge).ready(item, access, steps)
        form = {"video_id": video, "upload_phase": "finish"}
        return visible_call(self.means.graph, self.means.path(access, self.edge), form, shows=video)

    def post_id(self, reply: Reply, call: VisibleCall, access: Access) -> str | None:
        """The story's (meta 4.7), which isn't the video's."""
        del call, access
        return _post_id(reply)

    def read_back(self, payload: Payload, access: Access, steps: Steps, *, since: datetime, end: float) -> ReadBack:
        """Our video among /{page}/stories; while it isn't shown there, its own status tells. Raises ProviderFailure.

        An empty list alone is no absence: a story gets there only when Facebook is done with its video.
        """
        video = steps.get(VIDEO)
        found = _listed(self.means, video, "video", access, since, end)
        if found.matches or video is None:
            return found
        if end - time.monotonic() < LEAST_TIME_S:
            return replace(found, complete=False, note=_UNASKED)
        try:
            status = video_status(self.means.graph, video, access, timeout_s=left_s(end))
        except ProviderFailure as failed:
            if not is_not_there(failed.trace):
                raise
            return replace(found, complete=False, listed=found.complete, note=NOT_FOUND)
        if status.live:
            return replace(found, proof={"video": video, "publish_status": status.publish_status or "published"})
        absent, note = status.absence(waited=finished_long_ago(self.means, since))
        return replace(found, complete=found.complete and absent, note=note)


def address_of(means: Means, post_id: str, access: Access, *, timeout_s: float) -> str | None:
    """The public address of a live story; None while the list doesn't show it. Raises ProviderFailure."""
    reply = means.graph.get(
        access.provider_account_id,
        "stories",
        token=access.token,
        params={"fields": _FIELDS, "limit": "100"},
        timeout_s=timeout_s,
        correlation_id=access.correlation_id,
    )
    for item in map(hostile.mapping, hostile.items(reply.body.get("data"))):
        if item.get("post_id") == post_id:
            return address(item.get("url"))
    return None


def _post_id(reply: Reply) -> str | None:
    return hostile.identifier(reply.body.get("post_id")) if reply.body.get("success") is True else None


def _listed(
    means: Means, media_id: str | None, kind: MediaKind, access: Access, since: datetime, end: float
) -> ReadBack:
    edge = Edge("stories", _FIELDS, partial(_read, media_id=media_id, kind=kind))
    return look_through(means.graph, means.settings, access, edge, since=since, end=end)


def _read(item: Mapping[str, Any], *, media_id: str | None, kind: MediaKind) -> tuple[LivePost, Likeness] | None:
    """A story has no text: it is known by the photo or video in it, which was made for it alone."""
    post_id = hostile.identifier(item.get("post_id"))
    created_at = moment(item.get("creation_time"))
    if post_id is None or created_at is None:
        return None
    post = LivePost(post_id, "", None, created_at, address(item.get("url")))
    if media_id is not None:
        return post, Likeness.SAME if item.get("media_id") == media_id else Likeness.OTHER
    return post, Likeness.NEAR if _KINDS.get(str(item.get("media_type")).lower()) == kind else Likeness.OTHER
