"""`POST /{page}/feed`: text, link, scheduled and unpublished posts (meta 4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from sandbox import ledger
from sandbox.faults.model import Mode
from sandbox.ledger import NewPost, Post
from sandbox.meta.directory import Page
from sandbox.meta.errors import GraphError, duplicate, invalid, malformed, missing_object
from sandbox.meta.facts import CARDS_MAX, CARDS_MAX_OPTIMIZED, CARDS_MIN, CONTENT_TYPES, DEFAULT_DELAY_MS, MESSAGE_LIMIT
from sandbox.meta.graph import posts
from sandbox.meta.graph.nodes import PROVIDER
from sandbox.meta.graph.publishing_time import check_schedule
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.graph.rights import require_publishing

NETWORK = "facebook"
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
POST_NUMBER_BASE = 122_100_000_000_000_000


def publish(request: GraphRequest, page: Page) -> dict[str, Any]:
    """Take a post. It is live if and only if this transaction commits."""
    require_publishing(request, page.id)
    text, link = _content(request)
    live_at = _live_at(request)
    world = request.world
    now = world.now
    with world.write():
        if live_at is not None and live_at <= now:
            _refuse_duplicate(request, page, text, link)
        new = NewPost(
            id=f"{page.id}_{POST_NUMBER_BASE + world.count('meta post')}",
            provider=PROVIDER,
            network=NETWORK,
            account_id=page.id,
            app_id=request.caller.app_id,
            text=text,
            link=link,
            detail=orjson.dumps({name: request.parameters[name] for name in KEPT & request.parameters.keys()}).decode(),
            created_at=now,
            live_at=live_at,
            listed_at=max(live_at or now, now)
            + request.call.conditions.seconds(Mode.DELAYED_VISIBILITY, DEFAULT_DELAY_MS),
        )
        ledger.add(world.db, new)
    return _created(request, new.id)


def _content(request: GraphRequest) -> tuple[str | None, str | None]:
    """Text and link, checked."""
    if not any(request.text(name) for name in CONTENT):
        raise malformed("The post is empty: give message, link or attached_media")
    text, link = request.text("message"), request.text("link")
    if text is not None and len(text) > MESSAGE_LIMIT:
        raise invalid(f"Param message must be no longer than {MESSAGE_LIMIT} characters")
    if OVERRIDES & request.parameters.keys():
        raise invalid(
            "Only owners of the URL have the ability to specify the picture, name, thumbnail or description params."
        )
    if link is not None:
        _check_link(link)
    _check_cards(request)
    for item in request.items("attached_media"):
        # Photos come with their own endpoint; until one exists here, no id can be right.
        raise missing_object("POST", str(item.get("media_fbid") if isinstance(item, Mapping) else item))
    if request.text("tags") and not request.text("place"):
        raise invalid("Param tags needs a place")
    return text, link


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


def _live_at(request: GraphRequest) -> float | None:
    """Now, at the scheduled time, or never (meta 4.2: published, scheduled_publish_time)."""
    now = request.world.now
    published = request.flag("published", True)
    scheduled = request.moment("scheduled_publish_time")
    kind = request.text("unpublished_content_type")
    if kind is not None and kind not in CONTENT_TYPES:
        raise invalid(f"Param unpublished_content_type must be one of {{{', '.join(CONTENT_TYPES)}}}")
    if published and (scheduled is not None or kind not in (None, "PUBLISHED")):
        raise invalid("You cannot specify a scheduled publish time or an unpublished type on a published post")
    if kind == "SCHEDULED" and scheduled is None:
        raise invalid("A scheduled post needs a scheduled_publish_time")
    if scheduled is not None:
        check_schedule(scheduled, now)
        return scheduled
    return now if published else None


def _refuse_duplicate(request: GraphRequest, page: Page, text: str | None, link: str | None) -> None:
    """506 for the same text and link as the Page's last post, within the window (meta 12 d)."""
    world = request.world
    window_s = float(world.option(PROVIDER, "duplicate_window_s"))
    last = ledger.newest_live(world.db, page.id, world.now) if window_s else None
    if last is not None and (last.text, last.link) == (text, link) and world.now - last.shown_at < window_s:
        raise duplicate()


def _created(request: GraphRequest, post_id: str) -> dict[str, Any]:
    """The new id; with `fields` those of the new post too (read-after-write, meta 0.2)."""
    if not request.fields:
        return {"id": post_id}
    post: Post | None = ledger.find(request.world.db, post_id)
    return posts.show(request, post, request.fields) if post else {"id": post_id}
