"""`POST /{page}/feed`: text, link, attached photos, scheduled and unpublished posts (meta 4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sandbox import ledger
from sandbox.ledger import Post
from sandbox.meta import photos
from sandbox.meta.directory import Page
from sandbox.meta.errors import GraphError, already_posted, invalid, malformed, missing_object
from sandbox.meta.facts import CARDS_MAX, CARDS_MAX_OPTIMIZED, CARDS_MIN
from sandbox.meta.graph import posts
from sandbox.meta.graph.posting import Content, check_text, put
from sandbox.meta.graph.publishing_time import live_at
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.graph.rights import require_publishing
from sandbox.meta.photos import Photo

# Documented parameters whose values this stand-in keeps without acting on them.
KEPT = frozenset(
    {
        "targeting",
        "feed_targeting",
        "place",
        "tags",
        "call_to_action",
        "backdated_time",
        "text_format_preset_id",
        "unpublished_content_type",
        "child_attachments",
    }
)
# Overrides of a link's card, "only for domains the Page owns" (meta 4.2): no Page of this world owns one.
OVERRIDES = frozenset({"picture", "name", "description", "thumbnail"})
# Internal composer parameters of the SDK, without any dedupe meaning (meta 12).
COMPOSER = frozenset({"client_mutation_id", "composer_session_id"})
CONTENT = ("message", "link", "attached_media", "child_attachments")
FEED_PARAMETERS = (
    frozenset(CONTENT)
    | KEPT
    | OVERRIDES
    | COMPOSER
    | {
        "published",
        "scheduled_publish_time",
        "multi_share_optimized",
    }
)


def publish(request: GraphRequest, page: Page) -> dict[str, Any]:
    """Take a post. It is live if and only if this transaction commits."""
    require_publishing(request, page.id)
    text, link = _content(request)
    attached = _attached(request, page)
    at = live_at(request)
    world = request.world
    with world.write():
        content = Content(text, link, [photo.media for photo in attached])
        post_id = put(request, page, content, at, KEPT)
        for position, photo in enumerate(attached):
            photos.use(world, photo, post_id, position)
    return _created(request, post_id)


def _content(request: GraphRequest) -> tuple[str | None, str | None]:
    """Text and link, checked."""
    if not any(request.text(name) for name in CONTENT):
        raise malformed("The post is empty: give message, link or attached_media")
    text, link = request.text("message"), request.text("link")
    check_text("message", text)
    if OVERRIDES & request.parameters.keys():
        raise invalid(
            "Only owners of the URL have the ability to specify the picture, name, thumbnail or description params."
        )
    if link is not None:
        _check_link(link)
    _check_cards(request)
    if request.text("tags") and not request.text("place"):
        raise invalid("Param tags needs a place")
    return text, link


def _attached(request: GraphRequest, page: Page) -> list[Photo]:
    """The Page's own photos that no post shows yet, in the order in which they will be shown (meta 4.2, 4.4)."""
    attached: list[Photo] = []
    for item in request.items("attached_media"):
        photo_id = item.get("media_fbid") if isinstance(item, Mapping) else None
        if not isinstance(photo_id, str):
            raise malformed('Each of attached_media must be {"media_fbid": "<photo id>"}')
        photo = photos.find(request.world, photo_id)
        if photo is None or photo.page_id != page.id:
            raise missing_object("POST", photo_id)
        if photo.post_id is not None or photo in attached:
            raise already_posted()
        attached.append(photo)
    return attached


def _check_link(link: str) -> None:
    """A link must be an address that Meta's scraper reaches; `.invalid` never is (RFC 2606)."""
    parts = urlsplit(link)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise invalid("link URL is not properly formatted")
    if parts.hostname.endswith(".invalid"):
        raise GraphError(
            1609005,
            "(#1609005) Error Posting Link: Link Post Failure",
            user_title="Link can't be shared",
            user_message="Facebook couldn't get data from the URL.",
        )


def _check_cards(request: GraphRequest) -> None:
    cards = request.items("child_attachments")
    most = CARDS_MAX_OPTIMIZED if request.flag("multi_share_optimized", False) else CARDS_MAX
    if cards and not CARDS_MIN <= len(cards) <= most:
        raise invalid(f"Param child_attachments must have between {CARDS_MIN} and {most} elements")
    for card in cards:
        if not isinstance(card, Mapping) or not card.get("link"):
            raise invalid("Each of child_attachments needs a link")


def _created(request: GraphRequest, post_id: str) -> dict[str, Any]:
    """The new id; with `fields` those of the new post too (read-after-write, meta 0.2)."""
    if not request.fields:
        return {"id": post_id}
    post: Post | None = ledger.find(request.world.db, post_id)
    return posts.show(request, post, request.fields) if post else {"id": post_id}
