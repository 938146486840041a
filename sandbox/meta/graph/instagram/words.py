"""What is said and named on a container, checked before anything is fetched (meta 5.1, 5.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from sandbox.meta.containers import PICTURE, STORIES
from sandbox.meta.errors import invalid, malformed
from sandbox.meta.facts import COLLABORATORS_MAX, PERSON_TAGS_MAX, SPONSORS_MAX
from sandbox.meta.graph.instagram.captions import check_alt_text, check_caption
from sandbox.meta.graph.instagram.errors import thumbnail_out_of_range, too_many_tags
from sandbox.meta.graph.instagram.kinds import Kind
from sandbox.meta.graph.request import GraphRequest

_FLAGS = ("is_ai_generated", "is_paid_partnership", "share_to_feed")
_STRATEGIES = frozenset({"MANUAL", "SS_PERFORMANCE"})


def check_words(request: GraphRequest, kind: Kind) -> None:
    """Refuse what Instagram doesn't take."""
    check_caption(request.text("caption"))
    check_alt_text(request.text("alt_text"))
    _check_people(request, kind)
    for name, most in (("collaborators", COLLABORATORS_MAX), ("branded_content_sponsor_ids", SPONSORS_MAX)):
        if len(request.items(name)) > most:
            raise invalid(f"Param {name} must have at most {most} elements")
    for name in _FLAGS:
        request.flag(name, False)
    _check_trial(request)


def _check_people(request: GraphRequest, kind: Kind) -> None:
    """Who is tagged: on a picture with a place, on a video without, on a story as one likes."""
    tags = request.items("user_tags")
    if not all(isinstance(tag, Mapping) and tag.get("username") for tag in tags):
        raise invalid("Each of user_tags needs a username")
    if len(tags) > PERSON_TAGS_MAX:
        raise too_many_tags()
    if kind.name == STORIES:
        return
    for tag in tags:
        if kind.shows == PICTURE and not all(_is_share(tag.get(side)) for side in "xy"):
            raise invalid("Each of user_tags needs x and y between 0 and 1")
        if kind.shows != PICTURE and not tag.keys().isdisjoint("xy"):
            raise invalid("Tags on a video have no x and y")


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _check_trial(request: GraphRequest) -> None:
    text = request.text("trial_params")
    if text is None:
        return
    try:
        trial = orjson.loads(text)
    except orjson.JSONDecodeError as problem:
        raise malformed("Param trial_params must be an object") from problem
    if not isinstance(trial, dict) or trial.get("graduation_strategy") not in _STRATEGIES:
        raise malformed(f"graduation_strategy of trial_params must be one of {sorted(_STRATEGIES)}")


def thumb_offset_ms(request: GraphRequest) -> int:
    """Which moment of a video is its cover; beyond its end is told when the video is known (meta 10.4)."""
    text = request.text("thumb_offset")
    if text is None:
        return 0
    try:
        offset = int(text)
    except ValueError as problem:
        raise malformed("Param thumb_offset must be a number of milliseconds") from problem
    if offset < 0:
        raise thumbnail_out_of_range()
    return offset
