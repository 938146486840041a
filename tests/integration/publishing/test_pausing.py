"""Pause against senders: what has passed the last look goes on, and nothing starts 2 s after the press."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from core.accounts import pausing
from core.infra import db
from core.posts.rules import PublicationState
from core.publishing import claiming, rules, sending
from core.publishing.triage import triage
from tests.factories.pauses import PAUSES
from tests.factories.publishing import (
    FAST,
    House,
    ScriptedPublisher,
    acting_as,
    again,
    attempts,
    claim_one,
    make_due,
    make_house,
    make_scheduled,
    send_one,
    vanish_while_sending,
)
from tests.fixtures.programs import RunningSandbox

_S = PublicationState
SENDERS, PAGES, POSTS_EACH = 4, 6, 6
AT_MOST = timedelta(seconds=2)


@pytest.mark.parametrize("what", PAUSES)
def test_what_is_paused_while_it_is_prepared_goes_back_held_without_using_up_a_try(
    what: str, quiet_house_of_worker: House, worker: db.Database, monkeypatch: pytest.MonkeyPatch
):
    house = quiet_house_of_worker
    row = make_due(house)

    people = db.current()

    def pause() -> None:
        with acting_as(people):
            PAUSES[what](house)

    publisher = ScriptedPublisher(prepared=pause)
    monkeypatch.setattr("core.providers.publisher", lambda _network: publisher)
    assert send_one(worker, row.id) is _S.SCHEDULED
    assert (publisher.sent, attempts(house.author, row.id)) == ([], [])


@pytest.mark.parametrize("what", PAUSES)
def test_what_is_paused_after_it_was_claimed_is_not_prepared(
    what: str, quiet_house_of_worker: House, worker: db.Database, monkeypatch: pytest.MonkeyPatch
):
    house = quiet_house_of_worker
    row = make_due(house)
    publisher = ScriptedPublisher()
    monkeypatch.setattr("core.providers.publisher", lambda _network: publisher)
    claim = claim_one(worker, row.id)
    PAUSES[what](house)
    with acting_as(worker):
        assert sending.publish_one(claim.organization_id, row.id, claim.epoch, times=FAST) is _S.SCHEDULED
    now = again(house.author, row.id)
    assert (now.attempt_count, attempts(house.author, row.id), publisher.sent) == (0, [], [])


@pytest.mark.parametrize("what", PAUSES)
def test_what_is_being_sent_goes_on_and_is_counted(what: str, quiet_house_of_worker: House, worker: db.Database):
    house = quiet_house_of_worker
    sending_now, waiting = make_due(house), make_scheduled(house)
    vanish_while_sending(worker, house, sending_now.id)
    with db.transaction(house.approver) as session:
        later = "update masthead.publication set lease_until = clock_timestamp() + interval '1 min'"
        session.execute(text(f"{later} where state = 'sending'"))
    pause_id = PAUSES[what](house)
    found = triage(house.author, pause_id)
    assert (found.being_sent, found.planned, found.overdue) == (1, 1, ())
    assert again(house.author, waiting.id).state is _S.SCHEDULED


@pytest.mark.parametrize("what", PAUSES)
def test_no_send_starts_two_seconds_after_the_press(
    what: str, network: RunningSandbox, worker: db.Database, monkeypatch: pytest.MonkeyPatch, shipped_look: float
):
    """Real senders on real rows: every call has an attempt, and begins within `send_within_s` of its commit."""
    monkeypatch.setattr(rules, "CHECK_HOLDS_S", shipped_look)
    house = make_house(network, pages=PAGES if what != "account" else 1)
    many = POSTS_EACH * PAGES // len(house.pages)
    rows = [make_due(house, page) for page in house.pages for _ in range(many)]
    network.post("/_sandbox/faults", {"route": "POST /graph.facebook.com/*", "mode": "latency", "args": {"ms": 150}})
    over, going = threading.Event(), threading.Event()

    def send() -> None:
        while not over.is_set():
            for claim in claiming.due(1, FAST):
                sending.publish_one(claim.organization_id, claim.publication_id, claim.epoch, times=FAST)
                going.set()
            time.sleep(0.01)

    # The role of people for the press, while this process's senders have theirs.
    monkeypatch.setattr(pausing, "db", SimpleNamespace(transaction=db.current().transaction))
    with acting_as(worker), ThreadPoolExecutor(SENDERS) as pool:
        running = [pool.submit(send) for _ in range(SENDERS)]
        assert going.wait(30)
        pressed_at = datetime.now(UTC)
        PAUSES[what](house)
        time.sleep(AT_MOST.total_seconds() + 1.5)
        over.set()
        for each in running:
            each.result(timeout=30)
    opened = [each.opened_at for row in rows for each in attempts(house.author, row.id)]
    latest = pressed_at + AT_MOST - timedelta(seconds=FAST.send_within_s)
    assert 0 < len(opened) < len(rows), "it was pressed while they were at work"
    assert max(opened) < latest
    stand = {again(house.author, row.id).state for row in rows}
    assert _S.SCHEDULED in stand
    assert stand <= {_S.SCHEDULED, _S.PUBLISHED, _S.UNKNOWN}
