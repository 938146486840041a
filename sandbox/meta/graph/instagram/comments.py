"""Comments on Instagram (meta 11.4): they can't be edited."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Final

from sandbox import comments, ledger
from sandbox.comments import Comment
from sandbox.ledger import Post
from sandbox.meta import instagram
from sandbox.meta.errors import invalid, malformed, missing_object
from sandbox.meta.facts import (
    COMMENT_HASHTAGS_MAX,
    COMMENT_LINKS_MAX,
    INSTAGRAM_COMMENT_LIMIT,
    INSTAGRAM_COMMENTS_LIMIT,
)
from sandbox.meta.graph import paging
from sandbox.meta.graph.fields import Field, Rule, read_node
from sandbox.meta.graph.instagram import media
from sandbox.meta.graph.instagram.errors import comment_refused
from sandbox.meta.graph.instagram.rights import require_comments
from sandbox.meta.graph.nodes import INSTAGRAM_COMMENT
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.instagram import InstagramAccount

LIST_PARAMETERS: Final = paging.PARAMETERS
WRITE_PARAMETERS: Final = frozenset({"message"})
CHANGE_PARAMETERS: Final = frozenset({"hide"})
COMMENT_NUMBER_BASE: Final = 17_970_000_000_000_000
_HASHTAG: Final = re.compile(r"(?<!\w)#\w+")
_LINK: Final = re.compile(r"https?://|(?<!\w)www\.")


@dataclass(frozen=True, slots=True)
class CommentView:
    """A comment as an app sees it."""

    request: GraphRequest
    comment: Comment

    def author(self) -> dict[str, str]:
        """Who wrote it."""
        return {"id": self.comment.author_id, "username": self.comment.author}

    def replies(self) -> dict[str, Any] | None:
        """Its answers, oldest first; left out when there are none."""
        found = [each for each in _of(self.request, self.comment.post_id) if each.parent_id == self.comment.id]
        names = tuple(Field(name) for name in REPLY_RULES)
        data = [read_node(INSTAGRAM_COMMENT, REPLY_RULES, names, CommentView(self.request, each)) for each in found]
        return {"data": data} if data else None


REPLY_RULES: dict[str, Rule[CommentView]] = {
    "id": Rule(lambda view: view.comment.id),
    "text": Rule(lambda view: view.comment.text),
    "timestamp": Rule(lambda view: view.request.time(view.comment.created_at)),
    "username": Rule(lambda view: view.comment.author),
    "from": Rule(CommentView.author, ("id", "username")),
    "like_count": Rule(lambda view: 0),
    "hidden": Rule(lambda view: bool(view.comment.hidden)),
    "parent_id": Rule(lambda view: view.comment.parent_id),
    "media": Rule(lambda view: {"id": view.comment.post_id}, ("id",)),
}
RULES: dict[str, Rule[CommentView]] = {
    **REPLY_RULES,
    "replies": Rule(CommentView.replies, tuple(REPLY_RULES), (Field("id"), Field("text"), Field("timestamp"))),
}
DEFAULT_FIELDS: Final = (Field("timestamp"), Field("text"), Field("id"))


def write(request: GraphRequest, post: Post) -> dict[str, Any]:
    """`POST /{media}/comments`."""
    account = _account(request, post.account_id)
    return _add(request, account, post, None)


def reply(request: GraphRequest, comment: Comment) -> dict[str, Any]:
    """`POST /{comment}/replies`: an answer to an answer stands under the first comment [2]."""
    post = _post(request, comment)
    return _add(request, _account(request, post.account_id), post, comment.parent_id or comment.id)


def _add(request: GraphRequest, account: InstagramAccount, post: Post, parent_id: str | None) -> dict[str, Any]:
    require_comments(request, account)
    text = _checked(request)
    if post.kind == ledger.STORY or not media.comments_enabled(request, post):
        raise comment_refused("Comments are not possible on this media")
    world = request.world
    with world.write():
        comment_id = str(COMMENT_NUMBER_BASE + world.count("meta instagram comment"))
        made = Comment(0, comment_id, post.id, parent_id, account.id, account.username, text, world.now, world.now)
        comments.add(world.db, made)
    return {"id": comment_id}


def _checked(request: GraphRequest) -> str:
    """Length, hashtags, links, not all capitals: from older pages, so they can be switched off."""
    text = request.text("message")
    if text is None:
        raise malformed("The parameter message is required")
    if request.world.option("meta", "comment_rules") != "true":
        return text
    if len(text) > INSTAGRAM_COMMENT_LIMIT:
        raise comment_refused(f"The comment is longer than {INSTAGRAM_COMMENT_LIMIT} characters")
    if len(_HASHTAG.findall(text)) > COMMENT_HASHTAGS_MAX:
        raise comment_refused(f"The comment has more than {COMMENT_HASHTAGS_MAX} hashtags")
    if len(_LINK.findall(text)) > COMMENT_LINKS_MAX:
        raise comment_refused(f"The comment has more than {COMMENT_LINKS_MAX} link")
    if text.isupper():
        raise comment_refused("The comment consists of capital letters only")
    return text


def list_comments(request: GraphRequest, post: Post) -> dict[str, Any]:
    """`GET /{media}/comments`: newest first, at most 50, the answers only through `replies`."""
    require_comments(request, _account(request, post.account_id))
    found = [each for each in _of(request, post.id) if each.parent_id is None]
    return _list(request, found[::-1])


def list_replies(request: GraphRequest, comment: Comment) -> dict[str, Any]:
    """`GET /{comment}/replies`."""
    require_comments(request, _account(request, _post(request, comment).account_id))
    return _list(request, [each for each in _of(request, comment.post_id) if each.parent_id == comment.id])


def _list(request: GraphRequest, found: list[Comment]) -> dict[str, Any]:
    fields = request.fields or DEFAULT_FIELDS

    def show(comment: Comment) -> dict[str, Any]:
        return read_node(INSTAGRAM_COMMENT, RULES, fields, CommentView(request, comment))

    return paging.cut(request, found, INSTAGRAM_COMMENTS_LIMIT, lambda each: each.number, show)


def read(request: GraphRequest, comment: Comment) -> dict[str, Any]:
    """`GET /{comment}`."""
    require_comments(request, _account(request, _post(request, comment).account_id))
    return read_node(INSTAGRAM_COMMENT, RULES, request.fields or DEFAULT_FIELDS, CommentView(request, comment))


def change(request: GraphRequest, comment: Comment) -> dict[str, Any]:
    """`POST /{comment}`: hide it or show it again."""
    require_comments(request, _account(request, _post(request, comment).account_id))
    if "hide" not in request.parameters:
        raise malformed("The parameter hide is required")
    with request.world.write():
        comments.save(request.world.db, replace(comment, hidden=int(request.flag("hide", False))))
    return {"success": True}


def delete(request: GraphRequest, comment: Comment) -> dict[str, Any]:
    """`DELETE /{comment}`: one's own, or on one's own media."""
    require_comments(request, _account(request, _post(request, comment).account_id))
    with request.world.write():
        comments.delete(request.world.db, comment.id, request.world.now)
    return {"success": True}


def _of(request: GraphRequest, post_id: str) -> list[Comment]:
    return comments.of_post(request.world.db, post_id)


def _post(request: GraphRequest, comment: Comment) -> Post:
    post = ledger.find(request.world.db, comment.post_id)
    if post is None:
        raise missing_object(request.method, comment.id)
    return post


def _account(request: GraphRequest, account_id: str) -> InstagramAccount:
    account = instagram.find(request.world, account_id)
    if account is None:
        raise invalid("The account of this media is not professional any more")
    return account
