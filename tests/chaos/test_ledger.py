"""What a run says in the end, and what one process of it hands over to another."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast
from uuid import uuid4

from core.posts.model import Publication
from core.posts.rules import PublicationState
from tests.chaos import labels, zombies
from tests.chaos.__main__ import _PARTS
from tests.chaos.kinds import EVERY
from tests.chaos.ledger import Ending, Tally, not_of_another
from tests.chaos.lies import AMBIGUOUS, Seen
from tests.chaos.variants import VARIANTS

SAID = {
    "mode",
    "posts",
    "kills",
    "duplicates",
    "lost",
    "unknown_open",
    "needs_person",
    "self_resolved_pct",
    "recovery_p99_s",
    "seconds_to_quiet",
    "seed",
}
TALLY = Tally(
    posts=4,
    kills=2,
    lost=["facebook text: s2 x none: neither final nor with a person: sending"],
    ended=Counter({"published": 1, "needs_human: outcome": 1, "unknown": 1, "sending": 1}),
    unanswered=2,
    closed_by_itself=1,
    recoveries=[1.5, 0.5],
    seconds_to_quiet=3.25,
)


def test_the_line_of_a_run_has_the_figures_that_are_promised_and_no_others():
    line = json.loads(TALLY.line("labels", 3))
    assert set(line) == SAID
    assert (line["mode"], line["seed"], line["posts"], line["lost"]) == ("labels", 3, 4, 1)
    assert (line["unknown_open"], line["needs_person"]) == (1, 1)
    assert (line["self_resolved_pct"], line["recovery_p99_s"]) == (50.0, 1.5)
    assert not TALLY.sound


def test_a_death_that_was_to_be_tried_and_never_came_ends_the_run_unsound_and_with_its_line():
    tally = Tally(posts=1, ended=Counter({"published": 1}), untried=["facebook text: s2 x none never died at s2"])
    assert not tally.sound
    assert (Tally() + Tally.from_json(tally.as_json())).which == tally.untried
    assert set(json.loads(tally.line("labels", 1))) == SAID


def test_a_part_of_a_run_hands_all_its_figures_over():
    assert Tally.from_json(TALLY.as_json()) == TALLY
    together = TALLY + Tally.from_json(TALLY.as_json())
    assert (together.posts, together.kills, together.ended["published"]) == (8, 4, 2)


def test_the_parts_of_a_run_leave_nothing_out():
    assert sorted(_PARTS["labels"]) == sorted(shape.name for shape in EVERY)
    assert sorted(" ".join(_PARTS["zombies"]).split()) == sorted(zombies.LABELS)
    assert {"d0", *zombies.LABELS} == set(labels.LABELS)


def test_what_failed_and_was_tried_again_is_not_live_by_the_post_that_came_of_it():
    failed, published = (
        cast("Publication", SimpleNamespace(id=uuid4(), state=state))
        for state in (PublicationState.FAILED, PublicationState.PUBLISHED)
    )
    of_it, nobodys = {"id": "77_1"}, {"id": "77_2"}
    owners = {"77_1": published.id}
    assert not_of_another(failed, [of_it], owners) == []
    assert not_of_another(failed, [of_it, nobodys], owners) == [nobodys]
    assert not_of_another(published, [of_it, nobodys], owners) == [of_it, nobodys]


def test_a_post_is_early_by_its_networks_clock_unless_that_is_set_apart_on_purpose():
    slot = datetime.now(UTC)
    row = cast(
        "Publication", SimpleNamespace(state=PublicationState.PUBLISHED, due_at=slot, provider_post_id="1", proof=None)
    )
    live = [{"id": "1", "created_at": (slot - timedelta(minutes=1)).isoformat()}]
    assert Ending("facebook", row, [], [], live).trouble == "live before its time"
    assert Ending("facebook", row, [], [], live, clocks_agree=False).trouble == ""


def test_what_is_shown_late_or_without_evidence_is_not_shown_in_time():
    soon = datetime.now(UTC) + timedelta(seconds=15)
    assert Seen(59, 0, soon).in_time
    assert Seen(59, 1, None).in_time
    assert not Seen(59, 0, None).in_time
    assert not Seen(61, 1, soon).in_time


def test_every_ambiguous_answer_and_every_mistake_has_one_name():
    assert len({fault.name for fault in AMBIGUOUS}) == len(AMBIGUOUS) == 8
    assert len(VARIANTS) == 6
