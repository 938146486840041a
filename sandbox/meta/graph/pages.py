"""Facebook Pages: their fields, and lists of them (meta 2.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.meta import consent, directory, instagram, tokens
from sandbox.meta.directory import Business, Page
from sandbox.meta.errors import cannot_read, missing_object
from sandbox.meta.facts import ACCOUNTS_LIMIT, CDN, WWW
from sandbox.meta.graph import paging
from sandbox.meta.graph.fields import Field, Rule, read_node
from sandbox.meta.graph.instagram import accounts as instagram_accounts
from sandbox.meta.graph.nodes import PAGE_NODE
from sandbox.meta.graph.request import GraphRequest


@dataclass(frozen=True, slots=True)
class PageView:
    """A Page as one caller sees it."""

    request: GraphRequest
    page: Page

    def access_token(self) -> str | None:
        """The Page's token, for a person with a role whose consent covers the Page."""
        token = self.request.caller.bearer
        world = self.request.world
        if token.page_id == self.page.id:
            return token.value
        if token.page_id is not None or not self.tasks():
            return None
        if not consent.covers(world, token.app_id, token.person_id, self.page.id):
            return None
        # A read may issue a token, so this read writes.
        with world.write():
            return tokens.page_token(world, token, self.page.id)

    def tasks(self) -> list[str] | None:
        """What the caller's person may do here."""
        token = self.request.caller.bearer
        return directory.tasks(self.request.world, token.person_id, self.page.id) or None

    def instagram_account(self) -> dict[str, Any] | None:
        """The linked professional account; apps without `instagram_basic` don't see it (meta 2.4, 2.9)."""
        token, world = self.request.caller.bearer, self.request.world
        account = instagram.of_page(world, self.page.id)
        if account is None or not consent.has_scopes(world, token.app_id, token.person_id, ("instagram_basic",)):
            return None
        return instagram_accounts.show(world, account, tuple(Field(name) for name in instagram_accounts.RULES))

    def picture(self) -> dict[str, Any]:
        """The profile picture."""
        url = f"{self.request.world.settings.own_url}/{CDN}/{self.page.id}.svg"
        return {"data": {"height": 50, "is_silhouette": False, "url": url, "width": 50}}


RULES: dict[str, Rule[PageView]] = {
    "id": Rule(lambda view: view.page.id),
    "name": Rule(lambda view: view.page.name),
    "username": Rule(lambda view: view.page.username),
    "about": Rule(lambda view: view.page.about),
    "category": Rule(lambda view: view.page.category),
    "category_list": Rule(
        lambda view: [{"id": str(2000 + len(view.page.category)), "name": view.page.category}], ("id", "name")
    ),
    "link": Rule(lambda view: f"{view.request.world.settings.own_url}/{WWW}/{view.page.id}"),
    "picture": Rule(PageView.picture, ("url", "height", "width", "is_silhouette", "data")),
    "followers_count": Rule(lambda view: 0),
    "fan_count": Rule(lambda view: 0),
    "is_published": Rule(lambda view: True),
    "tasks": Rule(PageView.tasks),
    "access_token": Rule(PageView.access_token),
    "instagram_business_account": Rule(
        PageView.instagram_account, tuple(instagram_accounts.RULES), instagram_accounts.DEFAULT_FIELDS
    ),
}
DEFAULT_FIELDS = (Field("name"), Field("id"))
LIST_FIELDS = tuple(Field(name) for name in ("access_token", "category", "category_list", "name", "id", "tasks"))


def details(request: GraphRequest, page: Page) -> dict[str, Any]:
    """`GET /{page}`: for the Page itself and for people with a role on it."""
    token = request.caller.bearer
    if token.page_id not in (None, page.id):
        raise cannot_read("pages_read_engagement")
    if not directory.tasks(request.world, token.person_id, page.id):
        raise cannot_read("pages_read_engagement")
    if not consent.covers(request.world, token.app_id, token.person_id, page.id):
        raise missing_object(request.method, page.id)
    return read_node(PAGE_NODE, RULES, request.fields or DEFAULT_FIELDS, PageView(request, page))


def owned_pages(request: GraphRequest, business: Business) -> dict[str, Any]:
    """`GET /{business}/owned_pages` (meta 2.4): needs business_management and a place in the portfolio."""
    return list_page(request, _business_pages(request, business), lambda page: True)


def client_pages(request: GraphRequest, business: Business) -> dict[str, Any]:
    """`GET /{business}/client_pages`: Pages of others that the portfolio works for; this world has none."""
    _business_pages(request, business)
    return list_page(request, [], lambda page: True)


def _business_pages(request: GraphRequest, business: Business) -> list[Page]:
    token, world = request.caller.bearer, request.world
    if business not in directory.businesses_of(world, token.person_id):
        raise missing_object(request.method, business.id)
    if not consent.has_scopes(world, token.app_id, token.person_id, ("business_management",)):
        raise cannot_read("business_management")
    return directory.pages_of_business(world, business.id, token.person_id)


def list_page(request: GraphRequest, pages: list[Page], shown: Callable[[Page], bool]) -> dict[str, Any]:
    """One page of a list of Pages. What isn't shown is left out after cutting, as Graph does (meta 7.6)."""
    limit = paging.read_limit(request, ACCOUNTS_LIMIT)
    after, before = paging.read_cursor(request, "after", 1), paging.read_cursor(request, "before", 1)
    if before is not None:
        cut = [page for page in pages if page.number < before[0]][-limit:]
    else:
        cut = [page for page in pages if after is None or page.number > after[0]][:limit]
    token = request.caller.bearer
    fields = request.fields or LIST_FIELDS
    data = [
        read_node(PAGE_NODE, RULES, fields, PageView(request, page))
        for page in cut
        if shown(page) and consent.covers(request.world, token.app_id, token.person_id, page.id)
    ]
    if not cut:
        return {"data": data}
    first, last = cut[0], cut[-1]
    return paging.page(
        request, data, (first.number,), (last.number,), more=last != pages[-1], earlier=first != pages[0]
    )
