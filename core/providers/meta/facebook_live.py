"""Posts of a Page that are live: comment, change the text, take away (meta 4.3, 4.5, 11.3)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from core.provider_kit import hostile
from core.provider_kit.errors import RetryLater
from core.provider_kit.types import Access
from core.providers.meta import comments, live_changes
from core.providers.meta.comments import Comments
from core.providers.meta.failures import FACEBOOK
from core.providers.meta.graph import Graph
from core.providers.meta.live_posts import left_s
from core.providers.meta.video_status import video_status

_LISTED: Final = {
    "filter": "toplevel",
    "order": "reverse_chronological",
    "limit": "100",
    "fields": "id,message,from{id},created_time",
}


class FacebookLive:
    """`port.Live` for Facebook."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def comment(self, provider_post_id: str, text: str, access: Access, *, timeout_s: float) -> str:
        """Comment as the Page, once. Raises ProviderFailure."""
        end = time.monotonic() + timeout_s
        post_id = self._post(provider_post_id, access, timeout_s=timeout_s)
        return live_changes.comment(self._graph, FACEBOOK, post_id, text, access, timeout_s=left_s(end))

    def find_comment(
        self, provider_post_id: str, text: str, access: Access, *, since: datetime, timeout_s: float
    ) -> str | None:
        """The Page's own comment; by `from`, which is there with its own token. Raises ProviderFailure."""
        end = time.monotonic() + timeout_s
        post_id = self._post(provider_post_id, access, timeout_s=timeout_s)
        listed = Comments(_LISTED, "message", "created_time", partial(_ours, access=access))
        return comments.find(self._graph, listed, post_id, text, access, since=since, end=end)

    def edit(self, provider_post_id: str, text: str, access: Access, *, timeout_s: float) -> None:
        """The text of a post, which Masthead itself must have made (meta 4.3 [M:posts]). Raises ProviderFailure.

        Posts of the feed are `{page}_{post}` (meta 0.2); any other id is a video's, whose text is its description.
        """
        live_changes.refuse_no_id(provider_post_id)
        reply = self._graph.change(
            provider_post_id,
            token=access.token,
            form={"message" if "_" in provider_post_id else "description": text},
            timeout_s=timeout_s,
            correlation_id=access.correlation_id,
        )
        if reply.body.get("success") is not True:
            raise live_changes.unclear(FACEBOOK, "doesn't say that the text was changed", reply)

    def delete(self, provider_post_id: str, access: Access, *, timeout_s: float) -> None:
        """Take it away; what is gone counts as taken away. Raises ProviderFailure."""
        live_changes.delete(self._graph, provider_post_id, access, timeout_s=timeout_s)

    def _post(self, provider_post_id: str, access: Access, *, timeout_s: float) -> str:
        """The post to comment on: comments are made on posts (meta 11.3), and a video names the one that shows it."""
        live_changes.refuse_no_id(provider_post_id)
        if "_" in provider_post_id:
            return provider_post_id
        post_id = video_status(self._graph, provider_post_id, access, timeout_s=timeout_s).post_id
        if post_id is None:
            raise RetryLater("Facebook hasn't made the post of this video yet.")
        return post_id if "_" in post_id else f"{access.provider_account_id}_{post_id}"


def _ours(item: Mapping[str, Any], *, access: Access) -> bool | None:
    author = hostile.mapping(item.get("from")).get("id")
    return None if author is None else author == access.provider_account_id
