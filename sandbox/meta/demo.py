"""The Pages of the demo, and Pages in bulk for load runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sandbox.meta import consent, directory, tokens
from sandbox.meta.facts import FULL_TASKS, SCOPES

if TYPE_CHECKING:
    from sandbox.world import World

STORES = 30


def make(world: World) -> None:
    """The seeded world: what each Page is there for stands beside it."""
    directory.make_app(world)
    portfolio = directory.add_business(world, "Northwind Group", "p-maya")
    for name, category in (("Northwind Coffee", "Coffee Shop"), ("Northwind Careers", "Company")):
        page = directory.add_page(world, name, category)
        for person in ("p-maya", "p-sara"):
            directory.add_role(world, page, person, FULL_TASKS)
    # Owned by a portfolio: /me/accounts doesn't list it (meta 2.4).
    wholesale = directory.add_page(world, "Northwind Wholesale", "Wholesaler", portfolio.id)
    directory.add_role(world, wholesale, "p-maya", FULL_TASKS)
    # Too few tasks to publish (meta 2.9).
    events = directory.add_page(world, "Northwind Events", "Event")
    directory.add_role(world, events, "p-maya", ("ANALYZE",))
    museum = directory.add_page(world, "Harbor Museum", "Museum")
    for person in ("p-tomas", "p-maya"):
        directory.add_role(world, museum, person, FULL_TASKS)
    # Enough of them that a client which doesn't follow paging misses some.
    for turn in range(1, STORES + 1):
        store = directory.add_page(world, f"Northwind Store {turn:02d}", "Coffee Shop")
        directory.add_role(world, store, "p-maya", FULL_TASKS)


def make_accounts(world: World, count: int, person_id: str, prefix: str) -> list[Mapping[str, str]]:
    """Pages in bulk, with the token of a person who granted everything for good."""
    app_id = directory.app(world).client_id
    made: list[Mapping[str, str]] = []
    with world.write():
        consent.grant(world, app_id, person_id, tuple(SCOPES), (), consent.ALL_PAGES)
        user = tokens.issue_user(world, app_id, person_id, long_lived=True)
        for turn in range(1, count + 1):
            page = directory.add_page(world, f"{prefix} {turn:04d}", "Load test")
            directory.add_role(world, page, person_id, FULL_TASKS)
            made.append({"id": page.id, "name": page.name, "page_token": tokens.page_token(world, user, page.id)})
    return made
