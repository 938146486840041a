"""Addresses of www.linkedin.com and its CDN (linkedin 1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.linkedin.facts import MEDIA, WWW

if TYPE_CHECKING:
    from sandbox.world import World


def permalink(world: World, post_id: str) -> str:
    """Where people read a post."""
    return f"{world.settings.own_url}/{WWW}/feed/update/{post_id}/"


def upload(world: World, key: str) -> str:
    """Where the bytes of a picture go: opaque and signed."""
    return f"{world.settings.own_url}/{WWW}/dms-uploads/{key}/uploaded-image/0?ca=vector_feedshare&cn=uploads&sync=0"


def download(world: World, sha256: str) -> str:
    """Where a picture can be fetched."""
    return f"{world.settings.own_url}/{MEDIA}/dms/image/{sha256}"


def portrait(world: World, person_id: str) -> str:
    """A member's picture."""
    return f"{world.settings.own_url}/{MEDIA}/portrait/{person_id}.svg"
