"""What waits though nothing holds it back, by which the doctor, Home and the admins learn that no sender runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.infra import db
from core.publishing import claiming, pulse, unattended_rows
from tests.factories.costs import rows_fetched
from tests.factories.pauses import PAUSES, resume
from tests.factories.posts import lose, publish
from tests.factories.publishing import (
    SHIPPED,
    House,
    acting_as,
    claim_one,
    leave_unclear,
    let_connect_long_ago,
    let_pass,
    make_due,
    make_many_due,
    make_quiet_house,
    make_scheduled,
    tamper,
)

Deed = Callable[[House, db.Database], object]
AGO_S = 1500  # within the window of a post, and far from what a slow machine adds


@pytest.fixture
def house(worker: db.Database) -> House:
    house = make_quiet_house()
    let_connect_long_ago(house.organization_id)
    return house


def waits_s(worker: db.Database) -> float | None:
    return pulse.pulse(worker).oldest_due_s


def about(seconds: float) -> object:
    return pytest.approx(seconds, abs=200)


def ago(seconds: float) -> str:
    return f"clock_timestamp() - interval '{seconds} s'"


def let_all(house: House, table: str, column: str, to: str) -> None:
    tamper(house.organization_id, f"update masthead.{table} set {column} = {to}")  # noqa: S608 - tests' own words


def all_of(table: str, column: str, to: str) -> Deed:
    return lambda house, _: let_all(house, table, column, to)


def under_a_pause(name: str) -> Deed:
    return lambda house, _: PAUSES[name](house)


def since_a_resume(house: House, _worker: db.Database) -> None:
    resume(house.approver, PAUSES["account"](house))


def spread_for_the_account(until: str) -> Deed:
    return lambda house, _: tamper(
        house.organization_id,
        "insert into masthead.account_budget(organization_id, account_id, route, percent, gap, next_call_at)"  # noqa: S608 - tests' own words
        f" select organization_id, id, '', 70, '1 min', {until} from masthead.account",
    )


def spread_for_the_app(until: str) -> Deed:
    return lambda house, _: tamper(
        house.organization_id,
        "insert into masthead.app_budget(provider, network, route, percent, gap, next_call_at)"  # noqa: S608 - tests' own words
        f" values ('meta', 'facebook', '', 70, '1 min', {until})",
    )


def beside_a_twin_just_published(house: House, worker: db.Database) -> None:
    publish(worker, make_due(house, words="Twice."))


# Each keeps back a post that came due long ago, by design.
HOLDS: dict[str, Deed] = {
    **{f"a pause of the {name}": under_a_pause(name) for name in PAUSES},
    "a pause that ended after it came due": since_a_resume,
    "an account that must be connected again": all_of("account", "state", "'auth_broken'"),
    "a backlog of its account": all_of("account", "next_send_at", ago(-600)),
    "a network that asked for time": all_of("publication", "next_action_at", ago(-600)),
    "a budget of its account that is spread": spread_for_the_account(ago(-600)),
    "a budget of the app that is spread": spread_for_the_app(ago(-600)),
    "a twin just published": beside_a_twin_just_published,
}


def test_what_is_due_and_waits_for_nothing_is_the_alarm(house: House, worker: db.Database):
    make_scheduled(house)
    assert waits_s(worker) is None
    make_due(house, ago_s=AGO_S)
    make_due(house, ago_s=AGO_S / 2)
    assert waits_s(worker) == about(AGO_S)


@pytest.mark.parametrize("hold", HOLDS)
def test_what_a_sender_may_not_claim_is_no_alarm(hold: str, house: House, worker: db.Database):
    make_due(house, words="Twice.", ago_s=AGO_S)
    HOLDS[hold](house, worker)
    with acting_as(worker):
        assert claiming.due(5, SHIPPED) == []
    assert waits_s(worker) is None


def test_a_twin_in_doubt_holds_the_other_back(house: House, worker: db.Database):
    first = make_due(house, words="Twice.")
    leave_unclear(worker, house, first.id)
    make_due(house, words="Twice.", ago_s=AGO_S)
    let_all(house, "attempt", "opened_at", ago(AGO_S))
    let_pass(house.approver, first.id, next_action_at=ago(-600))
    assert waits_s(worker) is None


def test_a_twin_in_flight_holds_the_other_back_whatever_became_of_its_sender(house: House, worker: db.Database):
    first = make_due(house, words="Twice.")
    claim_one(worker, first.id, SHIPPED)
    make_due(house, words="Twice.", ago_s=AGO_S)
    let_pass(house.approver, first.id, lease_until=ago(1))
    assert waits_s(worker) == about(1)


# Each held it back until just now, so nobody is late yet.
RELEASES: dict[str, Deed] = {
    "a backlog": all_of("account", "next_send_at", ago(1)),
    "a retry": all_of("publication", "next_action_at", ago(1)),
    "a budget of its account": spread_for_the_account(ago(1)),
    "a budget of the app": spread_for_the_app(ago(1)),
    "an account that was refused": all_of("account", "updated_at", ago(1)),
}


@pytest.mark.parametrize("release", RELEASES)
def test_what_was_held_back_waits_since_it_was_let_go(release: str, house: House, worker: db.Database):
    make_due(house, ago_s=AGO_S)
    RELEASES[release](house, worker)
    assert waits_s(worker) == about(1)


def test_a_twin_lets_the_other_go_a_minute_after_it_was_published(house: House, worker: db.Database):
    make_due(house, words="Twice.", ago_s=AGO_S)
    beside_a_twin_just_published(house, worker)
    let_all(house, "publication", "published_at", ago(61))
    assert waits_s(worker) == about(1)


def test_a_backlog_that_goes_out_one_a_minute_is_no_alarm_at_any_moment_of_it(house: House, worker: db.Database):
    rows = {row.id: row for row in (make_due(house, ago_s=AGO_S) for _ in range(15))}
    with acting_as(worker):
        (claim,) = claiming.due(20, SHIPPED)
        claiming.give_back([claim])
    publish(worker, rows[claim.publication_id])
    assert waits_s(worker) is None
    let_all(house, "account", "next_send_at", ago(1))
    assert waits_s(worker) == about(1)


def test_what_is_fresh_beside_a_backlog_is_not_held_back_by_it(house: House, worker: db.Database):
    make_due(house, ago_s=AGO_S)
    make_due(house, ago_s=90)
    let_all(house, "account", "next_send_at", ago(-600))
    assert waits_s(worker) == about(90)


def test_while_a_sender_is_at_work_for_an_organization_its_other_posts_wait_for_a_slot(
    house: House, worker: db.Database
):
    taken = make_due(house)
    claim_one(worker, taken.id, SHIPPED)
    make_due(house, ago_s=AGO_S)
    let_pass(house.approver, taken.id, lease_until=ago(-600))
    assert waits_s(worker) is None
    let_pass(house.approver, taken.id, lease_until=ago(70))
    assert waits_s(worker) == about(AGO_S)


def test_what_is_sent_for_others_excuses_nothing(house: House, worker: db.Database):
    other = make_quiet_house()
    taken = make_due(other)
    claim_one(worker, taken.id, SHIPPED)
    let_pass(other.approver, taken.id, lease_until=ago(-600))
    make_due(house, ago_s=AGO_S)
    assert waits_s(worker) == about(AGO_S)


def test_where_a_try_has_just_begun_nobody_is_late(house: House, worker: db.Database):
    sent = make_due(house)
    leave_unclear(worker, house, sent.id)
    let_pass(house.approver, sent.id, next_action_at=ago(-600))
    make_due(house, ago_s=AGO_S)
    assert waits_s(worker) == about(0)
    let_all(house, "attempt", "opened_at", ago(700))
    assert waits_s(worker) == about(700)


def test_a_read_that_nobody_makes_is_an_alarm_and_what_a_person_was_asked_is_none(house: House, worker: db.Database):
    row, asked = make_due(house), make_scheduled(house)
    lose(worker, asked)
    let_pass(house.approver, asked.id, next_action_at=ago(AGO_S))
    leave_unclear(worker, house, row.id)
    let_all(house, "attempt", "opened_at", ago(AGO_S))
    let_pass(house.approver, row.id, next_action_at=ago(-600))
    assert waits_s(worker) is None
    let_pass(house.approver, row.id, next_action_at=ago(700))
    assert waits_s(worker) == about(700)


def test_what_nobody_sweeps_is_an_alarm_too(house: House, worker: db.Database):
    late = make_due(house, ago_s=AGO_S, window_s=-60)
    assert waits_s(worker) == about(AGO_S)
    let_pass(house.approver, late.id, not_after=ago(-600))
    claim_one(worker, late.id, SHIPPED)
    let_pass(house.approver, late.id, lease_until=ago(700))
    assert waits_s(worker) == about(700)


MANY = 2000


@pytest.mark.parametrize("deed", [lambda *_: None, HOLDS["a backlog of its account"]], ids=["all of them", "a backlog"])
def test_a_look_costs_little_however_many_wait(deed: Deed, house: House, worker: db.Database):
    make_many_due(house, MANY)
    let_all(house, "publication", "due_at", ago(AGO_S))
    deed(house, worker)
    tamper(house.organization_id, "analyze masthead.publication")  # plans made for a nearly empty table are thrown away
    with worker.free_transaction() as session, rows_fetched(session, "publication") as of_all:
        unattended_rows.oldest_due_s(session, SHIPPED)
    with (
        worker.organization_transaction(house.organization_id, "program:test") as session,
        rows_fetched(session, "publication") as of_one,
    ):
        unattended_rows.oldest(session, SHIPPED)
    assert of_all.count < 60
    assert of_one.count < 60
