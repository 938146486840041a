"""The real programs together: two of everything, hints doubled and lost, a sender killed in the middle, clean stops."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import redis

from core.notices.queries import listed
from core.notices.rules import Kind
from core.posts.rules import PublicationState
from core.publishing.queries import evidence
from core.queueing.enqueue import Hints
from core.queueing.names import JobName
from tests.chaos.conftest import Start
from tests.chaos.ledger import Ledger
from tests.factories.publishing import House, again, bring_forward, make_due, make_house, make_scheduled_on, posts_with
from tests.fixtures.programs import RunningSandbox

FINAL = (PublicationState.PUBLISHED, PublicationState.FAILED, PublicationState.NEEDS_HUMAN)


def everything_due(house: House, ledger: Ledger, posts: int) -> None:
    for number in range(posts):
        for row in make_scheduled_on(house, house.pages):
            ledger.enter(row, f"post {number}")
            bring_forward(house.approver, row.id)


def wait_until_settled(house: House, ledger: Ledger, within_s: float = 60) -> None:
    until = time.monotonic() + within_s
    open_ones = set(ledger.cases)
    while open_ones and time.monotonic() < until:
        time.sleep(0.2)
        open_ones = {each for each in open_ones if again(house.author, each).state not in FINAL}
    assert not open_ones, f"{len(open_ones)} are not settled after {within_s} s"


def test_two_of_every_program_with_doubled_and_lost_hints_send_everything_once(
    network: RunningSandbox, start: Start, redis_url: str
):
    house = make_house(network, pages=6)
    ledger = Ledger(network)
    programs = [start("jobs.dispatcher"), start("jobs.dispatcher")]
    programs += [start("jobs.worker", "publish"), start("jobs.worker", "publish")]
    programs += [start("jobs.scheduler"), start("jobs.worker", "tick"), start("jobs.worker", "low")]
    everything_due(house, ledger, posts=4)
    with redis.Redis.from_url(redis_url) as client:
        hints = Hints(client)
        for _ in range(4):
            hints.give(JobName.DRAIN)
        time.sleep(0.5)
        client.flushdb()
        everything_due(house, ledger, posts=2)
        client.flushdb()
        wait_until_settled(house, ledger)
    line = ledger.close("two-of-everything")
    assert line.which == []
    assert line.ended == {"published": 36}
    assert [each.poll() for each in programs] == [None] * 7


def test_a_sender_killed_in_mid_burst_leaves_questions_and_no_second_post(network: RunningSandbox, start: Start):
    house = make_house(network, pages=6)
    ledger = Ledger(network)
    fault = {"route": "POST /graph.facebook.com/*/feed", "mode": "latency", "args": {"ms": 150}}
    network.post("/_sandbox/faults", fault)
    start("jobs.dispatcher")
    victim = start("jobs.worker", "publish")
    everything_due(house, ledger, posts=4)
    _wait_for(lambda: len(network.get("/_sandbox/posts")) > 0)
    until = time.monotonic() + 20
    while time.monotonic() < until and not any(
        again(house.author, each).state is PublicationState.PUBLISHED for each in ledger.cases
    ):
        time.sleep(0.05)
    os.killpg(victim.pid, signal.SIGKILL)
    victim.wait()
    ledger.killed()
    start("jobs.worker", "publish")
    wait_until_settled(house, ledger)
    line = ledger.close("kill-mid-burst")
    assert line.which == []


def test_a_stop_finishes_what_is_in_flight_and_gives_back_the_rest(network: RunningSandbox, start: Start):
    house = make_house(network, pages=8)
    ledger = Ledger(network)
    fault = {"route": "POST /graph.facebook.com/*/feed", "mode": "latency", "args": {"ms": 800}}
    network.post("/_sandbox/faults", fault)
    start("jobs.dispatcher")
    sender = start("jobs.worker", "publish", MASTHEAD_PUBLISH_IN_FLIGHT="4")
    everything_due(house, ledger, posts=1)
    _wait_for(lambda: any(_states(house, ledger) & {PublicationState.SENDING} for _ in (1,)))
    sender.send_signal(signal.SIGTERM)
    assert sender.wait(15) == 0
    states = [again(house.author, each).state for each in ledger.cases]
    assert set(states) == {PublicationState.PUBLISHED, PublicationState.SCHEDULED}
    network.delete("/_sandbox/faults")
    start("jobs.worker", "publish")
    wait_until_settled(house, ledger)
    assert ledger.close("stop").ended == {"published": 8}


def test_without_the_dispatcher_the_scheduler_keeps_things_going(network: RunningSandbox, start: Start):
    house = make_house(network)
    for arguments in (("jobs.scheduler",), ("jobs.worker", "tick"), ("jobs.worker", "publish")):
        start(*arguments)
    row = make_due(house)
    _wait_for(lambda: again(house.author, row.id).state is PublicationState.PUBLISHED)
    assert len(posts_with(network, row.payload["text"])) == 1


def test_without_the_queues_server_senders_look_for_themselves_and_stop_cleanly(network: RunningSandbox, start: Start):
    house = make_house(network)
    sender = start("jobs.worker", "publish", REDIS_URL="redis://127.0.0.1:1/0")
    row = make_due(house)
    _wait_for(lambda: again(house.author, row.id).state is PublicationState.PUBLISHED)
    fault = {"route": house.page.feed, "mode": "latency", "args": {"ms": 800}}
    network.post("/_sandbox/faults", fault)
    row = make_due(house)
    _wait_for(lambda: again(house.author, row.id).state is PublicationState.SENDING)
    sender.send_signal(signal.SIGTERM)
    assert sender.wait(10) == 0
    assert again(house.author, row.id).state is PublicationState.PUBLISHED


def test_without_the_queues_server_people_are_told_and_addresses_found(network: RunningSandbox, start: Start):
    house = make_house(network)
    away = {"REDIS_URL": "redis://127.0.0.1:1/0"}
    for arguments in (("jobs.dispatcher",), *(("jobs.worker", each) for each in ("publish", "tick", "low"))):
        start(*arguments, **away)
    row = make_due(house)
    _wait_for(lambda: [each.kind for each in listed(house.author)] == [Kind.APPROVED])
    _wait_for(lambda: evidence(house.author, row.id).link_state == "found")


def _states(house: House, ledger: Ledger) -> set[Any]:
    return {again(house.author, each).state for each in ledger.cases}


def _wait_for(holds: Callable[[], bool], within_s: float = 30) -> None:
    until = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.05)
