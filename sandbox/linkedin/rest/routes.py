"""Every call that `/rest` takes: resource, Rest.li method, finder or action; with which parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.linkedin.assets import AssetKind
from sandbox.linkedin.rest import acls, changing, comments, creating, organizations, profile, reading, uploads
from sandbox.linkedin.rest.request import Address, RestRequest


@dataclass(frozen=True, slots=True)
class Route:
    """A call: its status on success, and what it does. None is an empty body."""

    handle: Callable[[RestRequest], dict[str, Any] | None]
    parameters: frozenset[str]
    status: int = 200


COMMENTS = "socialActions/comments"
ROUTES: dict[tuple[str, str, str | None], Route] = {
    ("me", "GET", None): Route(profile.me, profile.ME_PARAMETERS),
    ("organizationAcls", "FINDER", "roleAssignee"): Route(acls.by_person, acls.OF_PERSON),
    ("organizationAcls", "FINDER", "organization"): Route(acls.by_organization, acls.OF_ORGANIZATION),
    ("organizations", "GET", None): Route(organizations.one, organizations.ENTITY_PARAMETERS),
    ("organizations", "BATCH_GET", None): Route(organizations.several, organizations.BATCH_PARAMETERS),
    ("organizations", "FINDER", "vanityName"): Route(organizations.by_vanity_name, organizations.VANITY_PARAMETERS),
    ("organizationsLookup", "BATCH_GET", None): Route(organizations.public, organizations.BATCH_PARAMETERS),
    ("images", "ACTION", "initializeUpload"): Route(uploads.initialize(AssetKind.IMAGE), uploads.ACTION_PARAMETERS),
    ("documents", "ACTION", "initializeUpload"): Route(
        uploads.initialize(AssetKind.DOCUMENT), uploads.ACTION_PARAMETERS
    ),
    ("videos", "ACTION", "initializeUpload"): Route(uploads.initialize_video, uploads.ACTION_PARAMETERS),
    ("videos", "ACTION", "finalizeUpload"): Route(uploads.finalize_video, uploads.ACTION_PARAMETERS),
    **{(f"{kind}s", "GET", None): Route(uploads.one(kind), uploads.ENTITY_PARAMETERS) for kind in AssetKind},
    **{(f"{kind}s", "BATCH_GET", None): Route(uploads.several(kind), uploads.BATCH_PARAMETERS) for kind in AssetKind},
    ("posts", "CREATE", None): Route(creating.create, creating.CREATE_PARAMETERS, 201),
    ("posts", "GET", None): Route(reading.one, reading.ENTITY_PARAMETERS),
    ("posts", "BATCH_GET", None): Route(reading.several, reading.BATCH_PARAMETERS),
    ("posts", "FINDER", "author"): Route(reading.by_author, reading.AUTHOR_PARAMETERS),
    ("posts", "PARTIAL_UPDATE", None): Route(changing.edit, changing.PATCH_PARAMETERS, 204),
    ("posts", "DELETE", None): Route(changing.delete, changing.PATCH_PARAMETERS, 204),
    ("socialActions", "GET", None): Route(comments.summary, comments.SUMMARY_PARAMETERS),
    ("socialActions", "BATCH_GET", None): Route(comments.summaries, comments.BATCH_PARAMETERS),
    (COMMENTS, "CREATE", None): Route(comments.create, comments.CREATE_PARAMETERS, 201),
    (COMMENTS, "GET_ALL", None): Route(comments.every, comments.LIST_PARAMETERS),
    (COMMENTS, "GET", None): Route(comments.one, comments.ENTITY_PARAMETERS),
    (COMMENTS, "BATCH_GET", None): Route(comments.several, comments.BATCH_PARAMETERS),
    (COMMENTS, "PARTIAL_UPDATE", None): Route(comments.edit, comments.CHANGE_PARAMETERS, 204),
    (COMMENTS, "DELETE", None): Route(comments.delete, comments.CHANGE_PARAMETERS, 204),
}


def find_route(address: Address) -> Route | None:
    """The route of a call."""
    return ROUTES.get((address.resource, address.method, address.name))
