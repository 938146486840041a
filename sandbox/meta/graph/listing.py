"""Lists of a Page's posts (meta 11.1), newest first, by cursor and by time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sandbox import ledger
from sandbox.ledger import Listing, Post
from sandbox.meta.directory import Page
from sandbox.meta.facts import POSTS_LIMIT, POSTS_REACH
from sandbox.meta.graph import paging, posts
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.graph.rights import require_reading

# `since` and `until` aren't documented for these edges but work in practice [G].
LIST_PARAMETERS = paging.PARAMETERS | {"since", "until", "include_hidden", "show_expired", "with"}


def published_posts(request: GraphRequest, page: Page) -> dict[str, Any]:
    """`GET /{page}/published_posts` and `/posts`: what followers see."""
    return _list(request, page, "published")


def feed(request: GraphRequest, page: Page) -> dict[str, Any]:
    """`GET /{page}/feed`: unpublished ones too."""
    return _list(request, page, "all")


def scheduled_posts(request: GraphRequest, page: Page) -> dict[str, Any]:
    """`GET /{page}/scheduled_posts` (meta 4.3)."""
    return _list(request, page, "scheduled")


def by_others(request: GraphRequest, page: Page) -> dict[str, Any]:
    """`GET /{page}/visitor_posts` and `/tagged`: nobody else posts in this world."""
    require_reading(request, page.id)
    return {"data": []}


def _list(request: GraphRequest, page: Page, which: str) -> dict[str, Any]:
    require_reading(request, page.id)
    fields = request.fields or posts.DEFAULT_FIELDS
    return list_posts(request, page.id, which, POSTS_REACH, lambda post: posts.show(request, post, fields))


def list_posts(
    request: GraphRequest,
    account_id: str,
    which: str,
    reach: int,
    show: Callable[[Post], dict[str, Any] | None],
    kinds: Sequence[str] = (ledger.POST, ledger.REEL),
) -> dict[str, Any]:
    """One page of the posts of a Page or Instagram account; the whole list ends after the newest `reach`.

    What `show` leaves out is left out after cutting, as Graph does (meta 7.6).
    """
    limit = paging.read_limit(request, POSTS_LIMIT)
    after, before = paging.read_cursor(request, "after", 3), paging.read_cursor(request, "before", 3)
    place = before or after
    # The third part of a cursor counts what was listed so far: a list ends after its reach.
    served = int(after[2]) if after else 0
    listing = Listing(
        account_id=account_id,
        which=which,
        now=request.world.now,
        # One more than asked tells whether there is a next page.
        limit=max(0, min(limit, reach - served)) + 1,
        include_hidden=request.flag("include_hidden", False),
        since=request.moment("since"),
        until=request.moment("until"),
        place_at=place[0] if place else None,
        place_number=place[1] if place else None,
        kinds=kinds,
    )
    found = ledger.listed(request.world.db, listing, newer=before is not None)
    listed = found[: listing.limit - 1]
    if before is not None:
        listed.reverse()
    if not listed:
        return {"data": []}
    end = served + len(listed)
    return paging.page(
        request,
        [told for told in map(show, listed) if told is not None],
        _key(listed[0], served),
        _key(listed[-1], end),
        more=before is not None or (len(found) > len(listed) and end < reach),
        earlier=after is not None or (before is not None and len(found) > len(listed)),
    )


def _key(post: Post, served: int) -> tuple[float, ...]:
    return (post.shown_at, post.number, served)
