"""A post in a Page's feed: text, a link, or photos (meta 4.2, 4.4, 11.1, 12)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from core.provider_kit import hostile
from core.provider_kit.port import Steps
from core.provider_kit.types import Access, Payload, ReadBack, VisibleCall
from core.providers.meta.calls import visible_call
from core.providers.meta.facebook_posts import published_posts
from core.providers.meta.graph import Reply
from core.providers.meta.live_posts import look_through
from core.providers.meta.page_forms import Means
from core.providers.meta.photos import kept_photos, photos


@dataclass(frozen=True, slots=True)
class FeedPosts:
    """POST /{page}/feed, with photos that were uploaded unseen."""

    means: Means
    edge: str = "feed"
    host: str = ""

    def prepare(self, payload: Payload, access: Access, steps: Steps) -> VisibleCall:
        """Upload the photos that aren't there yet, and build the call. Raises ProviderFailure."""
        form = {"message": payload.text} if payload.text else {}
        if payload.link is not None:
            form["link"] = payload.link
        uploaded = photos(self.means.graph, self.means.settings, payload.media, access, steps)
        for place, photo_id in enumerate(uploaded):  # meta 4.4: their order is the order shown [G]
            form[f"attached_media[{place}]"] = json.dumps({"media_fbid": photo_id}, separators=(",", ":"))
        return visible_call(self.means.graph, self.means.path(access, self.edge), form)

    def post_id(self, reply: Reply, call: VisibleCall, access: Access) -> str | None:
        """An id that isn't of this Page (meta 0.2: `{page-id}_{post-id}`) is no proof of our post."""
        del call
        found = hostile.identifier(reply.body.get("id"))
        return found if found is not None and found.startswith(f"{access.provider_account_id}_") else None

    def read_back(self, payload: Payload, access: Access, steps: Steps, *, since: datetime, end: float) -> ReadBack:
        """Look through /{page}/published_posts back to `since`. Raises ProviderFailure."""
        edge = published_posts(payload, kept_photos(payload.media, steps))
        return look_through(self.means.graph, self.means.settings, access, edge, since=since, end=end)
