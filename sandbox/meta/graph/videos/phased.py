"""Reels and video stories: start, upload at rupload, finish (meta 4.6, 4.7)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from sandbox.meta import processing, videos
from sandbox.meta.directory import Page
from sandbox.meta.errors import already_published, invalid, malformed, missing_object, too_many_reels, upload_problem
from sandbox.meta.facts import NEWEST_VERSION, REEL_SCHEDULE_MAX_S, REELS_WINDOW_S, RUPLOAD
from sandbox.meta.graph.nodes import PROVIDER
from sandbox.meta.graph.publishing_time import check_schedule
from sandbox.meta.graph.request import GraphRequest, refuse_unknown
from sandbox.meta.graph.rights import require_publishing
from sandbox.meta.graph.videos.finishing import WORDS, Wanted, check_words, finish
from sandbox.meta.measured import PAGE_FAILED
from sandbox.meta.processing import Processing
from sandbox.meta.videos import PageVideo, State

_PHASE: Final = frozenset({"upload_phase"})
_FINISH: Final = _PHASE | {"video_id"}
_REEL: Final = WORDS | {
    "video_state",
    "scheduled_publish_time",
    "place",
    "targeting",
    "feed_targeting",
    "is_ai_generated",
}
REEL_PARAMETERS: Final = _FINISH | _REEL
STORY_PARAMETERS: Final = _FINISH


def reel(request: GraphRequest, page: Page) -> dict[str, Any]:
    """`POST /{page}/video_reels`."""
    require_publishing(request, page.id)
    _check_reels(request, page)
    if _phase(request) == "start":
        return _start(request, page, videos.REEL)
    check_words(request)
    wanted = _wanted(request)
    video = _uploaded(request, page, videos.REEL)
    with request.world.write():
        video = finish(request, video, wanted)
    told: dict[str, Any] = {"success": True}
    if video.post_id is not None and request.world.option(PROVIDER, "reel_post_id") == "true":
        told["post_id"] = video.post_id
    return told


def story(request: GraphRequest, page: Page) -> dict[str, Any]:
    """`POST /{page}/video_stories`."""
    require_publishing(request, page.id)
    if _phase(request) == "start":
        return _start(request, page, videos.STORY)
    video = _uploaded(request, page, videos.STORY)
    if video.failed(request.world.now):
        raise upload_problem("The video can't be processed", video.error)
    with request.world.write():
        video = finish(request, video, Wanted(State.PUBLISHED))
    return {"success": True, **({"post_id": video.post_id} if video.post_id else {})}


def _check_reels(request: GraphRequest, page: Page) -> None:
    """30 in 24 hours, whichever phase it is."""
    world = request.world
    most = int(float(world.option(PROVIDER, "reels_a_day")))
    if videos.reels_since(world, page.id, world.now - REELS_WINDOW_S) >= most:
        raise too_many_reels()


def _phase(request: GraphRequest) -> str:
    phase = request.text("upload_phase")
    if phase not in ("start", "finish"):
        raise malformed("Param upload_phase must be one of {start, finish}")
    if phase == "start":
        known = {name: "" for name in request.parameters if name in REEL_PARAMETERS}
        refuse_unknown(known, _PHASE)
    return phase


def _start(request: GraphRequest, page: Page, kind: str) -> dict[str, Any]:
    world = request.world
    with world.write():
        video = videos.begin(world, page.id, request.caller.app_id, kind)
        work = processing.spoil(Processing(0.0), world.now, request.call.conditions, PAGE_FAILED)
        video = replace(video, ready_at=work.ready_at, polls_left=work.polls_left, error=work.error)
        videos.save(world, video)
    version = request.address.version or NEWEST_VERSION
    return {
        "video_id": video.id,
        "upload_url": f"{world.settings.own_url}/{RUPLOAD}/video-upload/{version}/{video.id}",
    }


def _uploaded(request: GraphRequest, page: Page, kind: str) -> PageVideo:
    """The video that is to be finished: of this Page, begun by the same call, whole, and not finished before."""
    video_id = request.text("video_id")
    if video_id is None:
        raise malformed("The parameter video_id is required")
    video = videos.find(request.world, video_id)
    if video is None or video.page_id != page.id or video.begun_as != kind or video.expired(request.world.now):
        raise missing_object(request.method, video_id)
    if video.finished_at is not None:
        raise already_published()
    if video.uploaded_at is None:
        raise upload_problem("The video hasn't been uploaded completely")
    return video


def _wanted(request: GraphRequest) -> Wanted:
    state = request.text("video_state")
    if state not in set(State):
        raise malformed(f"Param video_state must be one of {{{', '.join(State)}}}")
    at = request.moment("scheduled_publish_time")
    if (state == State.SCHEDULED) != (at is not None):
        raise invalid("SCHEDULED goes with a scheduled_publish_time, and nothing else does")
    if at is not None:
        check_schedule(at, request.world.now, REEL_SCHEDULE_MAX_S)
    return Wanted(State(state), at)
