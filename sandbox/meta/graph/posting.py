"""Putting a post on a Page: what text, link and photos have in common (meta 4.2, 4.4, 12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from sandbox import ledger
from sandbox.faults.model import Mode
from sandbox.ledger import Media, NewPost
from sandbox.meta.directory import Page
from sandbox.meta.errors import duplicate, invalid
from sandbox.meta.facts import DEFAULT_DELAY_MS, MESSAGE_LIMIT
from sandbox.meta.graph.nodes import PROVIDER
from sandbox.meta.graph.request import GraphRequest

NETWORK = "facebook"
POST_NUMBER_BASE = 122_100_000_000_000_000


@dataclass(frozen=True, slots=True)
class Content:
    """What a post says and shows."""

    text: str | None
    link: str | None = None
    media: Sequence[Media] = ()


def check_text(name: str, text: str | None) -> None:
    """A text has a length."""
    if text is not None and len(text) > MESSAGE_LIMIT:
        raise invalid(f"Param {name} must be no longer than {MESSAGE_LIMIT} characters")


def put(
    request: GraphRequest,
    page: Page,
    content: Content,
    live_at: float | None,
    kept: frozenset[str],
    hidden: bool = False,
) -> str:
    """Take a post inside the caller's transaction and return its id. It is live if and only if that commits."""
    world, now = request.world, request.world.now
    if live_at is not None and live_at <= now:
        _refuse_duplicate(request, page, content)
    new = NewPost(
        id=f"{page.id}_{POST_NUMBER_BASE + world.count('meta post')}",
        provider=PROVIDER,
        network=NETWORK,
        account_id=page.id,
        app_id=request.caller.app_id,
        text=content.text,
        link=content.link,
        detail=orjson.dumps({name: request.parameters[name] for name in kept & request.parameters.keys()}).decode(),
        created_at=now,
        live_at=live_at,
        listed_at=max(live_at or now, now) + request.call.conditions.seconds(Mode.DELAYED_VISIBILITY, DEFAULT_DELAY_MS),
        media=content.media,
        hidden=hidden,
        scheduled=live_at is not None and live_at > now,
    )
    ledger.add(world.db, new)
    return new.id


def _refuse_duplicate(request: GraphRequest, page: Page, content: Content) -> None:
    """506 for the same words, link and pictures as the Page's last post, within the window (meta 12 d)."""
    world = request.world
    window_s = float(world.option(PROVIDER, "duplicate_window_s"))
    last = ledger.newest_live(world.db, page.id, world.now) if window_s else None
    if last is None or world.now - last.shown_at >= window_s:
        return
    before = (last.text, last.link, [each.sha256 for each in last.media])
    if before == (content.text, content.link, [each.sha256 for each in content.media]):
        raise duplicate()
