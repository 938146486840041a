"""Comments on a Page's posts: written, listed, changed, deleted (meta 11.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from sandbox import comments, ledger
from sandbox.comments import Comment
from sandbox.ledger import Post
from sandbox.meta import directory, photos
from sandbox.meta.errors import GraphError, invalid, malformed, missing_object
from sandbox.meta.facts import COMMENT_LIMIT, COMMENTS_LIMIT
from sandbox.meta.graph import comment_nodes, paging
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.graph.rights import require_moderating, require_user_content
from sandbox.meta.videos import PageVideo

# What can be put beside the words; kept without being shown.
ATTACHMENTS: Final = frozenset({"attachment_url", "attachment_id", "attachment_share_url"})
WRITE_PARAMETERS: Final = ATTACHMENTS | {"message"}
CHANGE_PARAMETERS: Final = frozenset({"message", "is_hidden"})
LIST_PARAMETERS: Final = paging.PARAMETERS | {"filter", "order", "since", "summary"}
FILTERS, ORDERS = ("stream", "toplevel"), ("chronological", "reverse_chronological")
COMMENT_NUMBER_BASE: Final = 122_400_000_000_000_000


def write(request: GraphRequest, post: Post) -> dict[str, Any]:
    """`POST /{post}/comments`: by the Page itself."""
    return _add(request, post, None)


def reply(request: GraphRequest, comment: Comment) -> dict[str, Any]:
    """`POST /{comment}/comments`: shown one level deep, under the first comment."""
    return _add(request, _post(request, comment), comment.parent_id or comment.id)


def _add(request: GraphRequest, post: Post, parent_id: str | None) -> dict[str, Any]:
    require_moderating(request, post.account_id)
    text = _text(request)
    if post.kind == ledger.STORY or not post.published(request.world.now):
        raise invalid("Comments are not possible on this post")
    world = request.world
    page = directory.find_page(world, post.account_id)
    with world.write():
        number = COMMENT_NUMBER_BASE + world.count("meta comment")
        comment_id = f"{post.id.partition('_')[2]}_{number}"
        author = page.name if page else ""
        comment = Comment(0, comment_id, post.id, parent_id, post.account_id, author, text, world.now, world.now)
        comments.add(world.db, comment)
    made = comments.find(world.db, comment_id)
    if request.fields and made is not None:
        return comment_nodes.show(request, made, request.fields)
    return {"id": comment_id}


def _text(request: GraphRequest) -> str:
    text = request.text("message")
    beside = [name for name in ATTACHMENTS if request.text(name)]
    if text is None and not beside:
        raise malformed("The comment is empty: give message or an attachment")
    if len(beside) > 1:
        raise malformed(f"Give one of {', '.join(sorted(beside))}")
    if text is not None and len(text) > COMMENT_LIMIT:
        raise invalid(f"Param message must be no longer than {COMMENT_LIMIT} characters")
    return text or ""


def of_post(request: GraphRequest, post: Post) -> dict[str, Any]:
    """`GET /{post}/comments`."""
    return _list(request, post.account_id, comments.of_post(request.world.db, post.id))


def of_video(request: GraphRequest, video: PageVideo) -> dict[str, Any]:
    """`GET /{video}/comments`: those of its post."""
    found = comments.of_post(request.world.db, video.post_id) if video.post_id else []
    return _list(request, video.page_id, found)


def of_photo(request: GraphRequest, photo: photos.Photo) -> dict[str, Any]:
    """`GET /{photo}/comments`: those of its post, when it is the only one there."""
    alone = photo.post_id is not None and len(photos.of_post(request.world, photo.post_id)) == 1
    found = comments.of_post(request.world.db, photo.post_id) if alone and photo.post_id else []
    return _list(request, photo.page_id, found)


def of_comment(request: GraphRequest, comment: Comment) -> dict[str, Any]:
    """`GET /{comment}/comments`: its answers."""
    post = _post(request, comment)
    found = [each for each in comments.of_post(request.world.db, post.id) if each.parent_id == comment.id]
    return _list(request, post.account_id, found, answers=True)


def _list(request: GraphRequest, page_id: str, found: list[Comment], answers: bool = False) -> dict[str, Any]:
    require_user_content(request, page_id)
    which, order = request.text("filter"), request.text("order") or ORDERS[0]
    if which not in (None, *FILTERS) or order not in ORDERS:
        raise malformed(f"Param filter must be one of {FILTERS}, order one of {ORDERS}")
    since = request.moment("since")
    listed = found if answers else comment_nodes.chosen(found, which)
    listed = [each for each in listed if since is None or each.created_at >= since]
    if order == ORDERS[1]:
        listed = listed[::-1]
    fields = request.fields or comment_nodes.DEFAULT_FIELDS

    def show(comment: Comment) -> dict[str, Any]:
        return comment_nodes.show(request, comment, fields)

    told = paging.cut(request, listed, COMMENTS_LIMIT, lambda each: each.number, show)
    if request.flag("summary", False):
        told["summary"] = comment_nodes.summary(found, "chronological")
    return told


def read(request: GraphRequest, comment: Comment) -> dict[str, Any]:
    """`GET /{comment}`."""
    require_user_content(request, _post(request, comment).account_id)
    return comment_nodes.show(request, comment, request.fields or comment_nodes.DEFAULT_FIELDS)


def change(request: GraphRequest, comment: Comment) -> dict[str, Any]:
    """`POST /{comment}`: other words of one's own, or hidden from followers."""
    post = _post(request, comment)
    require_moderating(request, post.account_id)
    if not CHANGE_PARAMETERS & request.parameters.keys():
        raise malformed("Nothing to change: give message or is_hidden")
    if "message" in request.parameters:
        if comment.author_id != post.account_id:
            raise GraphError(200, "(#200) Only the author can edit a comment")
        comment = replace(comment, text=_text(request), updated_at=request.world.now)
    comment = replace(comment, hidden=int(request.flag("is_hidden", bool(comment.hidden))))
    with request.world.write():
        comments.save(request.world.db, comment)
    return {"success": True}


def delete(request: GraphRequest, comment: Comment) -> dict[str, Any]:
    """`DELETE /{comment}`, with what answers it."""
    require_moderating(request, _post(request, comment).account_id)
    with request.world.write():
        comments.delete(request.world.db, comment.id, request.world.now)
    return {"success": True}


def _post(request: GraphRequest, comment: Comment) -> Post:
    post = ledger.find(request.world.db, comment.post_id)
    if post is None:
        raise missing_object(request.method, comment.id)
    return post
