"""May this caller do that in this author's name (linkedin 3.2)?"""

from __future__ import annotations

from sandbox.linkedin import directory
from sandbox.linkedin.directory import ORGANIZATION, PERSON
from sandbox.linkedin.errors import ApiError, bad_input, not_allowed_value
from sandbox.linkedin.facts import COMMENT_READING_ROLES, COMMENTING_ROLES, POSTING_ROLES
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
        raise request.refused()


def may_read(request: RestRequest, organization_urn: str) -> bool:
    """Does the member have a role that reads a Page's posts and pictures?"""
    return directory.has_role(request.world, request.person_id, organization_urn, POSTING_ROLES)


def require_commenting(request: RestRequest, actor: str, refusal: ApiError) -> str:
    """Commenting in the name of an actor, else the `refusal`. Returns the account of the ledger that the actor is.

    Other roles than for posts: who may only administer content can't comment [S].
    """
    if actor.startswith(ORGANIZATION):
        request.require("w_organization_social_feed")
        if not directory.has_role(request.world, request.person_id, actor, COMMENTING_ROLES):
            raise refusal
        return actor
    if actor.startswith(PERSON):
        enough = ("w_member_social", "w_member_social_feed")
        request.require(*enough[0 if request.world.option("linkedin", "member_comments") == "true" else 1 :])
        if actor != directory.member_urn(request.world, request.app.client_id, request.person_id):
            raise refusal
        return directory.account_id(request.world, request.person_id)
    raise bad_input("INVALID_URN_TYPE", "actor", "actor must be the URN of a person or an organization")


def may_read_comments(request: RestRequest, account_id: str) -> bool:
    """Those of a Page's posts, with a role there. Members' need the closed r_member_social_feed (2.8)."""
    if not account_id.startswith(ORGANIZATION):
        return False
    return directory.has_role(request.world, request.person_id, account_id, COMMENT_READING_ROLES)
