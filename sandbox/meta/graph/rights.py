"""May this caller do that on this Page (meta 2.9)?"""

from __future__ import annotations

from sandbox.meta import consent, directory
from sandbox.meta.errors import cannot_manage, cannot_moderate, cannot_publish, cannot_read, needs_page_token
from sandbox.meta.facts import BUSINESS_SCOPES, CREATE_TASKS, MODERATE_TASKS
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.tokens import PAGE

PUBLISH_SCOPES = ("pages_manage_posts", "pages_read_engagement")
MODERATE_SCOPES = ("pages_manage_engagement", "pages_read_engagement", "pages_read_user_content")


def require_publishing(request: GraphRequest, page_id: str) -> None:
    """Publishing, editing and deleting: the Page's own token, both permissions, the task CREATE_CONTENT.

    On a Page of a portfolio one permission more, since the role comes from there.
    """
    if request.caller.kind != PAGE:
        raise needs_page_token()
    token = request.caller.bearer
    if token.page_id != page_id or not CREATE_TASKS.intersection(
        directory.tasks(request.world, token.person_id, page_id)
    ):
        raise cannot_publish()
    if not consent.has_scopes(request.world, token.app_id, token.person_id, PUBLISH_SCOPES):
        raise cannot_publish()
    if directory.owned(request.world, page_id) and not consent.has_any(
        request.world, token.app_id, token.person_id, BUSINESS_SCOPES
    ):
        raise cannot_publish()


def require_reading(request: GraphRequest, page_id: str) -> None:
    """Reading a Page's own posts."""
    token = request.caller.bearer
    of_another = token.page_id not in (None, page_id)
    if of_another or not consent.has_scopes(request.world, token.app_id, token.person_id, ("pages_read_engagement",)):
        raise cannot_manage("pages_read_engagement")
    if token.page_id is None and not directory.tasks(request.world, token.person_id, page_id):
        raise cannot_manage("pages_read_engagement")


def require_moderating(request: GraphRequest, page_id: str) -> None:
    """Comments of the Page's own, and what it does with others': its token, three permissions, the task MODERATE."""
    if request.caller.kind != PAGE:
        raise needs_page_token()
    world, token = request.world, request.caller.bearer
    if token.page_id != page_id or not MODERATE_TASKS.intersection(directory.tasks(world, token.person_id, page_id)):
        raise cannot_moderate()
    if not consent.has_scopes(world, token.app_id, token.person_id, MODERATE_SCOPES):
        raise cannot_moderate()


def require_user_content(request: GraphRequest, page_id: str) -> None:
    """Reading comments (meta 2.9)."""
    require_reading(request, page_id)
    token = request.caller.bearer
    if not consent.has_scopes(request.world, token.app_id, token.person_id, ("pages_read_user_content",)):
        raise cannot_read("pages_read_user_content")
