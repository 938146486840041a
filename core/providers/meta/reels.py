"""A reel on a Page: the finish of its upload makes it visible (meta 4.6, 12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.provider_kit.port import Steps
from core.provider_kit.types import Access, Payload, ReadBack, VisibleCall
from core.providers.meta.calls import visible_call
from core.providers.meta.feed_videos import written
from core.providers.meta.graph import Reply
from core.providers.meta.page_forms import Means
from core.providers.meta.page_videos import read_back
from core.providers.meta.rupload import VIDEO, Rupload


@dataclass(frozen=True, slots=True)
class Reels:
    """POST /{page}/video_reels with upload_phase=finish."""

    means: Means
    edge: str = "video_reels"
    host: str = ""

    def prepare(self, payload: Payload, access: Access, steps: Steps) -> VisibleCall:
        """Have the video at Facebook, whole and processed, and build the call. Raises ProviderFailure."""
        (item,) = payload.media
        video = Rupload(self.means.settings, self.means.graph, self.edge).ready(item, access, steps)
        form = {"video_id": video, "upload_phase": "finish", "video_state": "PUBLISHED", **written(payload)}
        return visible_call(self.means.graph, self.means.path(access, self.edge), form, shows=video)

    def post_id(self, reply: Reply, call: VisibleCall, access: Access) -> str | None:
        """The video's: a yes need not name anything (meta 14 row 6), and everything can be asked of the video."""
        del access
        return call.shows if reply.body.get("success") is True and call.shows else None

    def read_back(self, payload: Payload, access: Access, steps: Steps, *, since: datetime, end: float) -> ReadBack:
        """The video's own publishing phase, else /{page}/video_reels. Raises ProviderFailure."""
        return read_back(self.means, self.edge, steps.get(VIDEO), payload, access, since=since, end=end)
