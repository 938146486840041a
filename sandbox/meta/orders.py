"""What happens to people, tokens and the app outside of any call, on order of the control interface (meta 2.6, 2.7).

`POST /_sandbox/meta/<name>`; every order answers with how things stand then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel, Field

from sandbox import people
from sandbox.clock import iso
from sandbox.control.bodies import Body, Unknown
from sandbox.meta import app_mode, consent, directory, instagram, tokens
from sandbox.meta.directory import Page
from sandbox.meta.facts import FULL_TASKS, SCOPES

if TYPE_CHECKING:
    from sandbox.world import World

# Why a token can be dead (meta 2.7, 10.2).
Subcode = Literal[458, 459, 460, 463, 464, 467, 490, 492]


class PermissionBody(Body):
    """A permission that a person gives, takes back, or that lapses because it wasn't used."""

    person: str
    scope: str
    status: Literal["granted", "declined", "expired"]


class RoleBody(Body):
    """What a person may do on a Page from now on; no tasks are no role at all."""

    person: str
    page: str
    tasks: list[str] = Field(default_factory=lambda: list(FULL_TASKS))


class AppBody(Body):
    """The app in development mode works for `people` alone, those with a role on it."""

    mode: Literal["live", "development"]
    people: list[str] = Field(default_factory=list)


class TokenBody(Body):
    """Let a person's tokens die with a subcode, or expire in some seconds; Page tokens without a date keep none."""

    person: str
    subcode: Subcode | None = None
    expires_in_s: float | None = Field(default=None, ge=0)


class DataAccessBody(Body):
    """When the person's data access ends; negative: it has ended."""

    person: str
    ends_in_s: float


class InstagramBody(Body):
    """The Instagram account of a Page becomes professional, or personal, which no app sees."""

    page: str
    professional: bool


class BusinessBody(Body):
    """A Page goes into a portfolio of a person, or out of every one."""

    page: str
    person: str
    business: str | None


def set_permission(world: World, body: PermissionBody) -> dict[str, Any]:
    """One permission for the app."""
    _person(world, body.person)
    if body.scope not in SCOPES:
        raise Unknown(f"there is no permission '{body.scope}'")
    app_id = directory.app(world).client_id
    with world.write():
        consent.set_status(world, app_id, body.person, body.scope, body.status)
    return {"person": body.person, "permissions": consent.permissions(world, app_id, body.person)}


def set_role(world: World, body: RoleBody) -> dict[str, Any]:
    """A person's tasks on a Page."""
    _person(world, body.person)
    page = _page(world, body.page)
    with world.write():
        directory.set_role(world, page, body.person, body.tasks)
    return {"person": body.person, "page": page.id, "tasks": directory.tasks(world, body.person, page.id)}


def set_app(world: World, body: AppBody) -> dict[str, Any]:
    """The app's mode."""
    for person in body.people:
        _person(world, person)
    with world.write():
        app_mode.choose(world, body.mode, body.people)
    return {"mode": body.mode, "people": body.people}


def set_tokens(world: World, body: TokenBody) -> dict[str, Any]:
    """The end of a person's tokens."""
    _person(world, body.person)
    if (body.subcode is None) == (body.expires_in_s is None):
        raise Unknown("give either subcode or expires_in_s")
    app_id = directory.app(world).client_id
    with world.write():
        if body.subcode is not None:
            tokens.kill_all(world, app_id, body.person, body.subcode)
        else:
            tokens.expire_all(world, app_id, body.person, world.now + (body.expires_in_s or 0))
    return {"person": body.person, "tokens": tokens.count(world, app_id, body.person)}


def set_data_access(world: World, body: DataAccessBody) -> dict[str, Any]:
    """The end of a person's data access."""
    _person(world, body.person)
    app_id = directory.app(world).client_id
    with world.write():
        consent.end_access(world, app_id, body.person, world.now + body.ends_in_s)
    return {"person": body.person, "ends_at": iso(consent.access_ends_at(world, app_id, body.person))}


def set_instagram(world: World, body: InstagramBody) -> dict[str, Any]:
    """Of which kind the account of a Page is (meta 2.4, 5)."""
    page = _page(world, body.page)
    with world.write():
        if not instagram.set_professional(world, page.id, body.professional):
            raise Unknown(f"the Page '{page.id}' has no Instagram account")
    return body.model_dump()


def set_business(world: World, body: BusinessBody) -> dict[str, Any]:
    """Who owns a Page."""
    _person(world, body.person)
    page = _page(world, body.page)
    with world.write():
        business = directory.business_named(world, body.business, body.person) if body.business else None
        directory.set_owner(world, page, business)
    return {"page": page.id, "business": business.id if business else None}


def _person(world: World, person_id: str) -> None:
    if people.find(world.db, person_id) is None:
        raise Unknown(f"there is no person '{person_id}'")


def _page(world: World, page_id: str) -> Page:
    page = directory.find_page(world, page_id)
    if page is None:
        raise Unknown(f"there is no Page '{page_id}'")
    return page


ORDERS: Final[Mapping[str, tuple[type[BaseModel], Callable[[World, Any], Any]]]] = {
    "permissions": (PermissionBody, set_permission),
    "roles": (RoleBody, set_role),
    "app": (AppBody, set_app),
    "tokens": (TokenBody, set_tokens),
    "data-access": (DataAccessBody, set_data_access),
    "businesses": (BusinessBody, set_business),
    "instagram": (InstagramBody, set_instagram),
}
