"""Posts of an Instagram account that are live: comment, take away; captions can't be changed (meta 5.6, 11.4)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from core.provider_kit import hostile
from core.provider_kit.errors import Rejected
from core.provider_kit.types import Access
from core.providers.meta import comments, live_changes
from core.providers.meta.comments import Comments
from core.providers.meta.failures import INSTAGRAM
from core.providers.meta.graph import Graph
from core.providers.meta.live_posts import left_s

_LISTED: Final = {"fields": "id,text,timestamp,username,from", "limit": "50"}


class InstagramLive:
    """`port.Live` for Instagram."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def comment(self, provider_post_id: str, text: str, access: Access, *, timeout_s: float) -> str:
        """Comment as the account, once. Raises ProviderFailure."""
        return live_changes.comment(self._graph, INSTAGRAM, provider_post_id, text, access, timeout_s=timeout_s)

    def find_comment(
        self, provider_post_id: str, text: str, access: Access, *, since: datetime, timeout_s: float
    ) -> str | None:
        """The account's own comment, by its name: the ids in `from` may be of another kind. Raises ProviderFailure."""
        live_changes.refuse_no_id(provider_post_id)
        end = time.monotonic() + timeout_s
        reply = self._graph.get(
            access.provider_account_id,
            token=access.token,
            params={"fields": "username"},
            timeout_s=left_s(end),
            correlation_id=access.correlation_id,
        )
        name = hostile.line(reply.body.get("username"), limit=100).lower()
        listed = Comments(_LISTED, "text", "timestamp", partial(_ours, access=access, name=name))
        return comments.find(self._graph, listed, provider_post_id, text, access, since=since, end=end)

    def edit(self, provider_post_id: str, text: str, access: Access, *, timeout_s: float) -> None:
        """Instagram has no way to do it. Raises Rejected."""
        del provider_post_id, text, access, timeout_s
        raise Rejected("Instagram can't change the text of a live post.", how_to_fix="Take it away and post it again.")

    def delete(self, provider_post_id: str, access: Access, *, timeout_s: float) -> None:
        """Take it away; what is gone counts as taken away. Raises ProviderFailure."""
        live_changes.delete(self._graph, provider_post_id, access, timeout_s=timeout_s)


def _ours(item: Mapping[str, Any], *, access: Access, name: str) -> bool | None:
    author = hostile.mapping(item.get("from"))
    if author.get("id") == access.provider_account_id:
        return True
    said = hostile.line(author.get("username") or item.get("username"), limit=100).lower()
    return said == name if said and name else None
