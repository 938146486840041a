"""Senders prepare before the slot at the sandbox's networks: what is left for its time, and what a death costs."""

from __future__ import annotations

import subprocess
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from core.infra.crash import AHEAD_LABELS
from core.posts.model import Publication
from core.posts.rules import PublicationState
from core.publishing.queries import evidence
from tests.chaos import labels
from tests.chaos.kinds import EVERY
from tests.chaos.shapes import AHEAD, Fault, Shape
from tests.chaos.world import Forge, World
from tests.factories.clips import clip
from tests.factories.media import make_media, make_prepared
from tests.factories.posts import attached, make_approved, publication
from tests.factories.publishing import FAST, House, again, bring_forward, let_pass

_WITHIN_S: Final = 20.0
# What the network still does, or is asked, at the slot, besides the one visible call: reads alone.
SHAPES: Final = {
    shape.name: shape
    for shape in EVERY
    if shape.name in ("instagram image", "facebook photo", "facebook video", "facebook reel", "linkedin image")
}


def make_near(world: World, shape: Shape) -> tuple[House, Publication]:
    """A publication of this shape, its slot within the time in which it is prepared."""
    house = shape.house(world.sandbox, 1)
    world.keeps_images_here()
    if shape.files == ("video",):
        content = clip(seconds=6, size=(540, 960), rate=24, edit_list=False)
        media = make_prepared(house.author, world.worker, content).id
    else:
        media = make_media(house.author).id
    post_id = make_approved(
        house.author,
        house.approver,
        [house.page.account.id],
        text=f"Prepared for {house.organization_id.hex[:8]}.",
        files=attached(media),
        format=shape.form,
        slot_at=datetime.now(UTC) + timedelta(days=1),
    )
    row = publication(house.author, post_id)
    due_at = f"clock_timestamp() + make_interval(secs => {FAST.prepare_ahead_s * 0.8})"
    let_pass(house.approver, row.id, due_at=due_at)
    return house, row


def writes(world: World, since: int) -> list[str]:
    """What was asked of the networks that is no mere read, from this number of requests on."""
    asked: list[dict[str, Any]] = world.sandbox.get("/_sandbox/requests", after=since)
    return [f"{each['method']} {each['path']}" for each in asked if each["method"] != "GET"]


def so_far(world: World) -> int:
    """The number of the newest request."""
    last = world.sandbox.get("/_sandbox/requests", limit=1)
    return int(last[0]["number"]) if last else 0


@pytest.mark.parametrize("name", SHAPES)
def test_at_its_time_nothing_is_left_but_the_visible_call(
    name: str, world: World, forge: Forge, ingest: subprocess.Popen[bytes]
):
    house, row = make_near(world, SHAPES[name])
    began = so_far(world)
    until = time.monotonic() + _WITHIN_S
    while not is_prepared(house, row):
        assert time.monotonic() < until, writes(world, began)
        assert forge.order("drain")["ended_by"] == 0
        time.sleep(0.05)
    assert writes(world, began)
    assert world.sandbox.get("/_sandbox/posts", account_id=house.page.id) == []
    assert again(house.author, row.id).state is PublicationState.SCHEDULED
    prepared = so_far(world)
    bring_forward(house.approver, row.id)
    assert forge.order("drain")["ended_by"] == 0
    assert again(house.author, row.id).state is PublicationState.PUBLISHED
    assert len(writes(world, prepared)) == 1
    until = time.monotonic() + _WITHIN_S
    while len(shown := world.sandbox.get("/_sandbox/posts", account_id=house.page.id)) != 1:
        assert time.monotonic() < until, shown  # a Page's video is processed once more behind the visible call
        time.sleep(0.1)


def is_prepared(house: House, row: Publication) -> bool:
    """Whether its story says so."""
    return any("has its files now" in each.because for each in evidence(house.author, row.id).events)


def a_cut(shape: Shape) -> list[tuple[str, Fault]]:
    """Every point that is before the slot, and a third of those in the send of what was prepared."""
    pairs = shape.pairs()
    before = [pair for pair in pairs if pair[0] in AHEAD]
    sends = [pair for pair in pairs if pair[0] not in AHEAD]
    return [*before[::2], *sends[::6]]


def test_a_death_before_the_slot_costs_no_post_doubles_none_and_shows_none_early(
    world: World, ingest: subprocess.Popen[bytes]
):
    (shape, *_) = [shape for shape in EVERY if shape.ahead]
    cut = a_cut(shape)
    assert {label for label, _ in cut} >= {*AHEAD_LABELS, "c1", "c2", "c3", "c4", "c5"}
    tally = labels.run(world, pairs={shape.name: cut})
    assert tally.which == []
