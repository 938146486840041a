"""What a comment or a repost is about: a share, ugcPost, activity or comment, each with a number of its own (6)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox import comments, ledger
from sandbox.ledger import Post
from sandbox.linkedin.errors import malformed, not_found
from sandbox.linkedin.rest.request import RestRequest

POST = re.compile(r"urn:li:(?:share|ugcPost|activity):\d+")
COMMENT = re.compile(r"urn:li:comment:\((urn:li:activity:\d+),(\d+)\)")


@dataclass(frozen=True, slots=True)
class Target:
    """A live post with its activity, and one of its comments where that is meant."""

    post: Post
    activity: str
    comment_id: str | None = None


def read_target(request: RestRequest, urn: str) -> Target:
    """The target of a URN; 404 when followers don't see it, or not any more."""
    if match := COMMENT.fullmatch(urn):
        target = _post(request, match[1])
        comment = comments.find(request.world.db, urn)
        if target is None or comment is None or comment.post_id != target.post.id:
            raise not_found()
        return Target(target.post, target.activity, comment.id)
    if not POST.fullmatch(urn):
        raise malformed("The key must be the URN of a share, ugcPost, activity or comment", "INVALID_URN_TYPE")
    found = _post(request, urn)
    if found is None:
        raise not_found()
    return found


def find_post(request: RestRequest, urn: str) -> Target | None:
    """The live post of a share, ugcPost or activity, if there is one."""
    return _post(request, urn) if POST.fullmatch(urn) else None


def comment_urn(activity: str, number: str) -> str:
    """How a comment below a post is named."""
    return f"urn:li:comment:({activity},{number})"


def _post(request: RestRequest, urn: str) -> Target | None:
    world = request.world
    row = world.db.execute("select id, activity from linkedin_post where id = ? or activity = ?", (urn, urn)).fetchone()
    post = ledger.find(world.db, row["id"]) if row is not None else None
    return Target(post, row["activity"]) if post is not None and post.published(world.now) else None
