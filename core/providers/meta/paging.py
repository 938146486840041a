"""Going through the pages of an edge (meta 7.6)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from core.provider_kit import hostile
from core.provider_kit.errors import RetryLater
from core.providers.meta.graph import Graph
from core.providers.meta.settings import MetaSettings

_MOST_PAGES: Final = 20
_PAGING: Final = frozenset({"after", "until", "since", "offset", "limit", "__paging_token"})


def next_page(body: Mapping[str, Any]) -> dict[str, str] | None:
    """The parameters of the next page, None at the end.

    Only `next` says that there is more (meta 7.6). It is a whole address with the token in it, written by the other
    side: we take its paging parameters and ask our own address.
    """
    following = hostile.mapping(body.get("paging")).get("next")
    if not isinstance(following, str) or not following:
        return None
    try:
        given = dict(parse_qsl(urlsplit(following).query))
    except ValueError:
        given = {}
    return {name: value for name, value in given.items() if name in _PAGING}


def every_page(
    graph: Graph, settings: MetaSettings, token: SecretStr, end: float, *segments: str, fields: str
) -> Iterator[Mapping[str, Any]]:
    """All items of an edge, page by page, until `end` on the monotonic clock. Raises ProviderFailure."""
    params: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        left = end - time.monotonic()
        if left <= 0:
            break
        reply = graph.get(
            *segments,
            token=token,
            params={"fields": fields, "limit": "100", **params},
            timeout_s=min(left, settings.call_timeout_s),
        )
        yield from map(hostile.mapping, hostile.items(reply.body.get("data")))
        following = next_page(reply.body)
        if following is None:
            return
        if following == params:
            break
        params = following
    raise RetryLater("Facebook's list of Pages has no end.", how_to_fix="Press Connect again in some minutes.")
