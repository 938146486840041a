"""`status` of a video: where it is, phase by phase (meta 4.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox import ledger
from sandbox.meta.graph.nodes import PROVIDER
from sandbox.meta.times import write_time
from sandbox.meta.videos import PageVideo, State

if TYPE_CHECKING:
    from sandbox.world import World

ERRORS: Mapping[int, str] = {
    1363019: "There was a problem uploading your video. Please try again.",
    1363023: "The video is too big.",
    1363024: "The video's format is not supported.",
    1363025: "The video is too short.",
    1363026: "The video is too long.",
}


def status(world: World, video: PageVideo) -> dict[str, Any]:
    """As captures show it, or in the words of the documentation (option `status_words`)."""
    by_docs = world.option(PROVIDER, "status_words") == "docs"
    complete = "completed" if by_docs else "complete"
    bytes_name = "bytes_transfered" if by_docs else "bytes_transferred"
    told: dict[str, Any] = {
        "video_status": word(world, video),
        "uploading_phase": {"status": _uploading(video) or complete, bytes_name: video.received},
        "processing_phase": _processing(world, video, by_docs, complete),
        "publishing_phase": _publishing(world, video, complete),
    }
    if video.file_size is not None:
        told["uploading_phase"]["source_file_size"] = video.file_size
    if told["video_status"] == "processing":
        told["processing_progress"] = 40
    if video.uploaded_at is not None:
        told["copyright_check_status"] = {"status": complete if video.ready(world.now) else "in_progress"}
    return told


def word(world: World, video: PageVideo) -> str:
    """`video_status`."""
    now = world.now
    if video.failed(now):
        return "error"
    if video.ready(now):
        return "ready"
    if video.expired(now):
        return "expired"
    return "processing" if video.uploaded_at is not None else "uploading"


def _uploading(video: PageVideo) -> str | None:
    if video.uploaded_at is not None:
        return None
    return "in_progress" if video.received else "not_started"


def _processing(world: World, video: PageVideo, by_docs: bool, complete: str) -> dict[str, Any]:
    if video.uploaded_at is None:
        return {"status": "not_started"}
    if video.failed(world.now):
        code = video.error or 0
        message = ERRORS.get(code, f"The video can't be processed (error {code}).")
        if by_docs:
            return {"status": "error", "error": {"message": message}}
        return {"status": "error", "errors": [{"code": code, "message": message}]}
    return {"status": complete if video.ready(world.now) else "in_progress"}


def _publishing(world: World, video: PageVideo, complete: str) -> dict[str, Any]:
    post = ledger.find(world.db, video.post_id) if video.post_id else None
    if post is not None and post.published(world.now):
        return {"status": complete, "publish_status": "published", "publish_time": write_time(post.shown_at)}
    if video.finished_at is None or video.state == State.DRAFT:
        return {"status": "not_started", "publish_status": "draft"}
    if video.failed(world.now):
        return {"status": "error", "publish_status": "error"}
    if video.publish_at is not None and video.publish_at > world.now:
        told = {"status": "not_started", "publish_status": "scheduled"}
        return {**told, "publish_time": write_time(video.publish_at)}
    return {"status": "in_progress", "publish_status": "not_published"}
