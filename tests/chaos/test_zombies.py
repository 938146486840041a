"""A sender frozen past its lease and woken again: it may finish nothing that somebody else has taken over."""

from __future__ import annotations

import os
import signal
import time

import pytest

from core.posts.rules import PublicationState
from tests.chaos.ledger import Ledger, settle
from tests.chaos.world import Forge
from tests.factories.publishing import FAST, again, attempts, make_due, make_house, posts_with
from tests.fixtures.programs import RunningSandbox


@pytest.mark.parametrize(
    ("label", "state", "posts"),
    [
        ("d2", PublicationState.PUBLISHED, 1),  # claimed: somebody else sends it, the frozen one has lost its claim
        ("w2", PublicationState.PUBLISHED, 1),  # prepared: the same
        ("s2", PublicationState.NEEDS_HUMAN, 0),  # attempt written: too late to begin the call
        ("s2b", PublicationState.NEEDS_HUMAN, 0),  # the clock is asked again right before the first byte
        ("s3", PublicationState.PUBLISHED, 1),  # answered: the read-back found the post meanwhile
        ("f1", PublicationState.PUBLISHED, 1),  # about to commit: its lock is respected until then
    ],
)
def test_a_sender_frozen_past_its_lease_changes_nothing_when_it_wakes(
    label: str, state: PublicationState, posts: int, forge: Forge, network: RunningSandbox
):
    house = make_house(network)
    ledger = Ledger(network)
    row = make_due(house)
    ledger.enter(row, label)
    frozen = forge.order("drain", stop_at=label, slots=1)
    assert frozen.get("stopped"), f"point {label} was not reached: {frozen}"
    time.sleep(FAST.lease_sending_s)
    if label != "f1":
        settle(forge.order, [house.organization_id], 25, reconnect=True)
        assert again(house.author, row.id).state is state

    assert forge.order("continue", pid=frozen["pid"])["ended_by"] == 0

    settle(forge.order, [house.organization_id], 25, reconnect=True)
    assert again(house.author, row.id).state is state
    assert len(posts_with(network, row.payload["text"])) == posts
    assert sum(each.state == "accepted" for each in attempts(house.author, row.id)) == posts
    line = ledger.close("zombie")
    assert line.which == []


def test_a_frozen_sender_that_is_killed_holds_nothing_up(forge: Forge, network: RunningSandbox):
    house = make_house(network)
    row = make_due(house)
    frozen = forge.order("drain", stop_at="d1", slots=1)
    assert frozen.get("stopped")
    other = make_due(house)
    settle(forge.order, [house.organization_id], 2)
    assert again(house.author, other.id).state is PublicationState.PUBLISHED
    os.kill(frozen["pid"], signal.SIGKILL)
    assert forge.order("continue", pid=frozen["pid"])["ended_by"] == signal.SIGKILL
    settle(forge.order, [house.organization_id], 25, reconnect=True)
    assert again(house.author, row.id).state is PublicationState.PUBLISHED
