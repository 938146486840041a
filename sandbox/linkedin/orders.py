"""What a harness does to LinkedIn's world: tokens end, roles come and go (PRODUCT 8, linkedin 2.2, 3.1, 10.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from sandbox import people
from sandbox.control.bodies import Body, Unknown
from sandbox.linkedin import apps, directory, tokens
from sandbox.linkedin.directory import ORGANIZATION
from sandbox.linkedin.errors import EXPIRED, INVALID, RESTRICTED, REVOKED
from sandbox.linkedin.facts import ROLES, STATES

if TYPE_CHECKING:
    from sandbox.world import World

# Why LinkedIn, or the member under Permitted services, ends tokens.
REASONS = {"revoked": REVOKED, "invalid": INVALID, "expired": EXPIRED, "restricted": RESTRICTED}


class RevocationBody(Body):
    """The end of all tokens that a person gave an app, which is named as `/_sandbox/world` names it."""

    app: str = apps.ORGANIZATIONS
    person: str
    reason: Literal["revoked", "invalid", "expired", "restricted"] = "revoked"


class RoleBody(Body):
    """A person's only role on an organization from now on; null: none any more."""

    person: str
    account: str
    role: str | None
    state: str = "APPROVED"


def end_tokens(world: World, body: RevocationBody) -> dict[str, int]:
    """Access and refresh tokens alike; says how many ended. Consent is asked again."""
    app = next((each for each in apps.apps(world) if each.provider == body.app), None)
    if app is None:
        raise Unknown(f"there is no app '{body.app}'")
    _check_person(world, body.person)
    with world.write():
        return {"ended": tokens.kill_all(world, app.client_id, body.person, REASONS[body.reason])}


def set_role(world: World, body: RoleBody) -> dict[str, Any]:
    """Make this the role, whatever they had there before."""
    _check_person(world, body.person)
    organization = directory.find_organization(world, body.account.removeprefix(ORGANIZATION))
    if organization is None:
        raise Unknown(f"there is no organization '{body.account}'")
    if body.role not in (None, *ROLES) or body.state not in STATES:
        raise Unknown(f"a role is null or one of {sorted(ROLES)}, its state one of {sorted(STATES)}")
    with world.write():
        directory.take_roles(world, organization, body.person)
        if body.role is not None:
            directory.add_role(world, organization, body.person, body.role, body.state)
    return body.model_dump()


def _check_person(world: World, person_id: str) -> None:
    if people.find(world.db, person_id) is None:
        raise Unknown(f"there is no person '{person_id}'")


ORDERS: Mapping[str, tuple[type[BaseModel], Callable[[World, Any], Any]]] = {
    "revocations": (RevocationBody, end_tokens),
    "roles": (RoleBody, set_role),
}
