"""The two applications: Community Management must be an app's only product, so members' posts have another (2.9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sandbox.linkedin.facts import PRODUCTS
from sandbox.port import App
from sandbox.seeding import hexadecimal

if TYPE_CHECKING:
    from sandbox.world import World

NAME = "Masthead"
ORGANIZATIONS, MEMBERS = "linkedin", "linkedin_member"
# The option that says which products each of them has.
GRANTED = {ORGANIZATIONS: "products", MEMBERS: "member_products"}


def make(world: World) -> None:
    """Ids and secrets follow from the seed."""
    for provider in GRANTED:
        world.set_fact(f"{provider}.client_id", f"77{hexadecimal(world.seed, f'{provider} client')[:12]}")
        world.set_fact(f"{provider}.client_secret", hexadecimal(world.seed, f"{provider} client secret"))


def apps(world: World) -> Sequence[App]:
    """Both, as registered."""
    return tuple(_app(world, provider) for provider in GRANTED)


def find(world: World, client_id: str) -> App | None:
    """The app of this id."""
    return next((app for app in apps(world) if app.client_id == client_id), None)


def member_app(world: World) -> App:
    """The one by whose ids the sandbox itself knows members."""
    return _app(world, MEMBERS)


def scopes(world: World, app: App) -> frozenset[str]:
    """What an app's products give. One that LinkedIn took away, or never granted, gives nothing (2.9)."""
    granted = world.option("linkedin", GRANTED[app.provider]).split(",")
    return frozenset(scope for product in granted for scope in PRODUCTS.get(product.strip(), ()))


def _app(world: World, provider: str) -> App:
    return App(
        provider,
        world.fact(f"{provider}.client_id"),
        world.fact(f"{provider}.client_secret"),
        (f"{world.settings.ingest_url}/oauth/{provider}/callback",),
    )
