"""What the network says of our budgets, obeyed: spread, only what is due, and not one call before the regain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core.infra import db
from core.posts import queries
from core.posts.rules import Needs, PublicationState
from core.publishing import asking, claiming, due_rows, sending, store
from core.publishing.queries import evidence
from tests.factories.publishing import (
    FAST,
    House,
    acting_as,
    again,
    attempts,
    leave_unclear,
    let_pass,
    make_due,
    make_house,
    make_pages,
    posts_with,
    reads,
    send_one,
    sweep,
    tamper,
)
from tests.fixtures.programs import RunningSandbox

_S = PublicationState


def fault(sandbox: RunningSandbox, route: str, mode: str, times: int | None = None, **args: Any) -> None:
    sandbox.post("/_sandbox/faults", {"route": route, "mode": mode, "times": times, "args": args})


def calls_to(sandbox: RunningSandbox, page_id: str) -> int:
    return sum(f"/{page_id}" in each["path"] for each in sandbox.get("/_sandbox/requests"))


def send_all(worker: db.Database, at_most: int = 50) -> dict[UUID, PublicationState | None]:
    with acting_as(worker):
        return {
            each.publication_id: sending.publish_one(each.organization_id, each.publication_id, each.epoch, times=FAST)
            for each in claiming.due(at_most, FAST)
        }


def let_regain(house: House) -> None:
    tamper(house.organization_id, "update masthead.account_budget set held_until = clock_timestamp()")
    tamper(
        house.organization_id,
        "update masthead.publication set next_action_at = clock_timestamp() where next_action_at is not null",
    )


def test_after_95_percent_nobody_calls_until_the_regain(
    network: RunningSandbox, house: House, worker: db.Database
) -> None:
    page, (other,) = house.page, make_pages(network, house.approver)
    first = make_due(house)
    fault(network, page.feed, "usage", percent=95, regain_min=3)
    assert send_one(worker, first.id) is _S.PUBLISHED
    before = calls_to(network, page.id)
    rows = [make_due(house) for _ in range(5)]
    free = make_due(house, other)
    assert send_all(worker) == {**{row.id: _S.SCHEDULED for row in rows}, free.id: _S.PUBLISHED}
    assert send_all(worker) == {}
    assert calls_to(network, page.id) == before

    now = again(house.author, rows[0].id)
    assert now.next_action_at is not None
    assert 170 < (now.next_action_at - datetime.now(UTC)).total_seconds() < 190
    assert (now.attempt_count, attempts(house.author, now.id)) == (0, [])
    assert now.last_error == {"reason": "Facebook asks us to slow down", "waits": True, "held": "account"}
    shown = queries.detail(house.author, now.post_id).publications[0]
    assert (shown.because, shown.held, shown.next_action_at) == (
        "Facebook asks us to slow down",
        True,
        now.next_action_at,
    )

    network.delete("/_sandbox/faults")
    let_regain(house)
    assert len(send_all(worker)) == 1  # nobody knows yet how much room there is; the answer says nothing of it
    assert len(send_all(worker)) == 4
    assert all(len(posts_with(network, row.payload["text"])) == 1 for row in rows)


def test_room_that_is_told_with_every_answer_is_kept_once_and_anew_when_it_shrinks(
    network: RunningSandbox, house: House, worker: db.Database
) -> None:
    fault(network, house.page.feed, "usage", percent=10, regain_min=0)
    kept = []
    for _ in range(2):
        assert send_one(worker, make_due(house).id) is _S.PUBLISHED
        kept.append(budgets(house, "said_at"))
    assert kept[0] == kept[1]
    assert budgets(house, "percent") == [10]

    network.delete("/_sandbox/faults")
    for percent in (20, 70, 10):
        fault(network, house.page.feed, "usage", times=1, percent=percent, regain_min=0)
        let_regain(house)
        tamper(house.organization_id, "update masthead.account_budget set next_call_at = null")
        assert send_one(worker, make_due(house).id) is _S.PUBLISHED
        assert budgets(house, "percent") == [percent]
    assert budgets(house, "gap") == [timedelta(0)]


def test_what_is_held_past_its_window_is_late_as_ever(
    network: RunningSandbox, house: House, worker: db.Database
) -> None:
    fault(network, house.page.feed, "usage", percent=99, regain_min=60)
    assert send_one(worker, make_due(house).id) is _S.PUBLISHED
    row = make_due(house)
    assert send_all(worker) == {row.id: _S.SCHEDULED}
    let_pass(house.approver, row.id, not_after="clock_timestamp()")
    assert sweep(worker) == {row.id: "needs_human"}
    assert again(house.author, row.id).needs is Needs.LATE


@pytest.mark.parametrize("code", [17, 32, 613, 80001, 80002])
def test_a_limit_of_an_account_holds_that_account_alone(
    network: RunningSandbox, house: House, worker: db.Database, code: int
) -> None:
    (other,) = make_pages(network, house.approver)
    refused, waiting, free = make_due(house, ago_s=2), make_due(house), make_due(house, other)
    fault(network, house.page.feed, "rate_limited", times=1, code=code, regain_min=5)
    states = send_all(worker)
    assert (states[refused.id], states[waiting.id], states[free.id]) == (_S.SCHEDULED, _S.SCHEDULED, _S.PUBLISHED)
    assert [each.state for each in attempts(house.author, refused.id)] == ["rejected"]
    assert attempts(house.author, waiting.id) == []
    for row in (refused, waiting):
        now = again(house.author, row.id)
        assert now.next_action_at is not None
        assert now.next_action_at - datetime.now(UTC) > timedelta(seconds=290)
    assert broken(worker) == []


@pytest.mark.parametrize("code", [4, 341])
def test_a_limit_of_the_app_holds_every_organization(
    network: RunningSandbox, house: House, worker: db.Database, code: int
) -> None:
    elsewhere = make_house(network)
    first = make_due(house, ago_s=2)
    fault(network, house.page.feed, "rate_limited", times=1, code=code, regain_min=5)
    assert send_one(worker, first.id) is _S.SCHEDULED
    theirs = make_due(elsewhere)
    assert send_all(worker) == {theirs.id: _S.SCHEDULED}
    assert again(elsewhere.author, theirs.id).last_error == {
        "reason": "Facebook asks Masthead as a whole to slow down",
        "waits": True,
        "held": "app",
    }
    assert calls_to(network, elsewhere.page.id) == 0


def test_a_limit_without_a_time_stays_away_longer_each_time_in_a_row(
    network: RunningSandbox, house: House, worker: db.Database
) -> None:
    fault(network, house.page.feed, "usage", percent=96, regain_min=0)
    waits = []
    for _ in range(4):
        send_one(worker, make_due(house).id)
        (held_until,) = budgets(house, "held_until")
        waits.append(round((held_until - datetime.now(UTC)).total_seconds() / 60))
        let_regain(house)
        tamper(house.organization_id, "update masthead.account_budget set next_call_at = null")
    assert waits == [5, 15, 60, 60]


def test_between_60_and_95_percent_posts_are_spread(network: RunningSandbox, house: House, worker: db.Database) -> None:
    fault(network, house.page.feed, "usage", percent=78, regain_min=0)
    send_one(worker, make_due(house).id)
    rows = [make_due(house) for _ in range(3)]
    assert len(send_all(worker)) == 1
    assert send_all(worker) == {}
    with acting_as(worker), db.free_transaction() as session:
        assert due_rows.work_waiting(session) == (False, True)
        wait_s = due_rows.until_next_due(session)
    assert wait_s is not None
    assert 25 < wait_s < 31  # 60 s x 18/35
    tamper(house.organization_id, "update masthead.account_budget set next_call_at = clock_timestamp()")
    network.delete("/_sandbox/faults")
    fault(network, house.page.feed, "usage", percent=10, regain_min=0)
    assert len(send_all(worker)) == 1  # and it says that there is room again
    assert len(send_all(worker)) == 1
    assert {again(house.author, row.id).state for row in rows} == {_S.PUBLISHED}


def test_from_80_percent_links_wait_and_reads_of_what_was_due_do_not(
    network: RunningSandbox, house: House, worker: db.Database
) -> None:
    unclear = make_due(house)
    leave_unclear(worker, house, unclear.id)
    fault(network, house.page.feed, "usage", percent=81, regain_min=0)
    send_one(worker, make_due(house).id)
    with acting_as(worker), db.free_transaction() as session:
        assert due_rows.claim_links(session, 10, lease_s=60) == []
        assert [each.publication_id for each in due_rows.claim_checks(session, 10, lease_s=60)] == [unclear.id]


def test_a_held_account_is_not_read_either_and_no_read_is_used_up(
    network: RunningSandbox, house: House, worker: db.Database
) -> None:
    unclear = make_due(house)
    leave_unclear(worker, house, unclear.id)
    fault(network, house.page.feed, "usage", percent=95, regain_min=3)
    send_one(worker, make_due(house).id)
    before = calls_to(network, house.page.id)
    with acting_as(worker), db.free_transaction() as session:
        assert due_rows.claim_checks(session, 10, lease_s=60) == []
    now = again(house.author, unclear.id)
    assert now.next_action_at is not None
    assert now.next_action_at - datetime.now(UTC) > timedelta(seconds=170)
    assert (reads(house.author, unclear.id), calls_to(network, house.page.id)) == ([], before)


def test_what_a_read_hears_is_kept_too(network: RunningSandbox, house: House, worker: db.Database) -> None:
    unclear = make_due(house)
    leave_unclear(worker, house, unclear.id)
    fault(network, house.page.reading, "usage", percent=97, regain_min=10)
    with acting_as(worker):
        asking.check_one(house.organization_id, unclear.id, again(house.author, unclear.id).epoch, times=FAST)
    row = make_due(house)
    assert send_all(worker) == {row.id: _S.SCHEDULED}


def test_a_budget_that_is_used_up_while_a_post_is_prepared_lets_no_call_out(
    network: RunningSandbox, house: House, worker: db.Database
) -> None:
    row = make_due(house)
    with acting_as(worker):
        (claim,) = claiming.due(5, FAST)
        with db.organization_transaction(house.organization_id, "program:test") as session:
            claimed = store.claim(session, claim, owner="me", lease_s=60)
            assert claimed is not None
            assert not claimed.throttled
    hold(house, "1 minute")
    with worker.organization_transaction(house.organization_id, "program:test") as session:
        assert claimed.approved_sha256 is not None
        opened = store.open_attempt(
            session,
            claim,
            approved_sha256=claimed.approved_sha256,
            request_sha256=claimed.approved_sha256,
            lease_s=60,
            send_within_s=10,
        )
    assert (opened, attempts(house.author, row.id)) == (None, [])


def hold(house: House, how_long: str) -> None:
    tamper(
        house.organization_id,
        "insert into masthead.account_budget(organization_id, account_id, route, percent, held_until)"
        " values (masthead.ctx_organization(), %(account)s, '', 95, clock_timestamp() + %(how_long)s::interval)",
        account=house.page.account.id,
        how_long=how_long,
    )


def budgets(house: House, column: str) -> list[Any]:
    with db.transaction(house.approver) as session:
        return list(session.execute(text(f"select {column} from masthead.account_budget order by route")).scalars())  # noqa: S608 - tests' own words


def broken(worker: db.Database) -> list[str]:
    with acting_as(worker), db.free_transaction() as session:
        return list(session.execute(text("select route from masthead.breaker where state <> 'closed'")).scalars())


@pytest.mark.parametrize(("ago", "state"), [("13 min", _S.UNKNOWN), ("15 min", _S.NEEDS_HUMAN)])
def test_of_what_may_not_be_read_in_time_a_person_is_told_and_it_is_read_later_all_the_same(
    ago: str, state: PublicationState, network: RunningSandbox, house: House, worker: db.Database
) -> None:
    unclear = make_due(house)
    leave_unclear(worker, house, unclear.id)
    fault(network, house.page.feed, "usage", percent=95, regain_min=600)
    send_one(worker, make_due(house).id)
    let_pass(
        house.approver,
        unclear.id,
        told_by=f"clock_timestamp() - interval '{ago}' + interval '14 min'",
        next_action_at="clock_timestamp()",
    )
    assert sweep(worker) == ({unclear.id: "needs_human"} if state is _S.NEEDS_HUMAN else {})
    with acting_as(worker), db.free_transaction() as session:
        assert due_rows.claim_checks(session, 10, lease_s=60) == []
    with acting_as(worker), db.free_transaction() as session:
        assert due_rows.claim_checks(session, 10, lease_s=60) == []
    now = again(house.author, unclear.id)
    assert (now.state, now.needs) == (state, Needs.OUTCOME if state is _S.NEEDS_HUMAN else None)
    assert now.next_action_at is not None
    left = now.next_action_at - datetime.now(UTC)
    assert left > timedelta(hours=9) if state is _S.NEEDS_HUMAN else left < timedelta(seconds=61)
    if state is _S.NEEDS_HUMAN:
        assert "may not be asked" in evidence(house.author, unclear.id).events[-1].because
