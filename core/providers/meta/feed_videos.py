"""A video in a Page's feed: the finish of its upload makes it visible (meta 4.5, 12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.provider_kit.port import Steps
from core.provider_kit.types import Access, Payload, ReadBack, VisibleCall
from core.providers.meta.calls import visible_call
from core.providers.meta.graph import Reply
from core.providers.meta.page_forms import Means
from core.providers.meta.page_videos import read_back
from core.providers.meta.rupload import VIDEO
from core.providers.meta.videos import EDGE, PageVideos


@dataclass(frozen=True, slots=True)
class FeedVideos:
    """POST /{page}/videos with upload_phase=finish, at the host for videos."""

    means: Means
    edge: str = EDGE

    @property
    def host(self) -> str:
        """Where videos go (meta 0.2)."""
        return self.means.settings.video_url

    def prepare(self, payload: Payload, access: Access, steps: Steps) -> VisibleCall:
        """Send the video's bytes, as far as Facebook doesn't have them, and build the call. Raises ProviderFailure."""
        (item,) = payload.media
        uploads = PageVideos(self.means.settings, self.means.graph)
        video, session = uploads.ready(item, access, steps)
        form = {"upload_phase": "finish", "upload_session_id": session, **written(payload)}
        return visible_call(self.means.graph, self.means.path(access, self.edge), form, host=self.host, shows=video)

    def post_id(self, reply: Reply, call: VisibleCall, access: Access) -> str | None:
        """A yes says only that it is one; the video's id is known since its upload began."""
        del access
        return call.shows if reply.body.get("success") is True and call.shows else None

    def read_back(self, payload: Payload, access: Access, steps: Steps, *, since: datetime, end: float) -> ReadBack:
        """The video's own publishing phase, else /{page}/videos. Raises ProviderFailure."""
        return read_back(self.means, self.edge, steps.get(VIDEO), payload, access, since=since, end=end)


def written(payload: Payload) -> dict[str, str]:
    """What people read beside a video (meta 4.5, 4.6)."""
    title = payload.options.get("title")
    form = {"description": payload.text} if payload.text else {}
    return form | ({"title": title} if isinstance(title, str) and title else {})
