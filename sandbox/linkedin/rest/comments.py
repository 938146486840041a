"""`/rest/socialActions/{urn}/comments`: comments and replies to them (linkedin 6.1). Their text is plain, never little.

Reading needs a role on the Page; commenting is open to everybody under a post that they can see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox import comments
from sandbox.answers import Kind
from sandbox.comments import Comment
from sandbox.faults.model import Mode
from sandbox.linkedin import directory, remarks
from sandbox.linkedin.directory import ORGANIZATION
from sandbox.linkedin.errors import (
    bad_input,
    malformed,
    missing_field,
    not_allowed_value,
    not_found,
    throttled,
    unpermitted_field,
    unpermitted_parameter,
)
from sandbox.linkedin.facts import COMMENT_WINDOW_S
from sandbox.linkedin.remarks import Remark
from sandbox.linkedin.rest import fields
from sandbox.linkedin.rest.paging import PARAMETERS, batch, only, sliced
from sandbox.linkedin.rest.request import RestRequest
from sandbox.linkedin.rest.rights import may_read_comments, require_commenting
from sandbox.linkedin.rest.targets import Target, comment_urn, read_target

LIST_PARAMETERS = PARAMETERS | {"fields"}
ENTITY_PARAMETERS = frozenset({"fields"})
BATCH_PARAMETERS = frozenset({"ids", "fields"})
SUMMARY_PARAMETERS = ENTITY_PARAMETERS
CREATE_PARAMETERS: frozenset[str] = frozenset()
CHANGE_PARAMETERS = frozenset({"actor"})
FIELDS = ("actor", "object", "message", "parentComment", "content")
SCOPE = "r_organization_social_feed"
ID_BASE = 7_267_000_000_000_000_000
DEFAULT_DELAY_MS = 10_000
# Nobody reacts in this sandbox.
LIKES = {"selectedLikes": [], "aggregatedTotalLikes": 0, "likedByCurrentUser": False, "totalLikes": 0}


def create(request: RestRequest) -> dict[str, Any]:
    """A comment below a post, or a reply below a comment: 201, its number in `x-restli-id`, itself as the body."""
    body, world = request.body, request.world
    actor = fields.needed(body, "actor")
    author_id = require_commenting(request, actor, not_allowed_value("/actor"))
    fields.only_known(body, FIELDS)
    if "content" in body:
        raise unpermitted_field("/content", Kind.REFUSED)
    target = read_target(request, request.address.parent or "")
    _check_object(request, target)
    _check_parent(request, target)
    text, attributes = _message(request, fields.record(body, "message"), "message")
    _throttle(request, author_id)
    with world.write():
        number = str(ID_BASE + world.count("linkedin comment"))
        urn = comment_urn(target.activity, number)
        name = directory.name_of(world, request.app.client_id, actor) or ""
        now, parent_id = world.now, target.comment_id
        made = Comment(0, urn, target.post.id, parent_id, author_id, name, text, created_at=now, updated_at=now)
        comments.add(world.db, made)
        listed_at = now + request.call.conditions.seconds(Mode.DELAYED_VISIBILITY, DEFAULT_DELAY_MS)
        remarks.keep(world, Remark(urn, author_id, request.person_id, attributes, now, listed_at))
    request.told.append(("x-restli-id", number))
    return _shown(request, target, made)


def every(request: RestRequest) -> dict[str, Any]:
    """Those directly below the post, or below the comment in the path, oldest first."""
    target = _readable(request)
    found = [each for each in _listed(request, target) if each.parent_id == target.comment_id]
    return sliced(request, [only(request, _shown(request, target, each)) for each in found])


def one(request: RestRequest) -> dict[str, Any]:
    """By its number."""
    target = _readable(request)
    return only(request, _shown(request, target, _found(request, target, request.address.key or "")))


def several(request: RestRequest) -> dict[str, Any]:
    """`?ids=List(1,2)`."""
    target = _readable(request)
    return batch(request, lambda number: only(request, _shown(request, target, _found(request, target, number))))


def edit(request: RestRequest) -> None:
    """`?actor=` with `{"patch":{"message":{"$set":{"text":"…"}}}}`: by who wrote it."""
    author_id = require_commenting(request, request.need("actor"), unpermitted_parameter("actor"))
    fields.only_known(request.body, ("patch",))
    patch = fields.record(request.body, "patch")
    if patch is None:
        raise missing_field("patch")
    fields.only_known(patch, ("message",), "/patch")
    message = fields.record(patch, "message", "patch/")
    if message is None:
        raise missing_field("patch/message")
    fields.only_known(message, ("$set",), "/patch/message")
    text, attributes = _message(request, fields.record(message, "$set", "patch/message/"), "patch/message/$set")
    target = read_target(request, request.address.parent or "")
    comment = _found(request, target, request.address.key or "")
    if comment.author_id != author_id:
        raise unpermitted_parameter("actor")
    world = request.world
    with world.write():
        comments.save(world.db, replace(comment, text=text, updated_at=world.now))
        remarks.keep(world, replace(remarks.get(world, comment.id), attributes=attributes))


def delete(request: RestRequest) -> None:
    """`?actor=`: by who wrote it, or by the Page below whose post it stands [A]. Replies go with it."""
    author_id = require_commenting(request, request.need("actor"), unpermitted_parameter("actor"))
    target = read_target(request, request.address.parent or "")
    comment = _found(request, target, request.address.key or "")
    if author_id not in (comment.author_id, target.post.account_id):
        raise unpermitted_parameter("actor")
    with request.world.write():
        comments.delete(request.world.db, comment.id, request.world.now)


def summary(request: RestRequest) -> dict[str, Any]:
    """`GET /rest/socialActions/{urn}`: how many there are."""
    return only(request, _summary(request, request.address.key or ""))


def summaries(request: RestRequest) -> dict[str, Any]:
    """`?ids=List(...)`."""
    return batch(request, lambda urn: only(request, _summary(request, urn)))


def _readable(request: RestRequest) -> Target:
    return _require_reading(request, read_target(request, request.address.parent or ""))


def _require_reading(request: RestRequest, target: Target) -> Target:
    """A member's comments can't be read: that needs the closed r_member_social_feed (2.8)."""
    request.require(SCOPE)
    if not may_read_comments(request, target.post.account_id):
        raise request.refused()
    return target


def _listed(request: RestRequest, target: Target) -> list[Comment]:
    """All that lists show of a post, oldest first."""
    world = request.world
    found = comments.of_post(world.db, target.post.id)
    return [each for each in found if remarks.get(world, each.id).listed_at <= world.now]


def _found(request: RestRequest, target: Target, number: str) -> Comment:
    """The comment of this number below this post, whichever comment it replies to."""
    if not number.isascii() or not number.isdigit():
        raise malformed(f"Key value '{number}' must be of type 'java.lang.Long'", None)
    comment = comments.find(request.world.db, comment_urn(target.activity, number))
    if comment is None:
        raise not_found()
    return comment


def _check_object(request: RestRequest, target: Target) -> None:
    """The body's `object` must be the post of the path, by whichever of its names."""
    named = fields.needed(request.body, "object")
    if named not in (target.post.id, target.activity):
        raise bad_input("INVALID_VALUE_FOR_FIELD", "object", "object is not the post of the path", Kind.PROTOCOL)


def _check_parent(request: RestRequest, target: Target) -> None:
    """A reply says twice what it replies to: in the path and in the body."""
    parent = fields.text(request.body, "parentComment")
    if parent is None and target.comment_id is not None:
        raise missing_field("parentComment")
    if parent is not None and parent != target.comment_id:
        raise fields.wrong("parentComment", "is not the comment of the path")


def _message(request: RestRequest, message: Mapping[str, Any] | None, path: str) -> tuple[str, list[Any]]:
    if message is None:
        raise missing_field(path)
    fields.only_known(message, ("text", "attributes"), f"/{path}")
    most = int(float(request.world.option("linkedin", "comment_length")))
    text = fields.needed(message, "text", most=most, path=f"{path}/")
    attributes = fields.items(message, "attributes", f"{path}/")
    for place, attribute in enumerate(attributes):
        _check_attribute(attribute, fields.units(text), f"{path}/attributes[{place}]")
    return text, attributes


def _check_attribute(attribute: Any, length: int, path: str) -> None:
    """A mention: so many letters of the text from a place on are the name of a person or organization."""
    if not isinstance(attribute, Mapping):
        raise fields.wrong(path, "must be a record")
    fields.only_known(attribute, ("start", "length", "value"), f"/{path}")
    start, wide = (fields.whole(attribute, name, f"{path}/") for name in ("start", "length"))
    if start < 0 or wide < 1 or start + wide > length:
        raise fields.wrong(path, "lies outside the text")
    value = fields.record(attribute, "value", f"{path}/")
    if value is None:
        raise missing_field(f"{path}/value")


def _throttle(request: RestRequest, author_id: str) -> None:
    """The burst limit: how many is unpublished, the window is about a minute (6.1) [O]."""
    most = int(float(request.world.option("linkedin", "comments_a_minute")))
    since = request.world.now - COMMENT_WINDOW_S
    if remarks.count_since(request.world, author_id, since) >= most:
        raise throttled("comments")


def _summary(request: RestRequest, urn: str) -> dict[str, Any]:
    target = _require_reading(request, read_target(request, urn))
    listed = _listed(request, target)
    below = [each for each in listed if each.parent_id == target.comment_id]
    return {
        "target": target.comment_id or target.activity,
        "$URN": target.comment_id or target.activity,
        "likesSummary": LIKES,
        "commentsSummary": _counts(len(below), len(below if target.comment_id else listed)),
    }


def _counts(first_level: int, every_one: int) -> dict[str, Any]:
    return {"selectedComments": [], "totalFirstLevelComments": first_level, "aggregatedTotalComments": every_one}


def _shown(request: RestRequest, target: Target, comment: Comment) -> dict[str, Any]:
    world = request.world
    remark = remarks.get(world, comment.id)
    person = directory.member_urn(world, request.app.client_id, remark.person_id)
    by_page = comment.author_id.startswith(ORGANIZATION)
    actor = comment.author_id if by_page else person
    stamp = {"actor": actor, **({"impersonator": person} if by_page else {})}
    replies = sum(each.parent_id == comment.id for each in _listed(request, target))
    return {
        "id": comment.id.rpartition(",")[2].rstrip(")"),
        "$URN": comment.id,
        "commentUrn": comment.id,
        "actor": actor,
        "object": target.activity,
        "message": {"attributes": remark.attributes, "text": comment.text},
        "created": {**stamp, "time": int(comment.created_at * 1000)},
        "lastModified": {"actor": actor, "time": int(comment.updated_at * 1000)},
        **({"parentComment": comment.parent_id} if comment.parent_id else {}),
        "likesSummary": LIKES,
        "commentsSummary": _counts(replies, replies),
    }
