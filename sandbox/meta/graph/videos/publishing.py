"""`POST graph-video…/{page}/videos`: by handle, by address, as a file, or in chunks (meta 4.5)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from sandbox import clips, pictures
from sandbox.meta import arriving, limits, measured, uploads, videos
from sandbox.meta.arriving import Arrived
from sandbox.meta.directory import Page
from sandbox.meta.errors import (
    image_missing,
    malformed,
    upload_problem,
    video_refused,
    video_too_small,
    video_unreachable,
)
from sandbox.meta.facts import VERTICAL_SECONDS_MAX, VIDEO_BYTES_MIN, VIDEO_SCHEDULE_MAX_S
from sandbox.meta.fetching import FetchFailed, FetchTimeout, TooLarge, fetch_to
from sandbox.meta.graph.nodes import PROVIDER
from sandbox.meta.graph.publishing_time import live_at
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.graph.rights import require_publishing
from sandbox.meta.graph.videos import chunked
from sandbox.meta.graph.videos.finishing import KEPT, WORDS, Wanted, check_words, finish
from sandbox.meta.images import read_picture
from sandbox.meta.limits import Problem
from sandbox.meta.videos import PageVideo, State

HANDLE: Final = "fbuploader_video_file_chunk"
SOURCES: Final = (HANDLE, "file_url")
FILES: Final = frozenset({"source", "thumb", chunked.PIECE})
VIDEO_PARAMETERS: Final = (
    KEPT
    | WORDS
    | frozenset(SOURCES)
    | chunked.PARAMETERS
    | {"published", "scheduled_publish_time", "unpublished_content_type", "no_story", "name"}
)
Thumbnail = tuple[bytes, str]


async def publish(request: GraphRequest, page: Page) -> dict[str, Any]:
    """Take a video, or a step of a chunked upload."""
    require_publishing(request, page.id)
    if unknown := request.files.keys() - FILES:
        raise malformed(f"Invalid request: '{min(unknown)}' is a file")
    phase = request.text("upload_phase")
    if phase is not None and any(request.text(name) for name in SOURCES):
        raise malformed("upload_phase goes with neither file_url nor a handle")
    if phase in (None, "finish"):
        check_words(request)
        wanted, thumbnail = _wanted(request), await _thumbnail(request)
        if phase is None:
            return {"id": (await _whole(request, page, wanted, thumbnail)).id}
        video = chunked.find(request, page)
        arrived = await chunked.complete(request, video)
        _finish(request, video, arrived, wanted, thumbnail)
        return {"success": True}
    return chunked.step(request, page, phase)


def _wanted(request: GraphRequest) -> Wanted:
    """When it goes live: now, within six months, or never by itself."""
    at = live_at(request, VIDEO_SCHEDULE_MAX_S)
    hidden = request.flag("no_story", False)
    if at is None:
        return Wanted(State.DRAFT, None, hidden)
    later = at > request.world.now
    return Wanted(State.SCHEDULED if later else State.PUBLISHED, at if later else None, hidden)


async def _thumbnail(request: GraphRequest) -> Thumbnail | None:
    content = request.files.get("thumb")
    return await read_thumbnail(content) if content is not None else None


async def read_thumbnail(content: bytes) -> Thumbnail:
    """A picture that stands for a video."""
    picture = await read_picture(content)
    if picture is None:
        raise image_missing("Missing or invalid image file")
    return content, picture.content_type


async def _whole(request: GraphRequest, page: Page, wanted: Wanted, thumbnail: Thumbnail | None) -> PageVideo:
    given = [name for name in SOURCES if request.text(name)] + [name for name in ("source",) if name in request.files]
    if len(given) != 1:
        raise malformed(f"Give one of {', '.join((*SOURCES, 'source'))}")
    arrived = await _arrived(request, given[0])
    if arrived is None:
        raise video_too_small()
    _check(request, arrived)
    with request.world.write():
        video = videos.begin(request.world, page.id, request.caller.app_id, videos.VIDEO)
    return _finish(request, video, arrived, wanted, thumbnail)


async def _arrived(request: GraphRequest, source: str) -> Arrived | None:
    """The whole file; None when it is too small to be any."""
    world = request.world
    if source == HANDLE:
        upload = uploads.of_handle(world, request.parameters[HANDLE])
        if upload is None or upload.sha256 is None:
            raise upload_problem("The upload session has expired or never was", 1363041)
        return chunked.again(world, upload.sha256)
    path = clips.new_file(world)
    try:
        if source == "source":
            path.write_bytes(request.files["source"])
        else:
            most = limits.PAGE_VIDEO.bytes_max or 0
            await fetch_to(path, request.parameters[source], most, float(world.option(PROVIDER, "fetch_within_s")))
        return await arriving.complete(world, path) if path.stat().st_size >= VIDEO_BYTES_MIN else None
    except (FetchFailed, FetchTimeout) as problem:
        raise video_unreachable() from problem
    except TooLarge as problem:
        raise video_refused(limits.OF_PAGES[Problem.LARGE], Problem.LARGE) from problem
    finally:
        path.unlink(missing_ok=True)


def _check(request: GraphRequest, arrived: Arrived) -> None:
    """A file that Facebook can't use is refused at once (6000)."""
    wrong = limits.problem(arrived.video, limits.PAGE_VIDEO) if arrived.video else Problem.FORMAT
    if wrong is not None:
        raise video_refused(limits.OF_PAGES[wrong], wrong)


def _finish(
    request: GraphRequest, video: PageVideo, arrived: Arrived, wanted: Wanted, thumbnail: Thumbnail | None
) -> PageVideo:
    _check(request, arrived)
    world = request.world
    with world.write():
        arrived.keep(world)
        video = measured.of_page(world, request.call.conditions, video, arrived)
        if thumbnail is not None:
            video = replace(video, thumbnail=pictures.keep(world, *thumbnail))
        video, wanted = _turned(request, video, wanted)
        return finish(request, video, wanted, spoiled=True)


def _turned(request: GraphRequest, video: PageVideo, wanted: Wanted) -> tuple[PageVideo, Wanted]:
    """Since 2025 a short vertical video becomes a reel, one report says: a draft of one (meta 4.5, [2])."""
    becomes = request.world.option(PROVIDER, "vertical_videos")
    vertical = video.height > video.width and video.seconds <= VERTICAL_SECONDS_MAX
    if not vertical or becomes not in ("reel", "draft"):
        return video, wanted
    return replace(video, kind=videos.REEL), wanted if becomes == "reel" else Wanted(State.DRAFT)
