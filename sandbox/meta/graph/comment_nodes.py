"""A comment on a Page's post as an app sees it, alone or within its post (meta 11.1, 11.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sandbox import comments
from sandbox.comments import Comment
from sandbox.meta import consent
from sandbox.meta.graph.fields import Field, Rule, read_node
from sandbox.meta.graph.nodes import COMMENT
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.links import permalink
from sandbox.meta.tokens import PAGE

DEFAULT_COUNT: Final = 25  # [G]


@dataclass(frozen=True, slots=True)
class CommentView:
    """A comment as one caller sees it."""

    request: GraphRequest
    comment: Comment

    def author(self) -> dict[str, str] | None:
        """Only for a Page token with `pages_read_user_content`."""
        token, world = self.request.caller.bearer, self.request.world
        allowed = consent.has_scopes(world, token.app_id, token.person_id, ("pages_read_user_content",))
        if self.request.caller.kind != PAGE or not allowed:
            return None
        return {"name": self.comment.author, "id": self.comment.author_id}

    def count(self) -> int:
        """How many answer it."""
        found = comments.of_post(self.request.world.db, self.comment.post_id)
        return sum(each.parent_id == self.comment.id for each in found)

    def parent(self) -> dict[str, str] | None:
        """Only of an answer."""
        return {"id": self.comment.parent_id} if self.comment.parent_id else None

    def link(self) -> str:
        """Where it stands."""
        return f"{permalink(self.request.world, self.comment.post_id)}?comment_id={self.comment.id.rpartition('_')[2]}"


RULES: dict[str, Rule[CommentView]] = {
    "id": Rule(lambda view: view.comment.id),
    "message": Rule(lambda view: view.comment.text),
    "from": Rule(CommentView.author, ("id", "name")),
    "created_time": Rule(lambda view: view.request.time(view.comment.created_at)),
    "parent": Rule(CommentView.parent, ("id",)),
    "like_count": Rule(lambda view: 0),
    "comment_count": Rule(CommentView.count),
    "is_hidden": Rule(lambda view: bool(view.comment.hidden)),
    "can_hide": Rule(lambda view: True),
    "can_remove": Rule(lambda view: True),
    "can_reply_privately": Rule(lambda view: False),
    "permalink_url": Rule(CommentView.link),
    "attachment": Rule(lambda view: None),
}
DEFAULT_FIELDS: Final = (Field("created_time"), Field("from"), Field("message"), Field("id"))


def show(request: GraphRequest, comment: Comment, fields: tuple[Field, ...]) -> dict[str, Any]:
    """A comment with the asked fields."""
    return read_node(COMMENT, RULES, fields, CommentView(request, comment))


def expanded(request: GraphRequest, post_id: str, field: Field) -> dict[str, Any]:
    """`comments` as a field of a post, with `.limit()`, `.summary()` and `.filter()`."""
    found = comments.of_post(request.world.db, post_id)
    limit = field.modifier("limit") or ""
    shown = chosen(found, field.modifier("filter"))[: int(limit) if limit.isdigit() else DEFAULT_COUNT]
    told: dict[str, Any] = {"data": [show(request, each, field.inner or DEFAULT_FIELDS) for each in shown]}
    if field.modifier("summary") == "true":
        told["summary"] = summary(found)
    return told


def chosen(found: list[Comment], which: str | None) -> list[Comment]:
    """`stream` is all of them; `toplevel`, the default, only what isn't an answer."""
    return found if which == "stream" else [each for each in found if each.parent_id is None]


def summary(found: list[Comment], order: str = "ranked") -> dict[str, Any]:
    """How many there are, hidden ones and answers too."""
    return {"order": order, "total_count": len(found), "can_comment": True}
