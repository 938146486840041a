"""Addresses that people follow, and where pictures lie (meta 4.3, 5.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.meta import instagram
from sandbox.meta.facts import CDN, WWW

if TYPE_CHECKING:
    from sandbox.world import World


def permalink(world: World, post_id: str) -> str:
    """Where a post stands; of a Page's, `/{page_post_id}` redirects here."""
    page_id, of_page, number = post_id.partition("_")
    if not of_page:
        return instagram.permalink(world, post_id)
    return f"{world.settings.own_url}/{WWW}/{page_id}/posts/{number}"


def picture_url(world: World, sha256: str) -> str:
    """Where the bytes of a picture lie."""
    return f"{world.settings.own_url}/{CDN}/{sha256}"
