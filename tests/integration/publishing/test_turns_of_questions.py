"""Which unclear outcomes are read back first, what that costs, and when a person is told without it."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text

from core.infra import db
from core.posts.rules import Needs, PublicationState
from core.publishing import due_rows
from core.publishing.queries import evidence
from tests.factories.costs import KEPT_AFTER, rows_fetched
from tests.factories.publishing import (
    House,
    acting_as,
    again,
    leave_unclear,
    let_pass,
    make_due,
    make_many_due,
    make_quiet_house,
    sweep,
    tamper,
)

MANY = 2000
_S = PublicationState


def make_unclear(worker: db.Database, house: House, *, ago_s: int = 0) -> UUID:
    """A publication of which nobody knows whether it is live, to be read since `ago_s` seconds ago."""
    row = make_due(house)
    leave_unclear(worker, house, row.id)
    let_pass(house.approver, row.id, next_action_at=f"clock_timestamp() - interval '{ago_s} s'")
    return row.id


def let_time_be_up(house: House, *row_ids: UUID) -> None:
    """A person is to be told of these now."""
    for row_id in row_ids:
        let_pass(house.approver, row_id, told_by="clock_timestamp()")


def claim(worker: db.Database, at_most: int) -> list[UUID]:
    with acting_as(worker), db.free_transaction() as session:
        return [each.publication_id for each in due_rows.claim_checks(session, at_most, lease_s=60)]


def test_an_organization_with_many_questions_does_not_keep_anothers_waiting(worker: db.Database):
    many, one = make_quiet_house(), make_quiet_house()
    first, *rest = [make_unclear(worker, many, ago_s=60 - number) for number in range(4)]
    theirs = make_unclear(worker, one)
    assert set(claim(worker, 2)) == {first, theirs}
    assert claim(worker, 2) == rest[:2]


def test_what_nobody_knows_of_comes_before_what_a_person_was_told_of(worker: db.Database):
    house, other = make_quiet_house(), make_quiet_house()
    told = make_unclear(worker, house, ago_s=60)
    unknown = [make_unclear(worker, other, ago_s=20 - number) for number in range(3)]
    let_time_be_up(house, told)
    assert sweep(worker) == {told: "needs_human"}
    assert claim(worker, 4) == [*unknown, told]


def test_a_person_is_told_in_time_though_no_sender_runs_and_it_is_read_afterwards(
    worker: db.Database, dispatch_database: db.Database
):
    house = make_quiet_house()
    late = [make_unclear(worker, house, ago_s=900 - number) for number in range(2)]
    resting, fresh = make_unclear(worker, house, ago_s=-300), make_unclear(worker, house)
    let_time_be_up(house, *late, resting)
    assert sweep(dispatch_database) == dict.fromkeys([*late, resting], "needs_human")
    for row_id in (*late, resting):
        now = again(house.author, row_id)
        assert (now.state, now.needs) == (_S.NEEDS_HUMAN, Needs.OUTCOME)
        last = evidence(house.author, row_id).events[-1]
        assert (last.actor, "in time" in last.because) == ("program:sweeper", True)
    assert again(house.author, fresh).state is _S.UNKNOWN
    assert sweep(dispatch_database) == {}
    assert claim(worker, 4) == [fresh, *late]


def test_a_person_is_told_in_time_beside_tickers_that_do_not_know_how_to_ask(worker: db.Database):
    house = make_quiet_house()
    late, resting = make_unclear(worker, house, ago_s=900), make_unclear(worker, house, ago_s=900)
    fresh = make_unclear(worker, house)
    let_time_be_up(house, late)
    let_pass(house.approver, resting, told_by="clock_timestamp()", next_action_at="clock_timestamp() + interval '1 h'")
    assert claim(worker, 4) == [fresh, late]
    for row_id in (late, resting):
        now = again(house.author, row_id)
        assert (now.state, now.needs) == (_S.NEEDS_HUMAN, Needs.OUTCOME)
        assert "in time" in evidence(house.author, row_id).events[-1].because
    assert again(house.author, fresh).state is _S.UNKNOWN


def test_one_row_that_cannot_be_asked_about_keeps_no_other_from_it(worker: db.Database):
    house = make_quiet_house()
    stuck, other = (make_unclear(worker, house) for _ in range(2))
    let_time_be_up(house, stuck, other)
    breaks = (
        "create function masthead.breaks() returns trigger language plpgsql as"
        f" $$begin if new.id = '{stuck}' then raise 'broken'; end if; return new; end$$;"
        " create trigger breaks before update on masthead.publication"
        " for each row when (new.state = 'needs_human') execute function masthead.breaks()"
    )
    tamper(house.organization_id, breaks)
    try:
        assert sweep(worker) == {other: "needs_human"}
    finally:
        tamper(house.organization_id, "drop trigger breaks on masthead.publication; drop function masthead.breaks()")
    assert sweep(worker) == {stuck: "needs_human"}


def test_a_person_is_told_fourteen_minutes_after_the_send_was_over(worker: db.Database):
    house = make_quiet_house()
    row_id = make_unclear(worker, house)
    after = (
        "select p.told_by - max(t.send_deadline) from masthead.publication p join masthead.attempt t"
        " on t.publication_id = p.id where p.id = :id group by p.told_by"
    )
    with db.transaction(house.author) as session:
        assert session.execute(text(after), {"id": row_id}).scalar_one().total_seconds() == 14 * 60


def make_many_unclear(house: House) -> None:
    make_many_due(house, MANY)
    tamper(house.organization_id, "alter table masthead.publication disable trigger publication_guard")
    tamper(
        house.organization_id,
        "update masthead.publication set state = 'unknown', next_action_at = clock_timestamp()"
        " where state = 'scheduled' and due_at <= clock_timestamp()",
    )
    tamper(house.organization_id, "alter table masthead.publication enable trigger publication_guard")


def rows_read_to_claim(worker: db.Database, at_most: int) -> tuple[int, int]:
    """How many rows of publications Postgres fetched for one claim, and how many were claimed."""
    with acting_as(worker), db.free_transaction() as session:
        with rows_fetched(session, "publication") as fetched:
            claims = due_rows.claim_checks(session, at_most, lease_s=60)
        return fetched.count, len(claims)


@pytest.mark.parametrize("looked_at_before", [0, KEPT_AFTER], ids=["a plan of its own", "a plan from before"])
def test_a_claim_costs_what_it_returns_however_many_are_unclear(
    looked_at_before: int, quiet_house_of_worker: House, worker: db.Database
):
    house = quiet_house_of_worker
    for _ in range(looked_at_before):
        assert rows_read_to_claim(worker, 4)[1] == 0
    make_many_unclear(house)
    assert rows_read_to_claim(worker, 4) == (pytest.approx(0, abs=60), 4)
