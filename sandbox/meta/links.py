"""Addresses of www.facebook.com that people follow (meta 4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.meta.facts import WWW

if TYPE_CHECKING:
    from sandbox.world import World


def permalink(world: World, post_id: str) -> str:
    """Where a post stands; `/{page_post_id}` redirects here."""
    page_id, _, number = post_id.partition("_")
    return f"{world.settings.own_url}/{WWW}/{page_id}/posts/{number}"
