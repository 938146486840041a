"""Posts on Instagram, read back, changed and deleted (meta 5.4, 5.6, 11.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from sandbox import comments, ledger
from sandbox.ledger import Post
from sandbox.meta import containers, instagram
from sandbox.meta.containers import CAROUSEL, PICTURE, REELS, STORIES, Container
from sandbox.meta.errors import malformed, missing_object
from sandbox.meta.facts import INSTAGRAM_REACH
from sandbox.meta.graph import listing, paging
from sandbox.meta.graph.fields import Field, Rule, read_node
from sandbox.meta.graph.instagram import errors
from sandbox.meta.graph.instagram.rights import require_comments, require_deleting, require_reading
from sandbox.meta.graph.nodes import INSTAGRAM_MEDIA
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.instagram import InstagramAccount
from sandbox.meta.links import clip_url, picture_url

LIST_PARAMETERS: Final = paging.PARAMETERS | {"since", "until"}
CHANGE_PARAMETERS: Final = frozenset({"comment_enabled"})
_PRODUCTS: Final = {REELS: "REELS", STORIES: "STORY"}


@dataclass(frozen=True, slots=True)
class MediaView:
    """A post, or a part of a carousel, as an app sees it: the container it was made from, and the post."""

    request: GraphRequest
    account: InstagramAccount
    post: Post
    made: Container

    @property
    def whole(self) -> bool:
        """Is it the post itself?"""
        return self.made.media_id == self.post.id

    @property
    def pictured(self) -> Container:
        """What is shown of it first."""
        return next(iter(self.parts()), self.made)

    def parts(self) -> list[Container]:
        """The parts of a carousel."""
        found = (containers.find(self.request.world, child) for child in self.made.child_ids)
        return [part for part in found if part is not None]

    def media_type(self) -> str:
        """Reels read VIDEO."""
        if self.made.kind == CAROUSEL:
            return "CAROUSEL_ALBUM"
        return "IMAGE" if self.made.shows == PICTURE else "VIDEO"

    def product(self) -> str:
        """Where it is shown."""
        return _PRODUCTS.get(self.made.kind, "FEED")

    def media_url(self) -> str:
        """Its bytes; of a carousel the first part's."""
        shown, world = self.pictured, self.request.world
        address = picture_url if shown.shows == PICTURE else clip_url
        return address(world, shown.sha256 or "")

    def thumbnail(self) -> str | None:
        """Only of a video: its cover, where there is one; frames aren't decoded here."""
        if self.made.kind == CAROUSEL or self.made.shows == PICTURE:
            return None
        world = self.request.world
        return picture_url(world, self.made.cover) if self.made.cover else self.account.picture_url(world)

    def alt_text(self) -> str | None:
        """Left out when there is none."""
        return self.made.alt_text or None

    def permalink(self) -> str | None:
        """Where followers see it; a part has none of its own."""
        return instagram.permalink(self.request.world, self.account, self.post) if self.whole else None

    def children(self) -> dict[str, Any] | None:
        """The parts of a carousel, in order."""
        if self.made.kind != CAROUSEL:
            return None
        parts = [MediaView(self.request, self.account, self.post, part) for part in self.parts()]
        names = [Field(name) for name in PART_RULES]
        return {"data": [read_node(INSTAGRAM_MEDIA, PART_RULES, tuple(names), part) for part in parts]}

    def shared(self) -> bool | None:
        """Whether a reel stands in the feed too; it does unless it was asked not to [G]."""
        if self.made.kind != REELS:
            return None
        return str(orjson.loads(self.made.detail).get("share_to_feed", "true")).lower() in ("true", "1")

    def comments_count(self) -> int:
        """All that weren't deleted."""
        return len(comments.of_post(self.request.world.db, self.post.id)) if self.whole else 0


PART_RULES: dict[str, Rule[MediaView]] = {
    "id": Rule(lambda view: view.made.media_id),
    "media_type": Rule(MediaView.media_type),
    "media_url": Rule(MediaView.media_url),
    "thumbnail_url": Rule(MediaView.thumbnail),
    "alt_text": Rule(MediaView.alt_text),
    "timestamp": Rule(lambda view: view.request.time(view.post.shown_at)),
    "username": Rule(lambda view: view.account.username),
    "owner": Rule(lambda view: {"id": view.account.id}, ("id",)),
}
RULES: dict[str, Rule[MediaView]] = {
    **PART_RULES,
    "caption": Rule(lambda view: view.post.text if view.whole else None),
    "media_product_type": Rule(MediaView.product),
    "permalink": Rule(MediaView.permalink),
    "shortcode": Rule(lambda view: instagram.shortcode(view.request.world, view.post.id) if view.whole else None),
    "like_count": Rule(lambda view: 0),
    "comments_count": Rule(MediaView.comments_count),
    "is_comment_enabled": Rule(lambda view: comments_enabled(view.request, view.post)),
    "is_shared_to_feed": Rule(MediaView.shared),
    "children": Rule(MediaView.children, tuple(PART_RULES), (Field("id"),)),
}
DEFAULT_FIELDS: Final = (Field("id"),)


def list_media(request: GraphRequest, account: InstagramAccount) -> dict[str, Any]:
    """`GET /{ig}/media`: newest first, at most the latest 10,000; stories aren't among them."""
    return _list(request, account, (ledger.POST, ledger.REEL))


def list_stories(request: GraphRequest, account: InstagramAccount) -> dict[str, Any]:
    """`GET /{ig}/stories`: those of the last 24 hours."""
    return _list(request, account, (ledger.STORY,))


def _list(request: GraphRequest, account: InstagramAccount, kinds: Sequence[str]) -> dict[str, Any]:
    require_reading(request, account)
    fields = request.fields or DEFAULT_FIELDS

    def show(post: Post) -> dict[str, Any] | None:
        if post.ended(request.world.now):
            return None
        return read_node(INSTAGRAM_MEDIA, RULES, fields, _view(request, account, post, post.id))

    return listing.list_posts(request, account.id, "published", INSTAGRAM_REACH, show, kinds)


def read(request: GraphRequest, media: Post | Container) -> dict[str, Any]:
    """`GET /{media}`: a post, by its id as soon as it is live, or a part of a carousel."""
    post = _post_of(request, media)
    account = _account(request, post)
    require_reading(request, account)
    if post.ended(request.world.now):
        raise missing_object(request.method, request.address.node)
    view = _view(request, account, post, request.address.node)
    return read_node(INSTAGRAM_MEDIA, RULES, request.fields or DEFAULT_FIELDS, view)


def change(request: GraphRequest, media: Post | Container) -> dict[str, Any]:
    """`POST /{media}`: comments on or off; captions can't be edited (meta 5.6)."""
    post = _post_of(request, media)
    require_comments(request, _account(request, post))
    if "comment_enabled" not in request.parameters:
        raise malformed("The parameter comment_enabled is required")
    off = not request.flag("comment_enabled", True)
    with request.world.write():
        request.world.db.execute("insert or replace into meta_media values (?, ?)", (post.id, off))
    return {"success": True}


def comments_enabled(request: GraphRequest, post: Post) -> bool:
    """May one comment on it?"""
    row = request.world.db.execute("select comments_off from meta_media where id = ?", (post.id,)).fetchone()
    return row is None or not row[0]


def delete(request: GraphRequest, media: Post | Container) -> dict[str, Any]:
    """`DELETE /{media}`: posts, reels, stories, whole carousels; a part of one is refused (meta 5.6)."""
    post = _post_of(request, media)
    require_deleting(request, _account(request, post))
    if isinstance(media, Container):
        raise errors.cannot_delete()
    with request.world.write():
        ledger.delete(request.world.db, post.id, request.world.now)
    return {"success": True, "deleted_id": post.id}


def _post_of(request: GraphRequest, media: Post | Container) -> Post:
    """The post itself, or the one that a part belongs to."""
    if isinstance(media, Post):
        return media
    for row in request.world.db.execute(
        "select media_id from meta_container, json_each(children) where account_id = ? and value = ? and media_id"
        " is not null",
        (media.account_id, media.id),
    ):
        found = ledger.find(request.world.db, row[0])
        if found is not None:
            return found
    raise missing_object(request.method, request.address.node)


def _account(request: GraphRequest, post: Post) -> InstagramAccount:
    account = instagram.find(request.world, post.account_id)
    if account is None:
        raise missing_object(request.method, post.id)
    return account


def _view(request: GraphRequest, account: InstagramAccount, post: Post, media_id: str) -> MediaView:
    made = containers.of_media(request.world, media_id)
    if made is None:
        raise missing_object(request.method, media_id)
    return MediaView(request, account, post, made)
