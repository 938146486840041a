"""`POST /{ig}/media`: pictures, carousels, reels and stories (meta 5.1, 5.2, 5.7)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from sandbox import clips, pictures
from sandbox.meta import arriving, containers, limits, measured, processing
from sandbox.meta.arriving import Arrived
from sandbox.meta.containers import CAROUSEL, PICTURE, STORIES, VIDEO, Container
from sandbox.meta.facts import NEWEST_VERSION, RUPLOAD
from sandbox.meta.fetching import FetchFailed, FetchTimeout, TooLarge, fetch_to
from sandbox.meta.graph.instagram import errors
from sandbox.meta.graph.instagram.carousels import read_children
from sandbox.meta.graph.instagram.kinds import KEPT, Kind, read_kind
from sandbox.meta.graph.instagram.pictures import COVER, fetch_picture
from sandbox.meta.graph.instagram.rights import require_publishing
from sandbox.meta.graph.instagram.words import check_words, thumb_offset_ms
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.images import Picture
from sandbox.meta.instagram import InstagramAccount
from sandbox.meta.measured import INSTAGRAM_FAILED
from sandbox.meta.processing import Processing

# What a container's status says of a video that couldn't be fetched (meta 10.4).
TIMED_OUT, NOT_FETCHED, TOO_LARGE = 2207003, 2207077, 2207082
Fetched = tuple[bytes, Picture]


async def create(request: GraphRequest, account: InstagramAccount) -> dict[str, Any]:
    """Make a container. A picture is fetched and looked at now; what is wrong with a video shows in its status."""
    require_publishing(request, account)
    kind = read_kind(request)
    check_words(request, kind)
    offset_ms = thumb_offset_ms(request)
    children = read_children(request, account) if kind.name == CAROUSEL else []
    _check_limit(request, account)
    cover = await _cover(request)
    picture = await fetch_picture(request, kind.url, kind.name) if kind.url and kind.shows == PICTURE else None
    clip = await _fetch_clip(request, kind) if kind.url and kind.shows != PICTURE else None
    world = request.world
    with world.write():
        # Asked again: others may have come in while something was fetched.
        _check_limit(request, account)
        container = _new(request, account, kind, offset_ms, [child.id for child in children])
        container = replace(container, cover=_kept(request, cover), sha256=_kept(request, picture))
        if isinstance(clip, Arrived):
            clip.keep(world)
            container = measured.of_instagram(world, request.call.conditions, container, clip)
        elif clip is not None:
            container = replace(container, error_subcode=container.error_subcode or clip)
        containers.add(world, container)
    return _told(request, container)


def _check_limit(request: GraphRequest, account: InstagramAccount) -> None:
    """400 containers in 24 hours; with which error more are refused is not documented [A]."""
    most = int(float(request.world.option("meta", "containers_a_day")))
    if containers.made_today(request.world, account.id) >= most:
        raise errors.limit_reached()


async def _cover(request: GraphRequest) -> Fetched | None:
    url = request.text("cover_url")
    return await fetch_picture(request, url, COVER) if url else None


async def _fetch_clip(request: GraphRequest, kind: Kind) -> Arrived | int:
    """The video, or the number of the error with which its container will end."""
    world = request.world
    most = (limits.INSTAGRAM_STORY if kind.name == STORIES else limits.INSTAGRAM_REEL).bytes_max or 0
    path = clips.new_file(world)
    try:
        await fetch_to(path, kind.url or "", most, float(world.option("meta", "fetch_within_s")))
        return await arriving.complete(world, path)
    except FetchTimeout:
        return TIMED_OUT
    except FetchFailed:
        return NOT_FETCHED
    except TooLarge:
        return TOO_LARGE
    finally:
        path.unlink(missing_ok=True)


def _kept(request: GraphRequest, fetched: Fetched | None) -> str | None:
    return pictures.keep(request.world, fetched[0], fetched[1].content_type) if fetched else None


def _new(
    request: GraphRequest, account: InstagramAccount, kind: Kind, offset_ms: int, children: list[str]
) -> Container:
    world = request.world
    work = Processing(world.now)
    # A video that comes with this call meets faults, and takes its time, when it is measured.
    if kind.shows != VIDEO or kind.resumable:
        work = processing.spoil(work, world.now, request.call.conditions, INSTAGRAM_FAILED)
    return Container(
        id=containers.new_id(world),
        account_id=account.id,
        app_id=request.caller.app_id,
        kind=kind.name,
        shows=kind.shows,
        caption=request.text("caption"),
        alt_text=request.text("alt_text") or "",
        detail=orjson.dumps({name: request.parameters[name] for name in KEPT & request.parameters.keys()}).decode(),
        children=orjson.dumps(children).decode(),
        resumable=int(kind.resumable),
        file_size=None,
        received=0,
        sha256=None,
        cover=None,
        thumb_offset_ms=offset_ms,
        created_at=world.now,
        uploaded_at=None,
        ready_at=work.ready_at,
        polls_left=work.polls_left,
        error_subcode=work.error,
        media_id=None,
        shortcode=None,
        published_at=None,
    )


def _told(request: GraphRequest, container: Container) -> dict[str, Any]:
    told: dict[str, Any] = {"id": container.id}
    if container.resumable:
        version = request.address.version or NEWEST_VERSION
        told["uri"] = f"{request.world.settings.own_url}/{RUPLOAD}/ig-api-upload/{version}/{container.id}"
    return told
