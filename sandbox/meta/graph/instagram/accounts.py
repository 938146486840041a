"""`GET /{ig}`: the profile (meta 11.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox import ledger
from sandbox.meta.graph.fields import Field, Rule, read_node
from sandbox.meta.graph.instagram.rights import require_reading
from sandbox.meta.graph.nodes import INSTAGRAM_USER
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.instagram import InstagramAccount

if TYPE_CHECKING:
    from sandbox.world import World


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account in its world."""

    world: World
    account: InstagramAccount


RULES: dict[str, Rule[AccountView]] = {
    "id": Rule(lambda view: view.account.id),
    "username": Rule(lambda view: view.account.username),
    "name": Rule(lambda view: view.account.name),
    "biography": Rule(lambda view: view.account.biography),
    "website": Rule(lambda view: None),
    "profile_picture_url": Rule(lambda view: view.account.picture_url(view.world)),
    "followers_count": Rule(lambda view: 0),
    "follows_count": Rule(lambda view: 0),
    "media_count": Rule(lambda view: ledger.count_live(view.world.db, view.account.id, view.world.now)),
}
DEFAULT_FIELDS: Final = (Field("id"),)


def profile(request: GraphRequest, account: InstagramAccount) -> dict[str, Any]:
    """The asked fields."""
    require_reading(request, account)
    return show(request.world, account, request.fields or DEFAULT_FIELDS)


def show(world: World, account: InstagramAccount, fields: tuple[Field, ...]) -> dict[str, Any]:
    """An account with the asked fields."""
    return read_node(INSTAGRAM_USER, RULES, fields, AccountView(world, account))
