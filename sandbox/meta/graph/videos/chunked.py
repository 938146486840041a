"""The chunked upload of `/{page}/videos`: start, transfer until the offsets meet, finish, cancel (meta 4.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sandbox import clips
from sandbox.meta import arriving, limits, videos
from sandbox.meta.arriving import Arrived, Lost
from sandbox.meta.directory import Page
from sandbox.meta.errors import GraphError, malformed, upload_problem, video_refused, video_too_small
from sandbox.meta.facts import VIDEO_BYTES_MIN
from sandbox.meta.graph.nodes import PROVIDER
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.limits import Problem
from sandbox.meta.videos import PageVideo
from sandbox.videos import NotAVideo, read_video

if TYPE_CHECKING:
    from sandbox.world import World

PIECE: Final = "video_file_chunk"
PARAMETERS: Final = frozenset({"upload_phase", "upload_session_id", "start_offset", "file_size"})
WRONG_OFFSET: Final = 1363037
SESSION_EXPIRED: Final = 1363041


def step(request: GraphRequest, page: Page, phase: str) -> dict[str, Any]:
    """Every phase but the last."""
    match phase:
        case "start":
            return _start(request, page)
        case "transfer":
            return _transfer(request, find(request, page))
        case "cancel":
            video = find(request, page)
            with request.world.write():
                videos.delete(request.world, video)
            arriving.forget(request.world, video.id)
            return {"success": True}
        case _:
            raise malformed("Param upload_phase must be one of {start, transfer, finish, cancel}")


def find(request: GraphRequest, page: Page) -> PageVideo:
    """The upload that is under way; a day after it began it is over."""
    session = request.text("upload_session_id")
    if session is None:
        raise malformed("The parameter upload_session_id is required")
    video = videos.of_session(request.world, session)
    if video is None or video.page_id != page.id or video.expired(request.world.now) or video.finished_at is not None:
        raise upload_problem("The upload session has expired or never was", SESSION_EXPIRED)
    return video


def _start(request: GraphRequest, page: Page) -> dict[str, Any]:
    size = _number(request, "file_size")
    if size < VIDEO_BYTES_MIN:
        raise video_too_small()
    if size > (limits.PAGE_VIDEO.bytes_max or size):
        raise video_refused(limits.OF_PAGES[Problem.LARGE], Problem.LARGE)
    world = request.world
    with world.write():
        session = str(world.count("meta upload session"))
        video = videos.begin(world, page.id, request.caller.app_id, videos.VIDEO, session)
        video = replace(video, file_size=size)
        videos.save(world, video)
    return {"upload_session_id": session, "video_id": video.id, **_offsets(request, video)}


def _transfer(request: GraphRequest, video: PageVideo) -> dict[str, Any]:
    piece = request.files.get(PIECE)
    if piece is None:
        raise malformed(f"The file {PIECE} is required")
    told = _offsets(request, video)
    if _number(request, "start_offset") != video.received or not piece:
        raise upload_problem("The offset is another", WRONG_OFFSET, told)
    if video.received + len(piece) > (video.file_size or 0):
        raise upload_problem("There are more bytes than file_size", 1363045)
    try:
        received = arriving.append(request.world, video.id, video.received, piece)
    except Lost as problem:
        raise _lost() from problem
    video = replace(video, received=received)
    with request.world.write():
        videos.save(request.world, video)
    return _offsets(request, video)


def _offsets(request: GraphRequest, video: PageVideo) -> dict[str, str]:
    """Which bytes come next; they are strings, and equal when there are none."""
    piece = int(float(request.world.option(PROVIDER, "video_chunk_bytes")))
    end = min(video.file_size or 0, video.received + piece)
    return {"start_offset": str(video.received), "end_offset": str(end)}


def _number(request: GraphRequest, name: str) -> int:
    value: Mapping[str, str] = request.parameters
    if not value.get(name, "").isdecimal():
        raise malformed(f"Param {name} must be a number")
    return int(value[name])


async def complete(request: GraphRequest, video: PageVideo) -> Arrived:
    """The whole file of an upload that is to be finished."""
    if video.received != video.file_size:
        raise upload_problem("There are bytes missing", WRONG_OFFSET, _offsets(request, video))
    if video.sha256 is not None:
        return again(request.world, video.sha256)
    try:
        arrived = await arriving.complete(request.world, clips.on_the_way(request.world, video.id))
    except Lost as problem:
        raise _lost() from problem
    with request.world.write():
        arrived.keep(request.world)
        # Known from now on, so that a finish that is refused can be tried again.
        videos.save(request.world, replace(video, sha256=arrived.sha256))
    return arrived


def _lost() -> GraphError:
    return upload_problem("The upload has to begin again", SESSION_EXPIRED)


def again(world: World, sha256: str) -> Arrived:
    """A file that lies at its place already."""
    with (clips.folder(world) / sha256).open("rb") as file:
        try:
            return Arrived(sha256, read_video(file))
        except NotAVideo:
            return Arrived(sha256, None)
