"""Posts as their Pages read them: by URN, in batches, by author (linkedin 4.2, 4.4)."""

from __future__ import annotations

from typing import Any

import orjson

from sandbox import ledger
from sandbox.ledger import Post
from sandbox.linkedin.directory import ORGANIZATION, PERSON
from sandbox.linkedin.errors import ApiError, bad_query, forbidden, malformed, not_found
from sandbox.linkedin.rest.paging import PARAMETERS, batch, collection, only
from sandbox.linkedin.rest.request import RestRequest
from sandbox.linkedin.rest.rights import may_read

ENTITY_PARAMETERS = frozenset({"viewContext", "fields"})
BATCH_PARAMETERS = ENTITY_PARAMETERS | {"ids"}
AUTHOR_PARAMETERS = PARAMETERS | ENTITY_PARAMETERS | {"q", "author", "sortBy", "isDsc"}
SCOPE = "r_organization_social"
POST_URNS = ("urn:li:share:", "urn:li:ugcPost:")
SHOWN = ("author", "commentary", "visibility", "distribution", "isReshareDisabledByAuthor", "content", "reshareContext")


def check_urn(urn: str) -> None:
    """Posts have two kinds of URN; an activity's isn't one of them (6)."""
    if not urn.startswith(POST_URNS) or not urn.rpartition(":")[2].isdigit():
        raise malformed("The key must be the URN of a share or ugcPost", "INVALID_URN_TYPE")


def one(request: RestRequest) -> dict[str, Any]:
    """`GET /rest/posts/{urn}`."""
    _view_context(request)
    return only(request, _read(request, request.address.key or ""))


def several(request: RestRequest) -> dict[str, Any]:
    """`?ids=List(...)`."""
    _view_context(request)
    return batch(request, lambda urn: only(request, _read(request, urn)))


def by_author(request: RestRequest) -> dict[str, Any]:
    """`q=author`: a Page's published posts, newest first; dark ones aren't among them (11)."""
    author = request.need("author")
    if author.startswith(PERSON):
        raise ApiError(400, "Member permissions must be used when using member as author")
    if not author.startswith(ORGANIZATION):
        raise bad_query("author must be the URN of an organization")
    request.require(SCOPE)
    if not may_read(request, author):
        raise forbidden("the UGC resource")
    _view_context(request)
    if request.text("isDsc") not in (None, "false"):
        raise bad_query("isDsc belongs to q=dscAdAccount")
    sort = request.text("sortBy") or "LAST_MODIFIED"
    if sort not in ("LAST_MODIFIED", "CREATED"):
        raise bad_query("sortBy must be LAST_MODIFIED or CREATED")
    start, count = request.window()
    db, now = request.world.db, request.world.now
    found = ledger.sliced(db, author, now, by_change=sort == "LAST_MODIFIED", start=start, count=count + 1)
    return collection(request, [only(request, show(post, now)) for post in found[:count]], more=len(found) > count)


def _view_context(request: RestRequest) -> None:
    if request.text("viewContext") not in (None, "READER", "AUTHOR"):
        raise bad_query("viewContext must be READER or AUTHOR")


def _read(request: RestRequest, urn: str) -> dict[str, Any]:
    """A member's posts can't be read at all: that needs the closed r_member_social [O]."""
    check_urn(urn)
    post = ledger.find(request.world.db, urn)
    if post is not None and not post.account_id.startswith(ORGANIZATION):
        raise forbidden("the UGC resource")
    request.require(SCOPE)
    if post is None:
        raise not_found()
    if not may_read(request, post.account_id):
        raise forbidden("the UGC resource")
    return show(post, request.world.now)


def show(post: Post, now: float) -> dict[str, Any]:
    """The read model; times are milliseconds. A post whose video is still worked on isn't published yet (4.2)."""
    body = orjson.loads(post.detail)
    edited = post.updated_at > post.created_at
    state, content_state = _lifecycle(post, now)
    info = {"isEditedByAuthor": edited, **({"contentStatus": content_state} if content_state else {})}
    published = {"publishedAt": int(post.live_at * 1000)} if post.live_at is not None and post.published(now) else {}
    return {
        "id": post.id,
        "createdAt": int(post.created_at * 1000),
        **published,
        "lastModifiedAt": int(post.updated_at * 1000),
        "lifecycleState": state,
        "lifecycleStateInfo": info,
        "isReshareDisabledByAuthor": False,
        **{name: body[name] for name in SHOWN if name in body},
    }


def _lifecycle(post: Post, now: float) -> tuple[str, str | None]:
    """The state of a post, and that of its content where it isn't published."""
    if post.live_at is None:
        return "PUBLISH_FAILED", "FAILED"
    return ("PUBLISHED", None) if post.published(now) else ("PUBLISH_REQUESTED", "PROCESSING")
