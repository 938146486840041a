"""`/rest/organizations` and `/rest/organizationsLookup` (linkedin 3.3). Keys are numbers here, never URNs."""

from __future__ import annotations

from typing import Any

from sandbox.linkedin import directory
from sandbox.linkedin.directory import ORGANIZATION, Organization
from sandbox.linkedin.errors import ApiError, malformed, not_found
from sandbox.linkedin.facts import ADMINISTRATOR
from sandbox.linkedin.rest.paging import PARAMETERS, batch, only, sliced
from sandbox.linkedin.rest.request import RestRequest

BATCH_PARAMETERS = frozenset({"ids", "fields"})
ENTITY_PARAMETERS = frozenset({"fields"})
VANITY_PARAMETERS = PARAMETERS | {"q", "vanityName", "fields"}
SCOPE = "rw_organization_admin"


def one(request: RestRequest) -> dict[str, Any]:
    """`GET /rest/organizations/{id}`: whole, for administrators."""
    request.require(SCOPE)
    return only(request, _whole(request, request.address.key or ""))


def several(request: RestRequest) -> dict[str, Any]:
    """`?ids=List(1001,1002)`."""
    request.require(SCOPE)
    _check_numbers(request)
    return batch(request, lambda key: only(request, _whole(request, key)))


def public(request: RestRequest) -> dict[str, Any]:
    """`organizationsLookup?ids=List(1001)`: public fields, for everybody."""
    request.require(SCOPE, "r_organization_social", "w_organization_social")
    _check_numbers(request)
    return batch(request, lambda key: only(request, _public(_found(request, key))))


def by_vanity_name(request: RestRequest) -> dict[str, Any]:
    """`q=vanityName`: public fields; none when there is no such Page."""
    request.require(SCOPE, "r_organization_social", "w_organization_social")
    found = directory.find_by_vanity_name(request.world, request.need("vanityName"))
    return sliced(request, [only(request, _public(found))] if found else [])


def _check_numbers(request: RestRequest) -> None:
    """URNs break the whole batch [O]."""
    for key in request.ids():
        if not key.isdigit():
            raise malformed(f"NumberFormatException parsing batch key '{key}'", None)


def _found(request: RestRequest, key: str) -> Organization:
    if not key.isdigit():
        raise malformed(f"Key value '{key}' must be of type 'java.lang.Long'", None)
    organization = directory.find_organization(request.world, key)
    if organization is None:
        raise not_found()
    return organization


def _whole(request: RestRequest, key: str) -> dict[str, Any]:
    organization = _found(request, key)
    if not directory.has_role(request.world, request.person_id, organization.urn, {ADMINISTRATOR}):
        message = "Viewer don't have permission to the ADMIN_ONLY VisibilityReduction for"
        raise ApiError(403, f"{message} {organization.urn}")
    return {**_public(organization), "versionTag": "1", "organizationType": "PRIVATELY_HELD", "industries": []}


def _public(organization: Organization) -> dict[str, Any]:
    locale = {"country": "US", "language": "en"}
    return {
        "id": int(organization.id),
        "$URN": ORGANIZATION + organization.id,
        "vanityName": organization.vanity_name,
        "localizedName": organization.name,
        "name": {"localized": {"en_US": organization.name}, "preferredLocale": locale},
        "primaryOrganizationType": "NONE",
        "defaultLocale": locale,
        "locations": [],
    }
