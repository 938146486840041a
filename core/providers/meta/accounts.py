"""Which Pages a grant reaches, and why some can't be chosen (meta 2.4, 2.9)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from core.provider_kit import hostile
from core.provider_kit.errors import ReconnectNeeded, Rejected, RetryLater
from core.provider_kit.types import OfferedAccount
from core.providers.meta.grants import Inspected, inspect
from core.providers.meta.graph import Graph
from core.providers.meta.settings import MetaSettings

_FIELDS: Final = "id,name,category,access_token,tasks,instagram_business_account{id,username}"
_PICTURE: Final = "picture{url}"
_MOST_PAGES: Final = 20
_MOST_BUSINESSES: Final = 50
# Both families of names are in use; full control includes creating content (meta 2.4 [SDK:Page.Tasks]).
_MAY_PUBLISH: Final = frozenset({"CREATE_CONTENT", "PROFILE_PLUS_CREATE_CONTENT", "PROFILE_PLUS_FULL_CONTROL"})
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


def accounts(graph: Graph, settings: MetaSettings, token: SecretStr) -> list[OfferedAccount]:
    """Every Page the person manages, by name; with the reason where one can't be chosen. Raises ProviderFailure."""
    end = time.monotonic() + settings.accounts_timeout_s
    granted = inspect(graph, token)
    fields = f"{_FIELDS},{_PICTURE}" if settings.page_pictures else _FIELDS
    found: dict[str, OfferedAccount] = {}
    for page in every_page(graph, settings, token, end, "me", "accounts", fields=fields):
        _keep(found, page, granted)
    # Without this permission the edges only refuse, so they are not asked.
    if settings.business_pages and "business_management" in granted.scopes:
        for page in _business_pages(graph, settings, token, end, fields=fields):
            _keep(found, page, granted)
    return sorted(found.values(), key=lambda account: (account.name.lower(), account.provider_account_id))


def _business_pages(
    graph: Graph, settings: MetaSettings, token: SecretStr, end: float, *, fields: str
) -> Iterator[Mapping[str, Any]]:
    """Pages reached only through a Business portfolio. A portfolio that may not be listed hides its own Pages alone."""
    businesses = _listed(every_page(graph, settings, token, end, "me", "businesses", fields="id"))
    for business in islice(businesses, _MOST_BUSINESSES):
        business_id = hostile.identifier(business.get("id"))
        if business_id is not None:
            for edge in ("owned_pages", "client_pages"):
                yield from _listed(every_page(graph, settings, token, end, business_id, edge, fields=fields))


def _listed(items: Iterator[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The items as far as the network lists them."""
    try:
        yield from items
    except (ReconnectNeeded, Rejected):
        return


def _keep(found: dict[str, OfferedAccount], page: Mapping[str, Any], granted: Inspected) -> None:
    """Add a Page; of the same Page seen twice the one that can be chosen stays."""
    page_id = hostile.identifier(page.get("id"))
    if page_id is None or (page_id in found and found[page_id].eligible):
        return
    picture = hostile.mapping(hostile.mapping(page.get("picture")).get("data"))
    token = page.get("access_token")
    held = SecretStr(token) if isinstance(token, str) and token else None
    reason = _reason(page, page_id, has_token=held is not None, granted=granted)
    found[page_id] = OfferedAccount(
        network="facebook",
        provider_account_id=page_id,
        name=hostile.line(page.get("name"), limit=200) or page_id,
        url=f"https://www.facebook.com/{page_id}",
        picture_url=hostile.web_address(picture.get("url")),
        token=held,
        eligible=not reason,
        reason=reason,
    )


def _reason(page: Mapping[str, Any], page_id: str, *, has_token: bool, granted: Inspected) -> str:
    """Why a Page can't be chosen, empty if it can."""
    for scope, words in (("pages_manage_posts", "publish on"), ("pages_read_engagement", "read posts of")):
        if not granted.covers(scope, page_id):
            return f"Masthead was not given the permission to {words} this Page. Connect again and choose the Page."
    tasks = page.get("tasks")
    if isinstance(tasks, list) and not _MAY_PUBLISH.intersection(task for task in tasks if isinstance(task, str)):
        return "Your role on this Page doesn't include creating content. Ask someone with full control of it."
    if not has_token:
        return "Facebook gives no access to this Page to you. Ask someone with full control of it for a role."
    return ""
