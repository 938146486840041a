"""Which Pages and Instagram accounts a grant reaches, and why some can't be chosen (meta 2.4, 2.9)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from pydantic import SecretStr

from core.provider_kit import hostile
from core.provider_kit.errors import ReconnectNeeded, Rejected
from core.provider_kit.types import OfferedAccount
from core.providers.meta.grants import Inspected, inspect
from core.providers.meta.graph import Graph
from core.providers.meta.paging import every_page
from core.providers.meta.settings import MetaSettings

_FIELDS: Final = "id,name,category,access_token,tasks"
_INSTAGRAM: Final = "id,username"
_MOST_BUSINESSES: Final = 50
# Both families of names are in use; full control includes creating content (meta 2.4 [SDK:Page.Tasks]).
_MAY_PUBLISH: Final = frozenset({"CREATE_CONTENT", "PROFILE_PLUS_CREATE_CONTENT", "PROFILE_PLUS_FULL_CONTROL"})


def accounts(graph: Graph, settings: MetaSettings, token: SecretStr) -> list[OfferedAccount]:
    """Every Page the person manages, by name, each before its Instagram account. Raises ProviderFailure.

    What can't be chosen says why.
    """
    return [account for page in pages(graph, settings, token, inspect(graph, token)) for account in page.offered()]


def pages(graph: Graph, settings: MetaSettings, token: SecretStr, granted: Inspected) -> list[Page]:
    """Every Page the person manages, by name. Raises ProviderFailure."""
    end = time.monotonic() + settings.accounts_timeout_s
    fields = _fields(settings, granted)
    found: dict[str, Page] = {}
    for page in every_page(graph, settings, token, end, "me", "accounts", fields=fields):
        _keep(found, page, granted, settings)
    # Without this permission the edges only refuse, so they are not asked.
    if settings.business_pages and "business_management" in granted.scopes:
        for page in _business_pages(graph, settings, token, end, fields=fields):
            _keep(found, page, granted, settings)
    return sorted(found.values(), key=lambda page: (page.name.lower(), page.page_id))


def _fields(settings: MetaSettings, granted: Inspected) -> str:
    """What is asked of each Page; of its Instagram account no picture without the permission to read it."""
    instagram = _INSTAGRAM
    if settings.page_pictures and "instagram_basic" in granted.scopes:
        instagram += ",profile_picture_url"
    picture = ",picture{url}" if settings.page_pictures else ""
    return f"{_FIELDS},instagram_business_account{{{instagram}}}{picture}"


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


def _keep(found: dict[str, Page], item: Mapping[str, Any], granted: Inspected, settings: MetaSettings) -> None:
    """Add a Page; of the same Page seen twice the one that can be chosen stays."""
    page_id = hostile.identifier(item.get("id"))
    if page_id is not None and not (page_id in found and not found[page_id].reason):
        found[page_id] = Page(page_id, item, granted, settings)


class Page:
    """A Page as it was listed, with the Instagram account that is linked to it.

    `no_scope` and `no_role` say why it can't be published on; empty where it can.
    """

    def __init__(self, page_id: str, item: Mapping[str, Any], granted: Inspected, settings: MetaSettings) -> None:
        token = item.get("access_token")
        self.page_id = page_id
        self.name = hostile.line(item.get("name"), limit=200) or page_id
        self.token = SecretStr(token) if isinstance(token, str) and token else None
        self._item = item
        self._granted = granted
        self._settings = settings
        self.no_scope = self._no_scope()
        self.no_role = self._no_role()
        self.reason = self.no_scope or self.no_role

    def offered(self) -> Iterator[OfferedAccount]:
        """The Page, then its Instagram account if it has one; both act with the Page's token."""
        picture = hostile.mapping(hostile.mapping(self._item.get("picture")).get("data"))
        yield OfferedAccount(
            network="facebook",
            provider_account_id=self.page_id,
            name=self.name,
            url=f"{self._settings.dialog_url}/{self.page_id}",
            picture_url=hostile.web_address(picture.get("url")),
            token=self.token,
            eligible=not self.reason,
            reason=self.reason,
        )
        linked, instagram_id = self._linked(), self.instagram_id
        if instagram_id is None:  # no professional account is linked (meta 2.4)
            return
        username = hostile.identifier(linked.get("username"))
        reason = self._no_instagram_scope(instagram_id) or self.no_role
        yield OfferedAccount(
            network="instagram",
            provider_account_id=instagram_id,
            name=username or instagram_id,
            url=f"{self._settings.instagram_url}/{username}/" if username else None,
            picture_url=hostile.web_address(linked.get("profile_picture_url")),
            token=self.token,
            eligible=not reason,
            reason=reason,
        )

    @property
    def instagram_id(self) -> str | None:
        """The professional account that is linked to it; of any other nothing is said (meta 2.4)."""
        return hostile.identifier(self._linked().get("id"))

    def _linked(self) -> Mapping[str, Any]:
        return hostile.mapping(self._item.get("instagram_business_account"))

    def _no_scope(self) -> str:
        for scope, words in (("pages_manage_posts", "publish on"), ("pages_read_engagement", "read posts of")):
            if not self._granted.covers(scope, self.page_id):
                return f"Masthead was not given the permission to {words} this Page. Connect again and choose the Page."
        return ""

    def _no_instagram_scope(self, instagram_id: str) -> str:
        """Meta 2.9: two permissions for the account, and one for its Page."""
        for scope, words, holder in (
            ("instagram_content_publish", "publish on", instagram_id),
            ("instagram_basic", "read", instagram_id),
        ):
            if not self._granted.covers(scope, holder):
                return (
                    f"Masthead was not given the permission to {words} this Instagram account."
                    " Connect again and choose the account."
                )
        if not self._granted.covers("pages_read_engagement", self.page_id):
            return f"Masthead was not given the permission to read its Page, {self.name}. Connect again and choose it."
        return ""

    def _no_role(self) -> str:
        """Why the person may not publish, empty if they may. The role on the Page holds for its Instagram account."""
        tasks = self._item.get("tasks")
        if isinstance(tasks, list) and not _MAY_PUBLISH.intersection(task for task in tasks if isinstance(task, str)):
            return "Your role on this Page doesn't include creating content. Ask someone with full control of it."
        if self.token is None:
            return "Facebook gives no access to this Page to you. Ask someone with full control of it for a role."
        return ""
