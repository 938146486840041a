"""`GET /{ig}/media` and `GET /{media}`: posts on Instagram, read back (meta 5.4, 11.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sandbox.ledger import Post
from sandbox.meta import instagram
from sandbox.meta.errors import missing_object
from sandbox.meta.facts import INSTAGRAM_REACH
from sandbox.meta.graph import listing, paging
from sandbox.meta.graph.fields import Field, Rule, read_node
from sandbox.meta.graph.instagram.rights import require_reading
from sandbox.meta.graph.nodes import INSTAGRAM_MEDIA
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.instagram import InstagramAccount
from sandbox.meta.links import picture_url

LIST_PARAMETERS: Final = paging.PARAMETERS | {"since", "until"}


@dataclass(frozen=True, slots=True)
class MediaView:
    """A post as an app sees it."""

    request: GraphRequest
    account: InstagramAccount
    post: Post

    def alt_text(self) -> str | None:
        """Left out when there is none."""
        return self.post.media[0].alt or None


RULES: dict[str, Rule[MediaView]] = {
    "id": Rule(lambda view: view.post.id),
    "caption": Rule(lambda view: view.post.text),
    "media_type": Rule(lambda view: "IMAGE"),
    "media_product_type": Rule(lambda view: "FEED"),
    "media_url": Rule(lambda view: picture_url(view.request.world, view.post.media[0].sha256)),
    "thumbnail_url": Rule(lambda view: None),
    "permalink": Rule(lambda view: instagram.permalink(view.request.world, view.post.id)),
    "shortcode": Rule(lambda view: instagram.shortcode(view.request.world, view.post.id)),
    "timestamp": Rule(lambda view: view.request.time(view.post.shown_at)),
    "username": Rule(lambda view: view.account.username),
    "owner": Rule(lambda view: {"id": view.account.id}, ("id",)),
    "like_count": Rule(lambda view: 0),
    "comments_count": Rule(lambda view: 0),
    "is_comment_enabled": Rule(lambda view: True),
    "alt_text": Rule(MediaView.alt_text),
    "children": Rule(lambda view: None, ("id", "media_type", "media_url", "thumbnail_url")),
}
DEFAULT_FIELDS: Final = (Field("id"),)


def list_media(request: GraphRequest, account: InstagramAccount) -> dict[str, Any]:
    """Newest first, at most the latest 10,000."""
    require_reading(request, account)
    fields = request.fields or DEFAULT_FIELDS

    def show(post: Post) -> dict[str, Any]:
        return read_node(INSTAGRAM_MEDIA, RULES, fields, MediaView(request, account, post))

    return listing.list_posts(request, account.id, "published", INSTAGRAM_REACH, show)


def read(request: GraphRequest, post: Post) -> dict[str, Any]:
    """One post; it can be read by its id as soon as it is live."""
    account = instagram.find(request.world, post.account_id)
    if account is None:
        raise missing_object(request.method, post.id)
    require_reading(request, account)
    return read_node(INSTAGRAM_MEDIA, RULES, request.fields or DEFAULT_FIELDS, MediaView(request, account, post))
