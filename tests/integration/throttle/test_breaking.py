"""The breaker: when it opens, for how long, who looks whether all is well again, and that it outlives every process."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from core.infra import db
from core.posts.rules import PublicationState
from core.provider_kit import throttle
from core.provider_kit.errors import NotSent, OutcomeUnknown, ReconnectNeeded, RetryLater
from core.provider_kit.throttle import Route, Scope, Usage
from core.provider_kit.types import Published
from core.publishing import asking, claiming, due_rows, sending, store
from core.throttle import calls
from core.throttle.calls import Calls
from tests.factories.publishing import (
    FAST,
    House,
    ScriptedPublisher,
    acting_as,
    again,
    leave_unclear,
    let_pass,
    make_due,
    reads,
)
from tests.fixtures.programs import PROJECT

_S = PublicationState
TIMES = FAST.model_copy(
    update={"breaker_failures": 5, "breaker_window_s": 60.0, "breaker_open_s": 30.0, "breaker_longest_s": 900.0}
)
AWAY = NotSent("The network is away.", provider_health=True)


@pytest.fixture
def house(quiet_house_of_worker: House) -> House:
    return quiet_house_of_worker


@pytest.fixture(autouse=True)
def own_tally(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "_tally", calls._Tally())


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ScriptedPublisher]:
    def put(*answers: Any, **more: Any) -> ScriptedPublisher:
        publisher = ScriptedPublisher(*answers, **more)
        monkeypatch.setattr("core.providers.publisher", lambda _network: publisher)
        return publisher

    return put


def calls_of(house: House) -> Calls:
    return Calls(house.page.account.id, "meta", "facebook")


def end(worker: db.Database, house: House, *, well: int = 0, trouble: int = 0) -> None:
    """Let calls of publishing end so."""
    with acting_as(worker):
        line = calls_of(house)
        for troubles, count in ((0, well), (1, trouble)):
            for _ in range(count):
                calls._tally.add((line.provider, line.network, Route.PUBLISH), 1, troubles)
        calls.settle(TIMES)


def breaker(worker: db.Database) -> tuple[str, float] | None:
    """State and seconds for which it opens."""
    with acting_as(worker), db.free_transaction() as session:
        row = session.execute(
            text("select state, extract(epoch from open_for)::float8 from masthead.breaker where route = 'publish'")
        ).one_or_none()
    return None if row is None else (row[0], row[1])


def let_time_pass(worker: db.Database) -> None:
    with acting_as(worker), db.free_transaction() as session:
        session.execute(text("update masthead.breaker set until = clock_timestamp() where state <> 'closed'"))


def send_next(worker: db.Database) -> PublicationState | None:
    with acting_as(worker):
        (claim,) = claiming.due(1, TIMES)
        return sending.publish_one(claim.organization_id, claim.publication_id, claim.epoch, times=TIMES)


@pytest.mark.parametrize(
    ("well", "trouble", "opens"), [(0, 4, False), (0, 5, True), (5, 5, True), (6, 5, False), (400, 100, False)]
)
def test_it_opens_at_five_failures_that_are_half_of_a_minutes_calls(
    house: House, worker: db.Database, well: int, trouble: int, opens: bool
) -> None:
    end(worker, house, well=well, trouble=trouble)
    assert (breaker(worker) is not None) is opens


def test_only_what_the_network_or_our_whole_app_is_to_blame_for_counts(
    house: House, worker: db.Database, script: Callable[..., ScriptedPublisher]
) -> None:
    innocent = [RetryLater("slow down"), ReconnectNeeded("dead token"), OutcomeUnknown("no idea")]
    guilty = OutcomeUnknown("HTTP 500", provider_health=True)
    for _ in range(8):
        script(innocent[_ % 3])
        make_due(house)
        send_next(worker)
        with db.transaction(house.approver) as session:  # a dead token holds the account; here it is mended at once
            session.execute(text("update masthead.account set state = 'active' where state = 'auth_broken'"))
    assert breaker(worker) is None
    for _ in range(8):
        script(guilty)
        make_due(house)
        send_next(worker)
        if breaker(worker):
            break
    assert breaker(worker) == ("open", 30.0)


def test_an_unclear_answer_that_speaks_of_a_limit_stays_unclear_and_holds_the_rest(
    house: House, worker: db.Database, script: Callable[..., ScriptedPublisher]
) -> None:
    publisher = script(OutcomeUnknown("no idea", limit=Usage(Scope.ACCOUNT, 100.0, 60.0)))
    first = make_due(house, ago_s=1)
    assert send_next(worker) is _S.UNKNOWN
    make_due(house)
    assert send_next(worker) is _S.SCHEDULED
    assert (again(house.author, first.id).state, len(publisher.sent)) == (_S.UNKNOWN, 1)


def test_what_is_due_meanwhile_waits_with_the_reason_and_uses_up_no_try(
    house: House, worker: db.Database, script: Callable[..., ScriptedPublisher]
) -> None:
    publisher = script(Published("77_1", 200))
    end(worker, house, trouble=5)
    row = make_due(house)
    assert send_next(worker) is _S.SCHEDULED
    now = again(house.author, row.id)
    assert now.next_action_at is not None
    assert 28 < (now.next_action_at - datetime.now(UTC)).total_seconds() < 36
    assert (now.attempt_count, now.last_error) == (
        0,
        {"reason": "Facebook is in trouble and is left alone", "waits": True, "held": "trouble"},
    )
    assert (publisher.sent, publisher.probes) == ([], 0)


def test_the_probe_is_a_read_and_its_answer_closes_the_breaker(
    house: House, worker: db.Database, script: Callable[..., ScriptedPublisher]
) -> None:
    publisher = script(Published("77_1", 200), Published("77_2", 200))
    publisher.probed = ReconnectNeeded("This account's token is dead, but somebody answered.")
    end(worker, house, trouble=5)
    let_time_pass(worker)
    make_due(house)
    assert send_next(worker) is _S.PUBLISHED
    make_due(house)
    assert send_next(worker) is _S.PUBLISHED
    assert (breaker(worker), publisher.probes) == (("closed", 30.0), 1)


def test_each_failed_probe_doubles_the_time_to_a_quarter_of_an_hour(
    house: House, worker: db.Database, script: Callable[..., ScriptedPublisher]
) -> None:
    publisher = script()
    publisher.probed = AWAY
    end(worker, house, trouble=5)
    row, opened = make_due(house), []
    for _ in range(6):
        let_time_pass(worker)
        let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
        assert send_next(worker) is _S.SCHEDULED
        opened.append(breaker(worker))
    assert opened == [("open", seconds) for seconds in (60.0, 120.0, 240.0, 480.0, 900.0, 900.0)]
    assert (publisher.probes, publisher.sent) == (6, [])


def test_failures_from_before_it_closed_do_not_open_it_again_and_new_ones_double(
    house: House, worker: db.Database, script: Callable[..., ScriptedPublisher]
) -> None:
    script(Published("77_1", 200))
    end(worker, house, trouble=5)
    let_time_pass(worker)
    make_due(house)
    send_next(worker)
    with acting_as(worker), db.free_transaction() as session:  # the counts of this very slice are not looked at
        session.execute(text("update masthead.breaker set closed_at = closed_at - interval '5 s'"))
        session.execute(text("update masthead.breaker_count set began_at = began_at - interval '10 s'"))
    end(worker, house, trouble=4)
    assert breaker(worker) == ("closed", 30.0)
    end(worker, house, trouble=1)
    assert breaker(worker) == ("open", 60.0)


def test_of_eight_workers_exactly_one_probes(
    house: House, worker: db.Database, script: Callable[..., ScriptedPublisher]
) -> None:
    publisher = script(*(Published(f"77_{number}", 200) for number in range(8)))
    publisher.probed = lambda: time.sleep(0.3)
    end(worker, house, trouble=5)
    let_time_pass(worker)
    rows = [make_due(house) for _ in range(8)]
    with acting_as(worker):
        claims = claiming.due(8, TIMES)
        together = threading.Barrier(8)

        def send(claim: store.Claim) -> None:
            together.wait()
            sending.publish_one(claim.organization_id, claim.publication_id, claim.epoch, times=TIMES)

        threads = [threading.Thread(target=send, args=(claim,)) for claim in claims]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    states = sorted(again(house.author, row.id).state for row in rows)
    assert publisher.probes == 1
    assert states == [_S.PUBLISHED] + [_S.SCHEDULED] * 7
    waits = [again(house.author, row.id).next_action_at for row in rows]
    assert all((at - datetime.now(UTC)).total_seconds() < 4 for at in waits if at is not None)


DIES_IN_A_PROBE = """
import os, signal
from core.infra import db
from core.infra.settings import Settings
from core.provider_kit.throttle import Route
from core.publishing.times import times
from core.throttle import breaking, calls
from core.throttle.calls import Calls
from core.infra.ids import new_id

db.connect(Settings.load().program_url("worker"))
line = Calls(new_id(), "meta", "facebook")
calls._tally.add(("meta", "facebook", Route.PUBLISH), 5, 5)
calls.settle(times())
with db.free_transaction() as session:
    from sqlalchemy import text
    session.execute(text("update masthead.breaker set until = clock_timestamp()"))
assert breaking.take(line, Route.PUBLISH, "me", times()) is not None
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_outlives_the_process_that_opened_it_and_the_one_that_died_probing(
    house: House, worker: db.Database, script: Callable[..., ScriptedPublisher], program_environment: dict[str, str]
) -> None:
    publisher = script(Published("77_1", 200))
    died = subprocess.run(
        [sys.executable, "-c", DIES_IN_A_PROBE],
        cwd=PROJECT,
        env={**program_environment, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL, died.stderr[-2000:]
    row = make_due(house)
    assert breaker(worker) == ("half_open", 30.0)
    assert send_next(worker) is _S.SCHEDULED
    assert publisher.probes == 0
    let_time_pass(worker)
    let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    assert send_next(worker) is _S.PUBLISHED
    assert (breaker(worker), publisher.probes) == (("closed", 30.0), 1)


def test_a_breaker_of_reads_lets_one_reader_look_and_costs_the_others_no_read(
    house: House, worker: db.Database, script: Callable[..., ScriptedPublisher]
) -> None:
    rows = []
    for _ in range(2):
        rows.append(make_due(house))
        leave_unclear(worker, house, rows[-1].id)

    def away() -> None:
        meter = throttle.current()
        assert meter is not None
        meter.calls, meter.troubles = 1, 1
        raise AWAY

    publisher = script(read=away)
    with acting_as(worker):
        calls._tally.add(("meta", "facebook", Route.READ), 5, 5)
        calls.settle(TIMES)
        with db.free_transaction() as session:
            assert due_rows.claim_checks(session, 10, lease_s=1) == []
        let_time_pass(worker)
        for row in rows:
            let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
        with db.free_transaction() as session:
            claims = due_rows.claim_checks(session, 10, lease_s=1)
        assert len(claims) == 2
        for claim in claims:
            asking.check_one(claim.organization_id, claim.publication_id, claim.epoch, times=TIMES)
    assert sorted(len(reads(house.author, row.id)) for row in rows) == [0, 1]
    assert len(publisher.asked) == 1
