"""The real programs together: two of everything, hints doubled and lost, a sender killed in the middle, clean stops."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
import redis

from core.posts.rules import PublicationState
from core.queueing.enqueue import Hints
from core.queueing.names import JobName
from tests.chaos.ledger import Ledger
from tests.factories.publishing import House, again, bring_forward, make_due, make_house, make_scheduled_on, posts_with
from tests.fixtures.programs import RunningSandbox, program

Start = Callable[..., Popen[bytes]]
FINAL = (PublicationState.PUBLISHED, PublicationState.FAILED, PublicationState.NEEDS_HUMAN)


@pytest.fixture
def start(fast_environment: dict[str, str], redis_url: str, tmp_path: Path) -> Iterator[Start]:
    """Start a program of ours; all end with the test."""
    with ExitStack() as stack:

        def begin(*arguments: str, **environment: str) -> Popen[bytes]:
            log = tmp_path / f"{'-'.join(arguments)}-{time.monotonic_ns()}.log"
            command = [sys.executable, "-m", *arguments]
            # Real programs on two busy cores: more time per step than the harness's, still a tenth of real life.
            slower = {
                "MASTHEAD_PUBLISH_SEND_WITHIN_S": "1",
                "MASTHEAD_PUBLISH_READ_TIMEOUT_S": "2",
                "MASTHEAD_PUBLISH_CONNECT_TIMEOUT_S": "1",
                "MASTHEAD_PUBLISH_LEASE_QUEUED_S": "3",
                "MASTHEAD_PUBLISH_LEASE_CLAIMED_S": "5",
                "MASTHEAD_PUBLISH_LEASE_SENDING_S": "5",
                "MASTHEAD_PUBLISH_TICK_S": "0.2",
                "MASTHEAD_PUBLISH_DRAIN_BUDGET_S": "5",
                "MASTHEAD_PUBLISH_IN_FLIGHT": "4",
            }
            return stack.enter_context(program(command, log, {**fast_environment, **slower, **environment}))

        yield begin


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
    ledger = Ledger(house.author, network)
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
    assert line["which"] == []
    assert line["ended"] == {"published": 36}
    assert all(each.poll() is None for each in programs)


def test_a_sender_killed_in_mid_burst_leaves_questions_and_no_second_post(network: RunningSandbox, start: Start):
    house = make_house(network, pages=6)
    ledger = Ledger(house.author, network)
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
    ledger.kills += 1
    start("jobs.worker", "publish")
    wait_until_settled(house, ledger)
    line = ledger.close("kill-mid-burst")
    assert line["which"] == []


def test_a_stop_finishes_what_is_in_flight_and_gives_back_the_rest(network: RunningSandbox, start: Start):
    house = make_house(network, pages=8)
    ledger = Ledger(house.author, network)
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
    assert ledger.close("stop")["ended"] == {"published": 8}


def test_without_the_dispatcher_the_scheduler_keeps_things_going(network: RunningSandbox, start: Start):
    house = make_house(network)
    for arguments in (("jobs.scheduler",), ("jobs.worker", "tick"), ("jobs.worker", "publish")):
        start(*arguments)
    row = make_due(house)
    _wait_for(lambda: again(house.author, row.id).state is PublicationState.PUBLISHED)
    assert len(posts_with(network, row.payload["text"])) == 1


def test_without_the_queues_server_senders_look_for_themselves(network: RunningSandbox, start: Start):
    house = make_house(network)
    start("jobs.worker", "publish", REDIS_URL="redis://127.0.0.1:1/0")
    row = make_due(house)
    _wait_for(lambda: again(house.author, row.id).state is PublicationState.PUBLISHED)


def _states(house: House, ledger: Ledger) -> set[Any]:
    return {again(house.author, each).state for each in ledger.cases}


def _wait_for(holds: Callable[[], bool], within_s: float = 30) -> None:
    until = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.05)
