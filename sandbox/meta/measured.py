"""A video that came in whole: what it is, whether the network takes it, how long that takes (meta 4.6, 5.3, 5.7, 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sandbox.faults.model import Conditions
from sandbox.meta import limits, processing
from sandbox.meta.arriving import Arrived
from sandbox.meta.containers import CAROUSEL_ITEM, REELS, STORIES, Container
from sandbox.meta.limits import Limits, Problem
from sandbox.meta.videos import PageVideo

if TYPE_CHECKING:
    from sandbox.world import World

# The number of an error that a test asks for without naming one: "upload problem", "upload has failed".
PAGE_FAILED, INSTAGRAM_FAILED = 1363019, 2207082
THUMB_OUT_OF_RANGE = 2207057
_OF_INSTAGRAM: Final[Mapping[str, Limits]] = {
    REELS: limits.INSTAGRAM_REEL,
    STORIES: limits.INSTAGRAM_STORY,
    CAROUSEL_ITEM: limits.INSTAGRAM_ITEM,
}


def of_page(world: World, conditions: Conditions, video: PageVideo, arrived: Arrived) -> PageVideo:
    """A Page's video with what is known of it now."""
    found = arrived.video
    wrong = limits.problem(found, limits.of_page(world, video.kind)) if found else Problem.FORMAT
    error = limits.OF_PAGES[wrong] if wrong else None
    work = processing.begin(world, conditions, error, PAGE_FAILED)
    size = found.size if found else video.received
    return replace(
        video,
        file_size=size,
        received=size,
        sha256=arrived.sha256,
        width=found.width if found else 0,
        height=found.height if found else 0,
        seconds=found.seconds if found else 0.0,
        uploaded_at=world.now,
        ready_at=max(video.ready_at, work.ready_at),
        # What was asked for when it was begun is still to come.
        polls_left=video.polls_left + work.polls_left,
        error=work.error if video.error is None else video.error,
    )


def of_instagram(world: World, conditions: Conditions, container: Container, arrived: Arrived) -> Container:
    """A container with what is known of its video now."""
    found = arrived.video
    wrong = limits.problem(found, _OF_INSTAGRAM[container.kind]) if found else Problem.FORMAT
    error = limits.OF_INSTAGRAM[wrong] if wrong else None
    if error is None and found is not None and container.thumb_offset_ms > found.seconds * 1000:
        error = THUMB_OUT_OF_RANGE
    work = processing.begin(world, conditions, error, INSTAGRAM_FAILED)
    size = found.size if found else container.received
    return replace(
        container,
        file_size=size,
        received=size,
        sha256=arrived.sha256,
        uploaded_at=world.now,
        ready_at=max(container.ready_at, work.ready_at),
        polls_left=container.polls_left + work.polls_left,
        error_subcode=work.error if container.error_subcode is None else container.error_subcode,
    )
