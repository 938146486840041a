"""May this caller do that in this author's name (linkedin 3.2)?"""

from __future__ import annotations

from sandbox.linkedin import directory
from sandbox.linkedin.directory import ORGANIZATION, PERSON
from sandbox.linkedin.errors import bad_input, not_allowed_value, not_permitted
from sandbox.linkedin.facts import POSTING_ROLES
from sandbox.linkedin.rest.request import RestRequest


def require_writing(request: RestRequest, author: str, field: str) -> str:
    """Posting, or uploading for, an author. Returns the account of the ledger that the author is."""
    if author.startswith(ORGANIZATION):
        request.require("w_organization_social")
        if not directory.has_role(request.world, request.person_id, author, POSTING_ROLES):
            raise not_allowed_value(f"/{field}")
        return author
    if author.startswith(PERSON):
        request.require("w_member_social")
        if author != directory.member_urn(request.world, request.app.client_id, request.person_id):
            raise not_allowed_value(f"/{field}")
        return directory.account_id(request.world, request.person_id)
    raise bad_input("INVALID_URN_TYPE", field, f"{field} must be the URN of a person or an organization")


def require_editing(request: RestRequest, account_id: str) -> None:
    """Changing or deleting a post of this account."""
    if account_id.startswith(ORGANIZATION):
        require_writing(request, account_id, "author")
        return
    request.require("w_member_social")
    if account_id != directory.account_id(request.world, request.person_id):
        raise not_permitted(request.address.tag(request.version))


def may_read(request: RestRequest, organization_urn: str) -> bool:
    """Does the member have a role that reads a Page's posts and pictures?"""
    return directory.has_role(request.world, request.person_id, organization_urn, POSTING_ROLES)
