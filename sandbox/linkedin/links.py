"""Addresses of www.linkedin.com and its CDN (linkedin 1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.linkedin.facts import MEDIA, WWW

if TYPE_CHECKING:
    from sandbox.world import World


def permalink(world: World, post_id: str) -> str:
    """Where people read a post."""
    return f"{world.settings.own_url}/{WWW}/feed/update/{post_id}/"


def upload(world: World, key: str, what: str) -> str:
    """Where bytes go, such as those of an `image`: opaque and signed."""
    return f"{world.settings.own_url}/{WWW}/dms-uploads/{key}/uploaded-{what}/0?ca=vector_feedshare&cn=uploads&sync=0"


def download(world: World, sha256: str, what: str) -> str:
    """Where what was uploaded can be fetched."""
    return f"{world.settings.own_url}/{MEDIA}/dms/{what}/{sha256}"


def portrait(world: World, person_id: str) -> str:
    """A member's picture."""
    return f"{world.settings.own_url}/{MEDIA}/portrait/{person_id}.svg"
