"""What lapses: leases, windows, approvals; and that a ticker may do it twice, half, or not at all."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.infra import db
from core.posts import commands as posts
from core.posts.rules import Needs, PublicationState
from core.publishing import claiming, due_rows, sweeping
from core.publishing.queries import evidence
from tests.factories.costs import KEPT_AFTER, rows_fetched
from tests.factories.pauses import PAUSES, resume
from tests.factories.posts import make_approved, make_submitted, publication, soon
from tests.factories.publishing import (
    FAST,
    House,
    acting_as,
    again,
    attempts,
    bring_forward,
    claim_one,
    let_pass,
    make_due,
    make_many_due,
    make_scheduled,
    sweep,
    tamper,
    vanish_while_sending,
)

LAPSED = "clock_timestamp() - interval '1 ms'"


def test_a_lease_that_ran_out_before_sending_puts_it_back_on_the_schedule(house: House, worker: db.Database):
    row = make_due(house)
    claim_one(worker, row.id)
    assert sweep(worker) == {}
    let_pass(house.approver, row.id, lease_until=LAPSED)
    assert sweep(worker) == {row.id: "scheduled"}
    now = again(house.author, row.id)
    assert (now.state, now.lease_owner, now.lease_until) == (PublicationState.SCHEDULED, None, None)
    assert now.next_action_at is not None
    assert sweep(worker) == {}


def test_a_lease_that_ran_out_while_sending_makes_it_a_question_and_never_a_resend(house: House, worker: db.Database):
    row = make_due(house)
    vanish_while_sending(worker, house, row.id)
    let_pass(house.approver, row.id, lease_until=LAPSED)
    assert sweep(worker) == {row.id: "unknown"}
    now, (attempt,) = again(house.author, row.id), attempts(house.author, row.id)
    assert (now.state, attempt.state) == (PublicationState.UNKNOWN, "unknown")
    assert now.next_action_at is not None
    assert now.next_action_at > attempt.send_deadline
    last = evidence(house.author, row.id).events[-1]
    assert (last.actor, last.because) == ("program:sweeper", "The program that was sending it went away.")


def test_a_closed_window_goes_to_a_person_as_late_and_nothing_leaves(house: House, worker: db.Database):
    row = make_due(house)
    let_pass(house.approver, row.id, not_after="clock_timestamp()")
    assert sweep(worker) == {row.id: "needs_human"}
    now = again(house.author, row.id)
    assert (now.state, now.needs) == (PublicationState.NEEDS_HUMAN, Needs.LATE)


def test_a_slot_that_comes_without_an_approval_goes_to_a_person(house: House, worker: db.Database):
    post_id = make_submitted(house.author, [house.page.account.id], slot_at=soon())
    row = publication(house.author, post_id)
    bring_forward(house.approver, row.id)
    assert sweep(worker) == {row.id: "needs_human"}
    assert again(house.author, row.id).needs is Needs.APPROVAL


def test_an_approval_that_lapsed_before_the_slot_goes_to_a_person(house: House, worker: db.Database):
    row = make_due(house)
    let_pass(house.approver, row.id, approved_until="clock_timestamp()")
    assert sweep(worker) == {row.id: "needs_human"}
    assert again(house.author, row.id).needs is Needs.APPROVAL


def test_an_approval_that_lapsed_without_a_slot_makes_it_a_draft_that_can_be_submitted(
    house: House, worker: db.Database
):
    post_id = make_approved(house.author, house.approver, [house.page.account.id])
    row = publication(house.author, post_id)
    assert sweep(worker) == {}
    let_pass(house.approver, row.id, approved_until="clock_timestamp()")
    assert sweep(worker) == {row.id: "draft"}
    last = evidence(house.author, row.id).events[-1]
    assert (last.actor, last.because) == ("program:sweeper", "Its approval lapsed before it was given a time.")
    assert sweep(worker) == {}
    posts.submit(house.author, uuid4(), post_id, 1)
    assert again(house.author, row.id).state is PublicationState.IN_REVIEW


@pytest.mark.parametrize("what", PAUSES)
def test_resuming_makes_every_overdue_post_late_whatever_its_window(what: str, house: House, worker: db.Database):
    overdue, ahead = make_due(house, window_s=86_400), make_scheduled(house)
    resume(house.approver, PAUSES[what](house))
    assert sweep(worker) == {overdue.id: "needs_human"}
    assert again(house.author, overdue.id).needs is Needs.LATE
    assert again(house.author, ahead.id).state is PublicationState.SCHEDULED


def test_a_row_somebody_holds_is_skipped_and_the_others_are_swept(house: House, worker: db.Database):
    held, free = make_due(house), make_due(house)
    for row in (held, free):
        let_pass(house.approver, row.id, not_after="clock_timestamp()")
    with db.transaction(house.approver) as session:
        session.execute(text("select 1 from masthead.publication where id = :id for update"), {"id": held.id})
        assert sweep(worker) == {free.id: "needs_human"}
    assert sweep(worker) == {held.id: "needs_human"}


# What another sweep does while this one is at an earlier row of its list: as if both had been at work at once.
MEANWHILE = """
create function masthead.meanwhile() returns trigger language plpgsql as $$
begin
  update masthead.publication set state = 'scheduled', lease_owner = null, lease_until = null where id = '{second}';
  return null;
end$$;
create trigger meanwhile after update of state on masthead.publication for each row
  when (new.id = '{first}') execute function masthead.meanwhile();
"""


def test_what_another_sweep_put_back_on_the_schedule_is_not_taken_for_late(house: House, worker: db.Database):
    first, second = make_due(house), make_due(house)
    with acting_as(worker):
        assert len(claiming.due(2, FAST)) == 2
    let_pass(house.approver, first.id, lease_until="clock_timestamp() - interval '2 s'")
    let_pass(house.approver, second.id, lease_until="clock_timestamp() - interval '1 s'")
    tamper(house.organization_id, MEANWHILE.format(first=first.id, second=second.id))
    try:
        assert sweep(worker) == {first.id: "scheduled"}
    finally:
        tamper(house.organization_id, "drop function masthead.meanwhile() cascade")
    now = again(house.author, second.id)
    assert (now.state, now.needs) == (PublicationState.SCHEDULED, None)
    assert sweep(worker) == {}


# More than enough for a plan that reads all of them for each of them to be seen.
MANY = 2000
KEY = "publication_event_organization_id_publication_id_fkey"
KEY_AS_IT_IS = (
    f"{KEY} foreign key (organization_id, publication_id) references masthead.publication(organization_id, id)"
)


def rows_read_to_sweep(worker: db.Database) -> tuple[int, int]:
    """How many rows Postgres fetched for one sweep, and how many were moved."""
    with worker.free_transaction() as session:
        with rows_fetched(session, "publication") as fetched:
            moved = due_rows.sweep(session, first_read_s=15, retry_s=5)
        return fetched.count, len(moved)


def test_a_sweep_by_plans_from_before_many_were_late_does_not_read_all_of_them_for_each(
    quiet_house_of_worker: House, worker: db.Database
):
    house = quiet_house_of_worker
    tamper(house.organization_id, "alter table masthead.publication set (autovacuum_enabled = false)")
    # The check of this key has a plan of its own, which walks through them once for each; it is Postgres's, not ours.
    tamper(house.organization_id, f"alter table masthead.publication_event drop constraint {KEY}")
    try:
        for turn in range(KEPT_AFTER + 1):
            let_pass(house.approver, make_due(house).id, not_after="clock_timestamp()")
            if turn == 0:
                tamper(house.organization_id, "analyze masthead.publication")
            assert rows_read_to_sweep(worker)[1] == 1
        make_many_due(house, MANY, window_s=-1)
        read, moved = rows_read_to_sweep(worker)
    finally:
        tamper(house.organization_id, "alter table masthead.publication reset (autovacuum_enabled)")
        tamper(house.organization_id, f"alter table masthead.publication_event add constraint {KEY_AS_IT_IS}")
    assert moved == 500
    assert read < 20 * moved


def test_a_look_beats_and_says_what_there_is_to_do(house: House, worker: db.Database, dispatch_database: db.Database):
    with acting_as(dispatch_database):
        idle = sweeping.look("one", FAST)
    make_due(house)
    make_scheduled(house)
    with acting_as(dispatch_database):
        busy = sweeping.look("one", FAST)
    assert (idle.sends, idle.links, idle.next_due_s) == (False, False, None)
    assert (busy.sends, busy.links, busy.moved) == (True, False, ())
    assert busy.next_due_s is not None
    with worker.free_transaction() as session:
        assert list(due_rows.heartbeats(session)) == ["one"]


def test_a_program_that_sweeps_can_not_read_what_it_moves(house: House, dispatch_database: db.Database):
    make_due(house)
    with (
        pytest.raises(DBAPIError, match="permission denied"),
        dispatch_database.organization_transaction(house.organization_id, "program:dispatcher") as session,
    ):
        session.execute(text("select payload from masthead.publication"))
