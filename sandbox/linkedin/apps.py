"""The two applications: Community Management must be an app's only product, so members' posts have another (2.9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sandbox.linkedin.facts import COMMUNITY_MANAGEMENT, SIGN_IN_AND_SHARE
from sandbox.port import App
from sandbox.seeding import hexadecimal

if TYPE_CHECKING:
    from sandbox.world import World

NAME = "Masthead"
ORGANIZATIONS, MEMBERS = "linkedin", "linkedin_member"
PRODUCTS = {ORGANIZATIONS: COMMUNITY_MANAGEMENT, MEMBERS: SIGN_IN_AND_SHARE}


def make(world: World) -> None:
    """Ids and secrets follow from the seed."""
    for provider in PRODUCTS:
        world.set_fact(f"{provider}.client_id", f"77{hexadecimal(world.seed, f'{provider} client')[:12]}")
        world.set_fact(f"{provider}.client_secret", hexadecimal(world.seed, f"{provider} client secret"))


def apps(world: World) -> Sequence[App]:
    """Both, as registered."""
    return tuple(_app(world, provider) for provider in PRODUCTS)


def find(world: World, client_id: str) -> App | None:
    """The app of this id."""
    return next((app for app in apps(world) if app.client_id == client_id), None)


def member_app(world: World) -> App:
    """The one by whose ids the sandbox itself knows members."""
    return _app(world, MEMBERS)


def products(app: App) -> Sequence[str]:
    """The scopes that an app's products give."""
    return PRODUCTS[app.provider]


def _app(world: World, provider: str) -> App:
    return App(
        provider,
        world.fact(f"{provider}.client_id"),
        world.fact(f"{provider}.client_secret"),
        (f"{world.settings.ingest_url}/oauth/{provider}/callback",),
    )
