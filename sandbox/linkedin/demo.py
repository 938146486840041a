"""The organizations of the demo, and organizations in bulk for load runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sandbox.linkedin import apps, directory, tokens
from sandbox.linkedin.facts import ADMINISTRATOR, ANALYST, COMMUNITY_MANAGEMENT, CONTENT_ADMINISTRATOR

if TYPE_CHECKING:
    from sandbox.world import World


def make(world: World) -> None:
    """The seeded world: what each organization is there for stands beside it. Every person is a member."""
    apps.make(world)
    coffee = directory.add_organization(world, "Northwind Coffee")
    directory.add_role(world, coffee, "p-maya", ADMINISTRATOR)
    directory.add_role(world, coffee, "p-sara", CONTENT_ADMINISTRATOR)
    roastery = directory.add_organization(world, "Northwind Roastery")
    directory.add_role(world, roastery, "p-maya", ADMINISTRATOR)
    # Roles that may not publish (3.2), and one that was asked for and not given (3.1).
    foundation = directory.add_organization(world, "Northwind Foundation")
    directory.add_role(world, foundation, "p-maya", ANALYST)
    association = directory.add_organization(world, "Coffee Growers Association")
    directory.add_role(world, association, "p-maya", ADMINISTRATOR, "REQUESTED")
    museum = directory.add_organization(world, "Harbor Museum")
    directory.add_role(world, museum, "p-tomas", ADMINISTRATOR)
    directory.add_role(world, museum, "p-maya", CONTENT_ADMINISTRATOR)


def make_accounts(world: World, count: int, person_id: str, prefix: str) -> list[Mapping[str, str]]:
    """Organizations in bulk, with one token of their administrator for every scope of the app."""
    app = next(app for app in apps.apps(world) if app.provider == apps.ORGANIZATIONS)
    made: list[Mapping[str, str]] = []
    with world.write():
        access = tokens.issue(world, app, person_id, COMMUNITY_MANAGEMENT).access
        for turn in range(1, count + 1):
            organization = directory.add_organization(world, f"{prefix} {turn:04d}")
            directory.add_role(world, organization, person_id, ADMINISTRATOR)
            made.append({"id": organization.urn, "name": organization.name, "access_token": access.value})
    return made
