"""The person: `/me`, `/me/permissions`, `/me/accounts`, `/me/businesses` (meta 2.4, 2.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.meta import consent, directory, tokens
from sandbox.meta.errors import invalid, needs_page_token
from sandbox.meta.facts import ACCOUNTS_LIMIT
from sandbox.meta.graph import paging
from sandbox.meta.graph.fields import Field, Rule, read_node
from sandbox.meta.graph.nodes import PERSON
from sandbox.meta.graph.pages import list_page
from sandbox.meta.graph.request import GraphRequest
from sandbox.people import Person

if TYPE_CHECKING:
    from sandbox.world import World


@dataclass(frozen=True, slots=True)
class UserView:
    """A person as one caller sees them."""

    world: World
    app_id: str
    person: Person

    def email(self) -> str | None:
        """Only with the permission."""
        allowed = consent.has_scopes(self.world, self.app_id, self.person.id, ("email",))
        return self.person.email if allowed else None


RULES: dict[str, Rule[UserView]] = {
    "id": Rule(lambda view: directory.user_id(view.world, view.person.id)),
    "name": Rule(lambda view: view.person.name),
    "first_name": Rule(lambda view: view.person.name.split()[0]),
    "last_name": Rule(lambda view: view.person.name.split()[-1]),
    "email": Rule(UserView.email),
}
DEFAULT_FIELDS = (Field("name"), Field("id"))


def _person(request: GraphRequest, person: Person) -> Person:
    """People see themselves only; a Page token has no such edges (meta 2.6)."""
    if request.caller.kind != tokens.USER or request.caller.bearer.person_id != person.id:
        raise needs_page_token() if request.caller.kind == tokens.APP else invalid("You can only access yourself")
    return person


def profile(request: GraphRequest, person: Person) -> dict[str, Any]:
    """`GET /me`."""
    _person(request, person)
    view = UserView(request.world, request.caller.app_id, person)
    return read_node(PERSON, RULES, request.fields or DEFAULT_FIELDS, view)


def permissions(request: GraphRequest, person: Person) -> dict[str, Any]:
    """`GET /me/permissions`: what was granted and what was declined."""
    _person(request, person)
    statuses = consent.permissions(request.world, request.caller.app_id, person.id)
    return {"data": [{"permission": name, "status": status} for name, status in statuses.items()]}


def revoke(request: GraphRequest, person: Person) -> dict[str, Any]:
    """`DELETE /me/permissions[/{name}]`: one permission, or the whole app with all its tokens."""
    _person(request, person)
    world, app_id = request.world, request.caller.app_id
    scope = request.text("permission") or request.address.edge.partition("/")[2]
    with world.write():
        if scope:
            consent.decline(world, app_id, person.id, scope)
        else:
            tokens.kill_all(world, app_id, person.id, tokens.APP_REMOVED)
            consent.withdraw(world, app_id, person.id)
    return {"success": True}


def accounts(request: GraphRequest, person: Person) -> dict[str, Any]:
    """`GET /me/accounts`: Pages with a role of the person's own; those of a portfolio are missing (meta 2.4)."""
    _person(request, person)
    world, app_id = request.world, request.caller.app_id
    listed = consent.has_scopes(world, app_id, person.id, ("pages_show_list",))
    pages = directory.pages_of(world, person.id) if listed else []
    return list_page(request, pages, lambda page: page.business_id is None)


def businesses(request: GraphRequest, person: Person) -> dict[str, Any]:
    """`GET /me/businesses`: the way to the Pages that `/me/accounts` doesn't show; needs business_management."""
    _person(request, person)
    paging.read_limit(request, ACCOUNTS_LIMIT)
    allowed = consent.has_scopes(request.world, request.caller.app_id, person.id, ("business_management",))
    found = directory.businesses_of(request.world, person.id) if allowed else []
    return {"data": [{"id": business.id, "name": business.name} for business in found]}
