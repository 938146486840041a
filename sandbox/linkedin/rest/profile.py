"""The member: `/v2/userinfo` (OpenID Connect) and `/rest/me` (linkedin 2.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox import people
from sandbox.linkedin import directory, links
from sandbox.linkedin.directory import PERSON
from sandbox.linkedin.errors import INVALID, dead_token, not_permitted
from sandbox.linkedin.rest.paging import only
from sandbox.linkedin.rest.request import RestRequest
from sandbox.linkedin.tokens import Token
from sandbox.people import Person

if TYPE_CHECKING:
    from sandbox.world import World

ME_PARAMETERS = frozenset({"fields"})


def userinfo(world: World, token: Token, scopes: frozenset[str]) -> dict[str, Any]:
    """Who the bearer is. An app without the sign-in product can't hold `openid`: 403."""
    if "openid" not in token.scopes & scopes:
        raise not_permitted("userinfo.GET.NO_VERSION")
    return claims(world, token)


def claims(world: World, token: Token) -> dict[str, Any]:
    """What the scopes of a token tell."""
    person = _person(world, token.person_id)
    told: dict[str, Any] = {"sub": _id(world, token.app_id, person)}
    if "profile" in token.scopes:
        first, _, last = person.name.partition(" ")
        told |= {"name": person.name, "given_name": first, "family_name": last}
        told |= {"picture": links.portrait(world, person.id), "locale": "en-US"}
    if "email" in token.scopes:
        told |= {"email": person.email, "email_verified": person.email_verified}
    return told


def me(request: RestRequest) -> dict[str, Any]:
    """`GET /rest/me`: for apps without OpenID."""
    request.require("r_basicprofile")
    person = _person(request.world, request.person_id)
    first, _, last = person.name.partition(" ")
    told = {
        "id": _id(request.world, request.app.client_id, person),
        "localizedFirstName": first,
        "localizedLastName": last,
        "vanityName": directory.profile_name(person),
        "localizedHeadline": "Works in this sandbox",
    }
    return only(request, told)


def _person(world: World, person_id: str) -> Person:
    person = people.find(world.db, person_id)
    if person is None:
        raise dead_token(INVALID)
    return person


def _id(world: World, app_id: str, person: Person) -> str:
    return directory.member_urn(world, app_id, person.id).removeprefix(PERSON)
