"""Who gets which row: due, approved, fair, one of twins, a backlog spaced, and never two hands on one."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import text

from core.infra import db
from core.infra.settings import PublishTimes
from core.posts.rules import PublicationState
from core.publishing import claiming, due_rows
from tests.factories.accounts import make_account
from tests.factories.costs import KEPT_AFTER, rows_fetched
from tests.factories.pauses import PAUSES, pause_account, pause_provider, resume
from tests.factories.publishing import (
    FAST,
    House,
    acting_as,
    again,
    bring_forward,
    claim_one,
    let_pass,
    make_due,
    make_due_everywhere,
    make_house,
    make_many_due,
    make_pages,
    make_scheduled,
    send_one,
    tamper,
)
from tests.fixtures.programs import RunningSandbox

SLOW = PublishTimes()


def claim(worker: db.Database, at_most: int = 50, times: PublishTimes = FAST) -> list[UUID]:
    with acting_as(worker):
        return [each.publication_id for each in claiming.due(at_most, times)]


def test_a_process_has_a_name_that_none_had_before_it():
    mine = claiming.owner()
    assert claiming.owner() == mine
    claiming.owner.cache_clear()  # as in the next container of the same host and number
    assert claiming.owner() != mine


def run(house: House, sql: str) -> None:
    with db.transaction(house.approver) as session:
        session.execute(text(sql))


def test_a_due_row_is_taken_once_with_a_new_epoch_and_a_lease(house: House, worker: db.Database):
    row = make_due(house)
    taken = claim_one(worker, row.id, SLOW)
    now = again(house.author, row.id)
    assert (now.state, now.epoch, now.lease_owner) == (PublicationState.QUEUED, taken.epoch, claiming.owner())
    assert now.lease_until is not None
    assert 29 < (now.lease_until - now.updated_at).total_seconds() <= 30
    assert claim(worker) == []


def test_what_is_not_due_yet_is_left_alone(house: House, worker: db.Database):
    make_scheduled(house)
    assert claim(worker) == []


@pytest.mark.parametrize(
    "because",
    [
        "update masthead.publication set next_action_at = clock_timestamp() + interval '1 min'",
        "update masthead.publication set not_after = clock_timestamp()",
        "update masthead.publication set approved_until = clock_timestamp()",
        "update masthead.account set state = 'auth_broken'",
        "update masthead.account set state = 'disabled'",
    ],
)
def test_what_must_wait_is_left_alone(because: str, house: House, worker: db.Database):
    make_due(house)
    run(house, because)
    assert claim(worker) == []


@pytest.mark.parametrize("what", PAUSES)
def test_what_is_paused_is_left_alone(what: str, house: House, worker: db.Database):
    make_due(house)
    PAUSES[what](house)
    assert claim(worker) == []


@pytest.mark.parametrize("what", PAUSES)
def test_what_came_due_during_a_pause_is_not_sent_at_resume(what: str, house: House, worker: db.Database):
    row = make_due(house)
    resume(house.approver, PAUSES[what](house))
    assert claim(worker) == []
    later = make_due(house)
    assert claim(worker) == [later.id]
    assert again(house.author, row.id).state is PublicationState.SCHEDULED


def test_a_pause_of_something_else_holds_nothing(house: House, worker: db.Database):
    row = make_due(house)
    pause_provider(house.approver, "linkedin")
    pause_account(house.approver, make_account(house.approver).id)
    resume(house.approver, pause_provider(house.approver, "linkedin_member"))
    assert claim(worker) == [row.id]


def test_a_reconnected_account_sends_what_waited_for_it(house: House, worker: db.Database):
    row = make_due(house)
    run(house, "update masthead.account set state = 'auth_broken'")
    run(house, "update masthead.account set state = 'active'")
    assert claim(worker) == [row.id]


def test_eight_claimers_at_once_share_the_rows_and_none_is_taken_twice(network: RunningSandbox, worker: db.Database):
    house = make_house(network, pages=10)
    rows = [row.id for _ in range(4) for row in make_due_everywhere(house)]
    together, taken = threading.Barrier(8), []

    def take() -> None:
        together.wait()
        for _ in range(6):
            taken.extend(each.publication_id for each in claiming.due(3, SLOW))

    with acting_as(worker):
        threads = [threading.Thread(target=take) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        taken.extend(each.publication_id for each in claiming.due(50, SLOW))
    assert Counter(taken) == Counter(rows)


def test_an_organization_with_many_rows_does_not_keep_another_waiting(network: RunningSandbox, worker: db.Database):
    many, one = make_house(network, pages=12), make_house(network)
    make_due_everywhere(many, ago_s=5)
    assert len(claim(worker, 6, SLOW)) == 6
    late = make_due(one, ago_s=0)
    assert claim(worker, 1, SLOW) == [late.id]


def test_while_there_are_others_one_organization_has_all_but_a_quarter_of_a_senders_slots_at_most(
    network: RunningSandbox, worker: db.Database
):
    four, alone = SLOW.model_copy(update={"in_flight": 4}), make_house(network, pages=6)
    make_due_everywhere(alone, ago_s=5)
    assert len(claim(worker, 4, four)) == 4
    many, one = make_house(network, pages=6), make_house(network)
    mine = {row.id for row in make_due_everywhere(many, ago_s=5)}
    taken = claim(worker, 9, four)
    assert len(taken) == 3
    assert set(taken) < mine
    assert claim(worker, 9, four) == []
    theirs = make_due(one)
    assert claim(worker, 9, four) == [theirs.id]
    assert len(claim(worker, 9, SLOW)) == 5  # as many as a sender of sixteen may have of each


# More than enough for a plan that reads all of them to be seen, and for it not to be taken for want of rows.
MANY = 2000


def rows_read_to_claim(worker: db.Database, at_most: int) -> tuple[int, int]:
    """How many rows of publications Postgres fetched for one claim, and how many were claimed."""
    with acting_as(worker), db.free_transaction() as session:
        with rows_fetched(session, "publication") as fetched:
            claims = due_rows.claim_due(
                session,
                at_most,
                owner="test",
                lease_s=30,
                backlog_older_than_s=300,
                backlog_spacing_s=60,
                twin_spacing_s=60,
            )
        return fetched.count, len(claims)


SPREAD = (
    "insert into masthead.account_budget(organization_id, account_id, route, percent, said_at, gap, next_call_at)"
    " select organization_id, id, '', 70, clock_timestamp(), '1 min', clock_timestamp() + interval '1 min'"
    " from masthead.account"
)


@pytest.mark.parametrize(
    ("because", "claimed"),
    [
        ("select 1", 4),
        ("update masthead.publication set next_action_at = clock_timestamp() + interval '1 h' where occurrence > 5", 4),
        ("update masthead.publication set due_at = due_at - interval '10 min' where occurrence > 1", 1),
        (SPREAD, 0),
    ],
    ids=["all of them due", "nearly all waiting for a retry", "a backlog", "spread over hours"],
)
def test_a_claim_costs_what_it_returns_however_many_are_due(
    because: str, claimed: int, quiet_house_of_worker: House, worker: db.Database
):
    house = quiet_house_of_worker
    make_many_due(house, MANY)
    tamper(house.organization_id, because)
    tamper(house.organization_id, "analyze masthead.publication")  # plans made for a nearly empty table are thrown away
    assert rows_read_to_claim(worker, 4) == (pytest.approx(0, abs=60), claimed)


@pytest.fixture
def plans_of_one_row(quiet_house_of_worker: House, worker: db.Database) -> Iterator[House]:
    """A house whose sender has looked at its one row so often that Postgres keeps plans made for a table of one."""
    house = quiet_house_of_worker
    tamper(house.organization_id, "alter table masthead.publication set (autovacuum_enabled = false)")
    lapsed = make_due(house)  # what is looked at each time, and never claimed
    let_pass(house.approver, lapsed.id, approved_until="clock_timestamp()")
    tamper(house.organization_id, "analyze masthead.publication")
    for _ in range(KEPT_AFTER):
        assert rows_read_to_claim(worker, 4)[1] == 0
    yield house
    tamper(house.organization_id, "alter table masthead.publication reset (autovacuum_enabled)")


def test_a_claim_by_plans_from_before_many_came_due_does_not_compare_each_with_each(
    plans_of_one_row: House, worker: db.Database
):
    make_many_due(plans_of_one_row, MANY)
    read, claimed = rows_read_to_claim(worker, 4)
    assert claimed == 4
    assert read < 20 * MANY  # what else runs by such a plan, as the checks of keys, walks through them once each


def test_what_waited_for_a_retry_takes_its_place_by_when_that_is_due(house: House, worker: db.Database):
    retried, fresh = make_due(house, ago_s=60), make_due(house, ago_s=20)
    let_pass(house.approver, retried.id, next_action_at="clock_timestamp() - interval '10 s'")
    assert claim(worker, 1, SLOW) == [fresh.id]
    assert claim(worker, 1, SLOW) == [retried.id]


def test_what_a_stopped_sender_gives_back_is_still_first(house: House, worker: db.Database):
    first, second = make_due(house, ago_s=60), make_due(house, ago_s=20)
    with acting_as(worker):
        claiming.give_back(claiming.due(1, SLOW))
    assert claim(worker, 2, SLOW) == [first.id, second.id]


def test_organizations_take_turns_and_whoever_has_less_in_flight_is_first(network: RunningSandbox, worker: db.Database):
    many, two, one = make_house(network, pages=6), make_house(network, pages=2), make_house(network)
    mine = {row.id for row in make_due_everywhere(many, ago_s=50)}
    assert set(claim(worker, 2, SLOW)) < mine
    theirs, single = [row.id for row in make_due_everywhere(two, ago_s=20)], make_due(one, ago_s=10).id
    taken = claim(worker, 5, SLOW)
    assert set(taken[:3]) == {*theirs, single}
    assert single in taken[:2]  # the first turn is one of each; whose is first in it is drawn
    assert set(taken[3:]) < mine


def test_equal_twins_go_one_after_the_other(house: House, worker: db.Database):
    first, second = make_due(house, words="Twice.", ago_s=1), make_due(house, words="Twice.")
    assert send_one(worker, first.id, SLOW) is PublicationState.PUBLISHED
    assert claim(worker, times=SLOW) == []
    with worker.organization_transaction(house.organization_id, "program:test") as session:
        session.execute(
            text("update masthead.publication set published_at = clock_timestamp() - interval '61 s' where id = :id"),
            {"id": first.id},
        )
    assert claim(worker, times=SLOW) == [second.id]


def test_twins_in_two_hands_at_once_are_impossible(house: House, worker: db.Database):
    first, second = make_due(house, words="Twice."), make_due(house, words="Twice.")
    with worker.organization_transaction(house.organization_id, "program:test") as session:
        session.execute(
            text("update masthead.publication set state = 'queued', lease_until = 'infinity' where id = :id"),
            {"id": first.id},
        )
        # Another sender looks before the first twin's claim is committed: it can't see it, and must not take the other.
        assert claim(worker) == []
    assert again(house.author, second.id).state is PublicationState.SCHEDULED


def test_a_backlog_leaves_one_at_a_time(house: House, worker: db.Database):
    old = [make_due(house, ago_s=600) for _ in range(3)]
    fresh = make_due(house)
    assert len(claim(worker, times=SLOW)) == 2
    assert fresh.id not in claim(worker, times=SLOW)
    run(house, "update masthead.account set next_send_at = clock_timestamp()")
    assert len(claim(worker, times=SLOW)) == 1
    left = [row for row in old if again(house.author, row.id).state is PublicationState.SCHEDULED]
    assert len(left) == 1


def test_a_row_in_a_persons_hands_is_skipped_and_not_waited_for(house: House, worker: db.Database):
    row = make_due(house)
    with db.transaction(house.approver) as session:
        session.execute(
            text(
                "update masthead.publication set due_at = due_at + interval '1 day',"
                " not_after = not_after + interval '1 day' where id = :id"
            ),
            {"id": row.id},
        )
        assert claim(worker) == []
    assert claim(worker) == []


def test_an_account_held_by_a_frozen_process_delays_nobody_else(
    network: RunningSandbox, house: House, worker: db.Database
):
    (other,) = make_pages(network, house.approver)
    stuck, free = make_due(house, ago_s=600), make_due(house, other, ago_s=600)
    with worker.organization_transaction(house.organization_id, "program:frozen") as session:
        session.execute(
            text("update masthead.account set next_send_at = null where id = :id"), {"id": house.page.account.id}
        )
        assert claim(worker, times=SLOW) == [free.id]
    assert claim(worker, times=SLOW) == [stuck.id]


def test_what_is_given_back_is_due_again_at_once(house: House, worker: db.Database):
    row = make_due(house)
    taken = claim_one(worker, row.id)
    with acting_as(worker):
        claiming.give_back([taken])
    assert again(house.author, row.id).state is PublicationState.SCHEDULED
    assert claim_one(worker, row.id).epoch == taken.epoch + 1


def test_giving_back_what_somebody_else_has_by_now_changes_nothing(house: House, worker: db.Database):
    row = make_due(house)
    taken = claim_one(worker, row.id)
    let_pass(house.approver, row.id, epoch="epoch + 1")
    with acting_as(worker):
        claiming.give_back([taken])
    assert again(house.author, row.id).state is PublicationState.QUEUED


def test_the_next_due_instant_is_ahead_and_a_held_row_keeps_nobody_awake(house: House, worker: db.Database):
    with acting_as(worker), db.free_transaction() as session:
        assert due_rows.until_next_due(session) is None
    row = make_scheduled(house)
    with acting_as(worker), db.free_transaction() as session:
        seconds = due_rows.until_next_due(session)
    assert seconds is not None
    assert 86_000 < seconds < 86_500
    bring_forward(house.approver, row.id)
    PAUSES["account"](house)
    with acting_as(worker), db.free_transaction() as session:
        assert due_rows.until_next_due(session) is None
        assert due_rows.work_waiting(session) == (False, False)
