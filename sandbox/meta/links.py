"""Addresses that people follow, and where pictures and videos lie (meta 4.3, 4.6, 4.7, 5.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import ledger
from sandbox.meta import instagram, videos
from sandbox.meta.facts import CDN, WWW
from sandbox.meta.videos import PageVideo

if TYPE_CHECKING:
    from sandbox.world import World


def permalink(world: World, post_id: str) -> str:
    """Where a post stands; of a Page's, `/{page_post_id}` redirects here."""
    site = f"{world.settings.own_url}/{WWW}"
    page_id, of_page, number = post_id.partition("_")
    post = ledger.find(world.db, post_id)
    account = instagram.find(world, post.account_id) if post else None
    if post is not None and account is not None:
        return instagram.permalink(world, account, post)
    if not of_page:
        return f"{site}/stories/{post_id}"
    video = videos.of_post(world, post_id)
    return video_link(world, video) if video is not None else f"{site}/{page_id}/posts/{number}"


def video_link(world: World, video: PageVideo) -> str:
    """Where a Page's video stands."""
    site = f"{world.settings.own_url}/{WWW}"
    if video.kind == videos.STORY and video.post_id:
        return f"{site}/stories/{video.post_id}"
    return f"{site}/reel/{video.id}" if video.kind == videos.REEL else f"{site}/{video.page_id}/videos/{video.id}"


def picture_url(world: World, sha256: str) -> str:
    """Where the bytes of a picture lie."""
    return f"{world.settings.own_url}/{CDN}/{sha256}"


def clip_url(world: World, sha256: str) -> str:
    """Where the bytes of a video lie."""
    return f"{world.settings.own_url}/{CDN}/{sha256}.mp4"


def thumbnail_url(world: World, video: PageVideo) -> str:
    """What stands for a video: the picture that was sent with it, else its Page's, since no frame is decoded here."""
    if video.thumbnail:
        return picture_url(world, video.thumbnail)
    return f"{world.settings.own_url}/{CDN}/{video.page_id}.svg"
