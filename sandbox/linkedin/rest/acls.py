"""`/rest/organizationAcls`: who has which role on which Page (linkedin 3.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.linkedin import directory
from sandbox.linkedin.directory import ORGANIZATION, Role
from sandbox.linkedin.errors import bad_query, not_permitted
from sandbox.linkedin.facts import ADMINISTRATOR, ROLES, STATES
from sandbox.linkedin.rest.paging import PARAMETERS, sliced
from sandbox.linkedin.rest.request import RestRequest

OF_PERSON = PARAMETERS | {"q", "role", "state", "fields"}
OF_ORGANIZATION = OF_PERSON | {"organization"}
SCOPE = "rw_organization_admin"


def by_person(request: RestRequest) -> dict[str, Any]:
    """`q=roleAssignee`: the Pages of the member whose token it is, with every role unless one is asked."""
    request.require(SCOPE)
    return _listed(request, directory.roles_of(request.world, request.person_id))


def by_organization(request: RestRequest) -> dict[str, Any]:
    """`q=organization`: for its administrators."""
    request.require(SCOPE)
    urn = request.need("organization")
    if not urn.startswith(ORGANIZATION):
        raise bad_query("organization must be the URN of an organization")
    if not directory.has_role(request.world, request.person_id, urn, {ADMINISTRATOR}):
        raise not_permitted(request.address.tag(request.version))
    return _listed(request, directory.roles_on(request.world, urn.removeprefix(ORGANIZATION)))


def _listed(request: RestRequest, roles: Iterable[Role]) -> dict[str, Any]:
    role = _one_of(request, "role", ROLES)
    state = _one_of(request, "state", STATES)
    return sliced(
        request,
        [
            {
                "roleAssignee": directory.member_urn(request.world, request.app.client_id, each.person_id),
                "role": each.role,
                "organization": ORGANIZATION + each.organization_id,
                "state": each.state,
            }
            for each in roles
            if role in (None, each.role) and state in (None, each.state)
        ],
    )


def _one_of(request: RestRequest, name: str, known: frozenset[str]) -> str | None:
    value = request.text(name)
    if value is not None and value not in known:
        raise bad_query(f"{name} must be one of {', '.join(sorted(known))}")
    return value
