"""An organization with ten thousand due posts delays another's by a few sends (RELIABILITY F3; seconds: LOAD=fair)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final

import pytest
from sqlalchemy import text

from core.infra import db
from core.infra.ids import new_id
from core.infra.settings import PublishTimes
from core.posts.rules import PublicationState
from core.provider_kit.begin_by import BeginBy
from core.provider_kit.types import Published
from core.publishing import claiming
from jobs.sender import Sender
from tests.factories.accounts import make_account
from tests.factories.publishing import (
    House,
    Page,
    ScriptedPublisher,
    acting_as,
    again,
    bring_forward,
    make_due,
    make_many_due,
    make_quiet_house,
    make_scheduled,
    tamper,
)

MANY: Final = 10_000
LATENCY_S: Final = 0.05
# Real leases. Few slots, which are all the organization's that was first.
TIMES = PublishTimes(in_flight=4, tick_s=0.05)


class Slow(ScriptedPublisher):
    """Takes its time for each post, and names another one each time."""

    def publish(self, call: Any, access: Any, *, timeout_s: float, begin_by: BeginBy | None = None) -> Published:
        time.sleep(LATENCY_S)
        self.sent.append((call, access))
        return Published(
            f"{access.provider_account_id}_{len(self.sent)}_{new_id()}", 200, permalink="https://n.example/p"
        )


def test_another_organizations_post_is_among_the_next_to_go_out_however_many_of_one_are_due(
    worker: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = Slow()
    monkeypatch.setattr("core.providers.publisher", lambda _network: network)
    many, one = make_quiet_house(), make_quiet_house()
    make_many_due(many, MANY)
    theirs = make_scheduled(one)
    slots = Sender(TIMES)
    with acting_as(worker):
        draining = threading.Thread(target=slots.drain)
        draining.start()
        try:
            until(lambda: len(network.sent) >= 8)
            bring_forward(one.approver, theirs.id)
            sent_before = len(network.sent)
            until(lambda: again(one.author, theirs.id).state is PublicationState.PUBLISHED)
        finally:
            slots.stop()
            draining.join(20)
            slots.close()
    went_to = [access.provider_account_id for _, access in network.sent]
    # Those in flight, those claimed to follow them, and what a claim under way took.
    assert went_to.index(one.page.account.provider_account_id) - sent_before <= 3 * TIMES.in_flight
    assert len(went_to) < MANY / 2  # the others were still waiting


SPREAD: Final = """
insert into masthead.app_budget(provider, network, route, percent, said_at, gap, next_call_at)
values ('meta', '', '', 80, clock_timestamp(), '3 s', clock_timestamp())
on conflict (provider, network, route) do update set next_call_at = excluded.next_call_at
"""
# That one of two organizations is never drawn in so many gaps happens once in 2 to the hundredth.
GAPS: Final = 100


def leave_waiting_for_a_connection(house: House) -> None:
    """Something due for an hour already, on an account that nobody has connected again."""
    account = make_account(house.approver)
    make_due(house, Page(account, account.provider_account_id, ""), ago_s=3600, window_s=86_000)
    with db.transaction(house.approver) as session:
        session.execute(text("update masthead.account set state = 'auth_broken' where id = :id"), {"id": account.id})


def test_while_an_apps_calls_are_spread_no_organization_has_every_gap(worker: db.Database) -> None:
    many, one = make_quiet_house(), make_quiet_house()
    leave_waiting_for_a_connection(many)
    for _ in range(2):
        make_due(many, ago_s=60)
    theirs = make_due(one)
    taken: list[list[claiming.Claim]] = []
    with acting_as(worker):
        while theirs.id not in {each.publication_id for gap in taken for each in gap} and len(taken) < GAPS:
            tamper(many.organization_id, SPREAD)  # the next call may leave now
            taken.append(claiming.due(4, TIMES))
            claiming.give_back(taken[-1])  # a quick post is over before the next gap, and there is always another one
    assert [len(gap) for gap in taken] == [1] * len(taken)
    assert len(taken) < GAPS


def until(holds: Callable[[], bool]) -> None:
    """Wait for what comes soon; a minute is for a machine that does something else."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
