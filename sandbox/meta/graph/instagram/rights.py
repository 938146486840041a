"""May this caller do that with this Instagram account (meta 2.7, 2.9, 5)?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sandbox.meta import consent, directory
from sandbox.meta.errors import missing_object, needs_page_token
from sandbox.meta.facts import BUSINESS_SCOPES, CREATE_TASKS
from sandbox.meta.graph.instagram.errors import (
    data_access_expired,
    lacks_business_scope,
    lacks_task,
    not_permitted,
)
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.instagram import InstagramAccount
from sandbox.meta.tokens import PAGE, Token

READ_SCOPES: Final = ("instagram_basic", "pages_read_engagement")
PUBLISH_SCOPES: Final = (*READ_SCOPES, "instagram_content_publish")
COMMENT_SCOPES: Final = (*READ_SCOPES, "instagram_manage_comments")
DELETE_SCOPES: Final = ("instagram_basic", "instagram_manage_contents")


def require_publishing(request: GraphRequest, account: InstagramAccount) -> None:
    """Containers and publishing: the linked Page's own token, all permissions, the task CREATE_CONTENT."""
    if request.caller.kind != PAGE:
        raise needs_page_token()
    token = request.caller.bearer
    _require(request, account, PUBLISH_SCOPES)
    if not CREATE_TASKS.intersection(directory.tasks(request.world, token.person_id, account.page_id)):
        raise lacks_task()
    if directory.owned(request.world, account.page_id) and not consent.has_any(
        request.world, token.app_id, token.person_id, BUSINESS_SCOPES
    ):
        raise lacks_business_scope()


def require_reading(request: GraphRequest, account: InstagramAccount) -> None:
    """Profile, posts, containers, quota: the linked Page's token, or that of a person with a role on the Page."""
    _require(request, account, READ_SCOPES)


def require_comments(request: GraphRequest, account: InstagramAccount) -> None:
    """Comments: the linked Page's own token and the permission to manage them (meta 2.9, 11.4)."""
    if request.caller.kind != PAGE:
        raise needs_page_token()
    _require(request, account, COMMENT_SCOPES)


def require_deleting(request: GraphRequest, account: InstagramAccount) -> None:
    """Deleting media has a permission of its own (meta 2.9, 5.6)."""
    if request.caller.kind != PAGE:
        raise needs_page_token()
    _require(request, account, DELETE_SCOPES)


def _require(request: GraphRequest, account: InstagramAccount, scopes: Sequence[str]) -> None:
    world, token = request.world, request.caller.bearer
    if not _reaches(request, token, account):
        # Of somebody else: it is as if it weren't there (meta 5.8, 10.2).
        raise missing_object(request.method, request.address.node)
    if not consent.has_scopes(world, token.app_id, token.person_id, scopes):
        raise not_permitted()
    if world.now >= consent.access_ends_at(world, token.app_id, token.person_id):
        raise data_access_expired()


def _reaches(request: GraphRequest, token: Token, account: InstagramAccount) -> bool:
    if token.page_id is not None:
        return token.page_id == account.page_id
    world = request.world
    has_role = bool(directory.tasks(world, token.person_id, account.page_id))
    return has_role and consent.covers(world, token.app_id, token.person_id, account.page_id)
