"""A publication whose invisible steps take their time: it waits on the schedule, and nothing is used up meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.infra import db
from core.posts import queries
from core.posts.rules import Needs, PublicationState
from core.provider_kit.errors import NotReady, NotSent, Trace
from core.provider_kit.types import Published
from core.publishing import sending
from core.publishing.queries import evidence
from tests.factories.memory_network import WORKING, MemoryNetwork
from tests.factories.publishing import (
    FAST,
    House,
    ScriptedPublisher,
    acting_as,
    again,
    attempts,
    claim_one,
    let_pass,
    make_due,
    send_one,
    sweep,
)

_S = PublicationState
YES = Published("77_1", 200)


@pytest.fixture
def house(quiet_house_of_worker: House) -> House:
    return quiet_house_of_worker


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> MemoryNetwork:
    """A network of containers."""
    network = MemoryNetwork("container")
    monkeypatch.setattr("core.providers.publisher", lambda _network: network)
    return network


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ScriptedPublisher]:
    def put(*answers: Any, **more: Any) -> ScriptedPublisher:
        publisher = ScriptedPublisher(*answers, **more)
        monkeypatch.setattr("core.providers.publisher", lambda _network: publisher)
        return publisher

    return put


def come_back(house: House, row: Any) -> None:
    let_pass(house.approver, row.id, next_action_at="clock_timestamp()")


def test_it_waits_as_long_as_the_network_says_with_its_steps_and_without_using_up_a_try(
    house: House, worker: db.Database, network: MemoryNetwork
):
    row = make_due(house)
    network.faults = [("status", "working")] * 3
    for _ in range(3):
        assert send_one(worker, row.id) is _S.SCHEDULED
        now = again(house.author, row.id)
        assert now.next_action_at is not None
        assert 1.5 < (now.next_action_at - now.updated_at).total_seconds() < 2.5
        assert (now.attempt_count, now.lease_owner, now.last_error) == (0, None, {"reason": WORKING, "waits": True})
        come_back(house, row)
    assert send_one(worker, row.id) is _S.PUBLISHED
    assert (network.calls["make"], network.calls["publish"], len(network.posts)) == (1, 1, 1)
    now = again(house.author, row.id)
    assert (now.attempt_count, now.last_error) == (1, None)


def test_pages_say_what_it_waits_for_in_one_line(house: House, worker: db.Database, network: MemoryNetwork):
    row = make_due(house)
    network.faults = [("status", "working")] * 3
    for _ in range(3):
        send_one(worker, row.id)
        come_back(house, row)
    detail = queries.detail(house.author, row.post_id)
    assert detail.publications[0].because == f"{WORKING} It goes out when that is done."
    assert [(each.what, each.detail) for each in detail.timeline if each.kind == "program"] == [
        ("waits for the network", WORKING)
    ]


def test_a_closed_window_ends_the_wait_as_late(house: House, worker: db.Database, network: MemoryNetwork):
    row = make_due(house)
    network.faults = [("status", "working")]
    send_one(worker, row.id)
    let_pass(house.approver, row.id, not_after="clock_timestamp()")
    assert sweep(worker) == {row.id: "needs_human"}
    assert (again(house.author, row.id).needs, network.posts) == (Needs.LATE, [])


def test_a_wait_between_two_failures_does_not_shorten_or_lengthen_their_ladder(
    house: House, worker: db.Database, script
):
    row = make_due(house)
    waits = []
    for trouble in (NotSent("away"), NotReady("at it", after_s=7), NotSent("away")):
        script(prepared=trouble)
        send_one(worker, row.id)
        now = again(house.author, row.id)
        assert now.next_action_at is not None
        waits.append((now.next_action_at - now.updated_at).total_seconds())
        come_back(house, row)
    assert 0.09 < waits[0] < 0.2
    assert 6.9 < waits[1] < 7.1
    assert 0.28 < waits[2] < 0.45


def test_a_publisher_that_finds_at_the_call_that_it_is_too_early_waits_too(house: House, worker: db.Database, script):
    row = make_due(house)
    script(NotReady("at it", after_s=7, trace=Trace(code="9007")), YES)
    assert send_one(worker, row.id) is _S.SCHEDULED
    (attempt,) = attempts(house.author, row.id)
    assert (attempt.state, attempt.provider_code, again(house.author, row.id).attempt_count) == ("rejected", "9007", 0)
    come_back(house, row)
    assert send_one(worker, row.id) is _S.PUBLISHED


def test_what_the_network_could_not_process_is_made_anew_and_only_once_more(
    house: House, worker: db.Database, network: MemoryNetwork
):
    row = make_due(house)
    network.faults = [("status", "broken")]
    assert send_one(worker, row.id) is _S.SCHEDULED
    come_back(house, row)
    assert send_one(worker, row.id) is _S.PUBLISHED
    assert [each.dropped_because for each in evidence(house.author, row.id).steps] == [
        "The network could not process the image.",
        "",
    ]
    assert network.calls["make"] == 2


def test_whoever_lost_it_while_preparing_asks_for_nothing_visible(house: House, worker: db.Database, script):
    row = make_due(house)

    def lose(steps: Any) -> None:
        let_pass(house.approver, row.id, lease_until="clock_timestamp() - interval '1 ms'")
        steps.keep("container", "1784")

    publisher = script(YES, steps=lose)
    assert send_one(worker, row.id) is None
    assert (publisher.sent, evidence(house.author, row.id).steps) == ([], ())
    assert again(house.author, row.id).state is _S.CLAIMED


def test_a_program_that_is_to_end_begins_no_call_and_leaves_it_to_others_at_once(
    house: House, worker: db.Database, script
):
    row = make_due(house)
    publisher = script(YES, steps=lambda steps: steps.keep("container", "1784"))
    claim = claim_one(worker, row.id)
    with acting_as(worker):
        state = sending.publish_one(
            claim.organization_id, claim.publication_id, claim.epoch, times=FAST, stopping=lambda: True
        )
    assert (state, publisher.sent, attempts(house.author, row.id)) == (_S.SCHEDULED, [], [])
    assert again(house.author, row.id).attempt_count == 0
    assert send_one(worker, row.id) is _S.PUBLISHED


def test_no_connection_is_held_between_steps(house: House, worker: db.Database, script):
    row = make_due(house)
    held: list[int] = []

    def look(steps: Any) -> None:
        for work in (lambda: steps.get("a"), lambda: steps.keep("a", "1"), lambda: steps.drop("a", "enough")):
            work()
            held.append(worker.engine.pool.checkedout())  # type: ignore[attr-defined]

    script(YES, steps=look)
    assert send_one(worker, row.id) is _S.PUBLISHED
    assert held == [0, 0, 0]


def test_each_publication_has_steps_of_its_own(house: House, worker: db.Database, script):
    row = make_due(house)
    found: list[str | None] = []

    def work(steps: Any) -> None:
        found.append(steps.get("container"))
        steps.keep("container", "1784")

    script(steps=work, prepared=NotReady("at it", after_s=1))
    send_one(worker, row.id)
    come_back(house, row)
    send_one(worker, row.id)
    other = make_due(house)
    let_pass(house.approver, row.id, next_action_at="clock_timestamp() + interval '1 hour'")
    send_one(worker, other.id)
    assert found == [None, "1784", None]
