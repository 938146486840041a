"""The Pages and Instagram accounts of the demo, and some in bulk for load runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sandbox.meta import consent, directory, instagram, tokens
from sandbox.meta.directory import Page
from sandbox.meta.facts import FULL_TASKS, SCOPES

if TYPE_CHECKING:
    from sandbox.world import World

STORES = 30


def make(world: World) -> None:
    """The seeded world: what each Page is there for stands beside it."""
    directory.make_app(world)
    portfolio = directory.business_named(world, "Northwind Group", "p-maya")
    # Careers has no Instagram account.
    coffee, careers = (
        directory.add_page(world, name, category)
        for name, category in (("Northwind Coffee", "Coffee Shop"), ("Northwind Careers", "Company"))
    )
    for page in (coffee, careers):
        for person in ("p-maya", "p-sara"):
            directory.add_role(world, page, person, FULL_TASKS)
    instagram.add(world, coffee, "northwind.coffee")
    # Owned by a portfolio: /me/accounts doesn't list it (meta 2.4).
    wholesale = directory.add_page(world, "Northwind Wholesale", "Wholesaler", portfolio.id)
    directory.add_role(world, wholesale, "p-maya", FULL_TASKS)
    instagram.add(world, wholesale, "northwind.wholesale")
    # Too few tasks to publish (meta 2.9), on its Instagram account neither.
    events = directory.add_page(world, "Northwind Events", "Event")
    directory.add_role(world, events, "p-maya", ("ANALYZE",))
    instagram.add(world, events, "northwind.events")
    museum = directory.add_page(world, "Harbor Museum", "Museum")
    for person in ("p-tomas", "p-maya"):
        directory.add_role(world, museum, person, FULL_TASKS)
    instagram.add(world, museum, "harbor.museum")
    # Enough of them that a client which doesn't follow paging misses some.
    for turn in range(1, STORES + 1):
        store = directory.add_page(world, f"Northwind Store {turn:02d}", "Coffee Shop")
        directory.add_role(world, store, "p-maya", FULL_TASKS)
        if turn == 1:
            # A personal account: no app sees it (meta 2.4, 5).
            instagram.add(world, store, "northwind.store01", professional=False)


def make_accounts(world: World, count: int, person_id: str, prefix: str) -> list[Mapping[str, str]]:
    """Pages in bulk, with the token of a person who granted everything for good."""
    with world.write():
        return [made for made, _ in _make(world, count, person_id, prefix)]


def make_instagram_accounts(world: World, count: int, person_id: str, prefix: str) -> list[Mapping[str, str]]:
    """The same, each Page with a professional Instagram account."""
    with world.write():
        return [
            {**made, "instagram_id": instagram.add(world, page, f"account.{page.id}").id}
            for made, page in _make(world, count, person_id, prefix)
        ]


def _make(world: World, count: int, person_id: str, prefix: str) -> list[tuple[Mapping[str, str], Page]]:
    app_id = directory.app(world).client_id
    consent.grant(world, app_id, person_id, tuple(SCOPES), (), consent.ALL_PAGES)
    user = tokens.issue_user(world, app_id, person_id, long_lived=True)
    made: list[tuple[Mapping[str, str], Page]] = []
    for turn in range(1, count + 1):
        page = directory.add_page(world, f"{prefix} {turn:04d}", "Load test")
        directory.add_role(world, page, person_id, FULL_TASKS)
        token = tokens.page_token(world, user, page.id)
        made.append(({"id": page.id, "name": page.name, "page_token": token}, page))
    return made
