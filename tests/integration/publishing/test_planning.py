"""Publish now, reschedule, cancel, try again: what people may do, when, and in which words they are refused."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from core.audit.commands import record
from core.audit.queries import history
from core.infra import db
from core.infra.actor import Actor, Role
from core.infra.errors import Conflict, Invalid, MastheadError, NotAllowed, NotFound, Refused
from core.posts import commands as posts
from core.posts.rules import PublicationState
from core.publishing import commands
from core.publishing.commands import Changed
from core.publishing.queries import evidence
from tests.factories.organizations import make_actor
from tests.factories.pauses import pause_account
from tests.factories.posts import make_approved, make_post, make_submitted, publication, publications, soon
from tests.factories.publishing import (
    House,
    again,
    bring_forward,
    claim_one,
    leave_unclear,
    let_pass,
    make_due,
    make_pages,
    make_quiet_house,
    make_scheduled,
    send_one,
    sweep,
    vanish_while_sending,
)
from tests.fixtures.programs import RunningSandbox

_S = PublicationState
AT = datetime(2099, 1, 1, tzinfo=UTC)


def approved(house: House, **post: Any) -> UUID:
    return make_approved(house.author, house.approver, [house.page.account.id], **post)


def late(house: House, worker: db.Database) -> UUID:
    row = make_due(house)
    let_pass(house.approver, row.id, not_after="clock_timestamp()")
    assert sweep(worker) == {row.id: "needs_human"}
    return row.id


def missed_for_want_of_approval(house: House, worker: db.Database) -> UUID:
    post_id = make_submitted(house.author, [house.page.account.id], slot_at=soon())
    row = publication(house.author, post_id)
    bring_forward(house.approver, row.id)
    sweep(worker)
    return row.id


def failed(house: House, worker: db.Database, network: RunningSandbox) -> UUID:
    row = make_due(house)
    network.post("/_sandbox/faults", {"route": house.page.feed, "mode": "refuse", "times": 1})
    assert send_one(worker, row.id) is _S.FAILED
    return row.id


# Publish now


def test_what_is_approved_is_sent_now(house: House, worker: db.Database, network: RunningSandbox):
    post_id = approved(house)
    row = publication(house.author, post_id)
    assert row.state is _S.APPROVED
    changed = commands.publish_now(house.approver, uuid4(), post_id=post_id)
    assert changed == Changed((row.id,), (), "1 publication will be sent now.")
    now = again(house.author, row.id)
    assert (now.state, now.correlation_id) == (_S.SCHEDULED, house.approver.correlation_id)
    assert now.due_at is not None
    assert now.not_after == now.due_at + timedelta(seconds=1800)
    assert send_one(worker, row.id) is _S.PUBLISHED


def test_what_is_scheduled_and_what_is_late_is_sent_now(house: House, worker: db.Database):
    scheduled, missed = make_scheduled(house), late(house, worker)
    for publication_id in (scheduled.id, missed):
        commands.publish_now(house.approver, uuid4(), publication_id=publication_id)
        now = again(house.author, publication_id)
        assert (now.state, now.needs) == (_S.SCHEDULED, None)
        assert now.due_at is not None
        assert now.due_at <= datetime.now(UTC)


def test_what_is_not_approved_is_not_sent(house: House, worker: db.Database):
    draft = make_post(house.author, [house.page.account.id])
    asked = make_submitted(house.author, [house.page.account.id])
    missed = missed_for_want_of_approval(house, worker)
    for target in ({"post_id": draft}, {"post_id": asked}, {"publication_id": missed}):
        with pytest.raises(Invalid, match="It must be approved first"):
            commands.publish_now(house.approver, uuid4(), **target)


def test_a_lapsed_approval_sends_nothing(house: House):
    row = make_scheduled(house)
    let_pass(house.approver, row.id, approved_until="clock_timestamp()")
    with pytest.raises(Invalid, match="Its approval has lapsed"):
        commands.publish_now(house.approver, uuid4(), publication_id=row.id)


def test_of_a_post_what_has_a_problem_is_left_alone_with_the_reason(network: RunningSandbox, house: House):
    (other,) = make_pages(network, house.approver)
    post_id = make_approved(house.author, house.approver, [house.page.account.id, other.account.id])
    with db.transaction(house.approver) as session:
        session.execute(text("update masthead.account set state = 'disabled' where id = :id"), {"id": other.account.id})
    changed = commands.publish_now(house.approver, uuid4(), post_id=post_id)
    (left,) = changed.left_alone
    assert len(changed.publication_ids) == 1
    assert "disconnected" in left.words
    with pytest.raises(Invalid, match="disconnected"):
        commands.publish_now(house.approver, uuid4(), publication_id=left.publication_id)


@pytest.mark.parametrize("verb", ["publish_now", "reschedule", "cancel"])
def test_of_a_post_only_what_was_named_is_touched(network: RunningSandbox, house: House, verb: str):
    (other,) = make_pages(network, house.approver)
    post_id = make_approved(house.author, house.approver, [house.page.account.id, other.account.id], slot_at=soon(24))
    named, unnamed = publications(house.author, post_id)
    at = soon(48)
    run = {
        "publish_now": lambda **target: commands.publish_now(house.approver, uuid4(), **target),
        "reschedule": lambda **target: commands.reschedule(house.author, uuid4(), at, **target),
        "cancel": lambda **target: commands.cancel(house.author, uuid4(), **target),
    }[verb]
    changed = run(post_id=post_id, only=[named.id])
    assert (changed.publication_ids, changed.left_alone) == ((named.id,), ())
    untouched = again(house.author, unnamed.id)
    assert (untouched.state, untouched.due_at) == (unnamed.state, unnamed.due_at)
    with pytest.raises(Conflict, match="shown to you"):
        run(post_id=post_id, only=[uuid4()])


def press_publish_now(house: House, times: int) -> None:
    """As many presses in the last minute."""
    with db.transaction(house.approver) as session:
        for _ in range(times):
            record(session, house.approver, "publication.publish_now", "post", "x")


def test_the_31st_press_in_a_minute_is_refused_in_words(quiet_house: House):
    row = make_scheduled(quiet_house)
    press_publish_now(quiet_house, 29)
    commands.publish_now(quiet_house.approver, uuid4(), publication_id=row.id)
    with pytest.raises(Refused, match="30 times in the last minute"):
        commands.publish_now(quiet_house.approver, uuid4(), publication_id=row.id)


def test_the_limit_is_each_organizations_own(quiet_house: House):
    press_publish_now(make_quiet_house(), 40)
    row = make_scheduled(quiet_house)
    assert commands.publish_now(quiet_house.approver, uuid4(), publication_id=row.id).publication_ids == (row.id,)


# Reschedule


def test_moving_a_slot_keeps_the_approval(quiet_house: House):
    row = make_scheduled(quiet_house)
    at = datetime.now(UTC) + timedelta(days=2)
    commands.reschedule(quiet_house.author, uuid4(), at, publication_id=row.id)
    now = again(quiet_house.author, row.id)
    assert (now.state, now.due_at, now.approved_sha256) == (_S.SCHEDULED, at, row.approved_sha256)
    assert now.not_after == at + timedelta(seconds=1800)


def test_a_posts_own_wish_moves_with_its_publications(quiet_house: House):
    row = make_scheduled(quiet_house)
    at = datetime.now(UTC) + timedelta(days=3)
    commands.reschedule(quiet_house.author, uuid4(), at, post_id=row.post_id)
    with db.transaction(quiet_house.author) as session:
        slot = session.execute(text("select slot_at from masthead.post")).scalar_one()
    assert (slot, again(quiet_house.author, row.id).due_at) == (at, at)


def test_an_approved_post_without_a_slot_is_scheduled_by_giving_it_one(quiet_house: House):
    post_id = approved(quiet_house)
    at = datetime.now(UTC) + timedelta(days=2)
    commands.reschedule(quiet_house.author, uuid4(), at, post_id=post_id)
    assert publication(quiet_house.author, post_id).state is _S.SCHEDULED


def test_a_late_post_goes_back_on_the_schedule(house: House, worker: db.Database):
    publication_id = late(house, worker)
    at = datetime.now(UTC) + timedelta(days=2)
    commands.reschedule(house.author, uuid4(), at, publication_id=publication_id)
    now = again(house.author, publication_id)
    assert (now.state, now.needs, now.due_at) == (_S.SCHEDULED, None, at)


def test_what_missed_its_slot_for_want_of_an_approval_is_asked_again(house: House, worker: db.Database):
    publication_id = missed_for_want_of_approval(house, worker)
    at = datetime.now(UTC) + timedelta(days=2)
    commands.reschedule(house.author, uuid4(), at, publication_id=publication_id)
    now = again(house.author, publication_id)
    assert (now.state, now.needs, now.due_at) == (_S.IN_REVIEW, None, at)


def test_a_slot_in_the_past_and_one_beyond_the_approval_are_refused(quiet_house: House):
    row = make_scheduled(quiet_house)
    with pytest.raises(Invalid, match="That time has passed"):
        commands.reschedule(quiet_house.author, uuid4(), datetime.now(UTC), publication_id=row.id)
    with pytest.raises(Invalid, match="Its approval ends before that time"):
        commands.reschedule(quiet_house.author, uuid4(), AT, publication_id=row.id)
    with pytest.raises(Invalid):
        commands.reschedule(quiet_house.author, uuid4(), datetime(2030, 1, 1), publication_id=row.id)  # noqa: DTZ001


# Cancel


@pytest.mark.parametrize("state", ["in_review", "approved", "scheduled", "late", "approval"])
def test_what_has_not_been_sent_can_be_taken_back(state: str, house: House, worker: db.Database):
    made = {
        "in_review": lambda: publication(house.author, make_submitted(house.author, [house.page.account.id])).id,
        "approved": lambda: publication(house.author, approved(house)).id,
        "scheduled": lambda: make_scheduled(house).id,
        "late": lambda: late(house, worker),
        "approval": lambda: missed_for_want_of_approval(house, worker),
    }
    publication_id = made[state]()
    commands.cancel(house.author, uuid4(), publication_id=publication_id, reason="The offer is over.")
    now = again(house.author, publication_id)
    assert (now.state, now.needs) == (_S.CANCELLED, None)
    assert evidence(house.author, publication_id).events[-1].because == "The offer is over."


def test_a_draft_is_not_cancelled(quiet_house: House):
    post_id = make_post(quiet_house.author, [quiet_house.page.account.id])
    with pytest.raises(Invalid, match="It is a draft"):
        commands.cancel(quiet_house.author, uuid4(), post_id=post_id)


# What is being sent


@pytest.mark.parametrize("stage", ["queued", "claimed", "sending", "unknown", "needs_human"])
def test_what_is_being_sent_can_not_be_stopped_moved_or_sent_again(stage: str, house: House, worker: db.Database):
    row = make_due(house)
    if stage in ("queued", "claimed"):
        claim_one(worker, row.id)
    if stage == "claimed":
        with worker.organization_transaction(house.organization_id, "program:test") as session:
            session.execute(text("update masthead.publication set state = 'claimed'"))
    if stage == "sending":
        vanish_while_sending(worker, house, row.id)
    if stage in ("unknown", "needs_human"):
        leave_unclear(worker, house, row.id)
    if stage == "needs_human":
        with worker.organization_transaction(house.organization_id, "program:test") as session:
            session.execute(text("update masthead.publication set state = 'needs_human', needs = 'outcome'"))
    assert again(house.author, row.id).state == stage
    words = {
        "unknown": "It may be live already; Masthead is looking.",
        "needs_human": "Say first what you found on the account.",
    }.get(stage, "It is being sent now, that can't be stopped.")
    for command in (
        lambda: commands.cancel(house.author, uuid4(), publication_id=row.id),
        lambda: commands.reschedule(house.author, uuid4(), soon(), publication_id=row.id),
        lambda: commands.publish_now(house.approver, uuid4(), publication_id=row.id),
    ):
        with pytest.raises(Invalid, match=words):
            command()
    assert again(house.author, row.id).state == stage


# Try again


def test_try_again_makes_a_new_publication_of_the_same_bytes_with_the_same_approval(
    house: House, worker: db.Database, network: RunningSandbox
):
    old = failed(house, worker, network)
    (new_id,) = commands.try_again(house.approver, uuid4(), old).publication_ids
    first, second = again(house.author, old), again(house.author, new_id)
    assert (first.state, second.state, second.occurrence) == (_S.FAILED, _S.SCHEDULED, 2)
    assert (second.payload_sha256, second.approved_sha256, second.approved_by) == (
        first.payload_sha256,
        first.approved_sha256,
        first.approved_by,
    )
    assert send_one(worker, new_id) is _S.PUBLISHED


def test_try_again_after_a_cancel_works_too_and_only_once(quiet_house: House):
    row = make_scheduled(quiet_house)
    commands.cancel(quiet_house.author, uuid4(), publication_id=row.id)
    commands.try_again(quiet_house.approver, uuid4(), row.id)
    with pytest.raises(Conflict, match="tried again already"):
        commands.try_again(quiet_house.approver, uuid4(), row.id)
    assert len(publications(quiet_house.author, row.post_id)) == 2


def test_try_again_under_a_pause_says_that_it_is_held(quiet_house: House):
    row = make_scheduled(quiet_house)
    commands.cancel(quiet_house.author, uuid4(), publication_id=row.id)
    pause_account(quiet_house.approver, row.account_id)
    changed = commands.try_again(quiet_house.approver, uuid4(), row.id)
    assert changed.words == "It is held, because it is paused there: resuming asks about it."


def test_try_again_with_a_lapsed_approval_asks_for_one(house: House):
    row = make_scheduled(house)
    commands.cancel(house.author, uuid4(), publication_id=row.id)
    let_pass(house.approver, row.id, approved_until="clock_timestamp()")
    changed = commands.try_again(house.approver, uuid4(), row.id)
    new = again(house.author, changed.publication_ids[0])
    assert (new.state, changed.words) == (_S.IN_REVIEW, "Its approval had lapsed: it is in review again.")


def test_what_is_neither_failed_nor_cancelled_is_not_tried_again(quiet_house: House):
    with pytest.raises(Refused, match="Only what failed or was cancelled"):
        commands.try_again(quiet_house.approver, uuid4(), make_scheduled(quiet_house).id)


# All of them


def test_a_double_click_is_one_action_and_gets_the_same_answer(quiet_house: House):
    row, action = make_scheduled(quiet_house), uuid4()
    first = commands.publish_now(quiet_house.approver, action, publication_id=row.id)
    assert commands.publish_now(quiet_house.approver, action, publication_id=row.id) == first
    assert len(history(quiet_house.approver, "publication", row.id)) == 1
    cancel = uuid4()
    done = commands.cancel(quiet_house.author, cancel, publication_id=row.id)
    assert commands.cancel(quiet_house.author, cancel, publication_id=row.id) == done
    retry = uuid4()
    new = commands.try_again(quiet_house.approver, retry, row.id)
    assert commands.try_again(quiet_house.approver, retry, row.id) == new
    assert len(publications(quiet_house.author, row.post_id)) == 2


def test_ten_clicks_at_once_are_one_action(house: House):
    row, action, together = make_scheduled(house), uuid4(), threading.Barrier(10)
    answers: list[Changed] = []

    def click() -> None:
        together.wait()
        answers.append(commands.publish_now(house.approver, action, publication_id=row.id))

    threads = [threading.Thread(target=click) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 10
    assert len(set(answers)) == 1
    assert len(history(house.approver, "publication", row.id)) == 1


def test_each_command_writes_one_audit_line_that_says_what_it_did(quiet_house: House):
    row = make_scheduled(quiet_house)
    at = datetime.now(UTC) + timedelta(days=2)
    commands.reschedule(quiet_house.author, uuid4(), at, publication_id=row.id)
    commands.publish_now(quiet_house.approver, uuid4(), publication_id=row.id)
    commands.cancel(quiet_house.author, uuid4(), publication_id=row.id, reason="Over.")
    lines = history(quiet_house.author, "publication", row.id)
    assert [line.action for line in lines] == [
        "publication.reschedule",
        "publication.publish_now",
        "publication.cancel",
    ]
    assert lines[2].after is not None
    assert lines[2].after["reason"] == "Over."
    assert {line.actor for line in lines} == {quiet_house.author.label, quiet_house.approver.label}


COMMANDS = {
    "publish_now": (lambda actor, row: commands.publish_now(actor, uuid4(), publication_id=row), Role.APPROVER),
    "reschedule": (lambda actor, row: commands.reschedule(actor, uuid4(), soon(), publication_id=row), Role.EDITOR),
    "cancel": (lambda actor, row: commands.cancel(actor, uuid4(), publication_id=row), Role.EDITOR),
    "try_again": (lambda actor, row: commands.try_again(actor, uuid4(), row), Role.APPROVER),
    "resolve_live": (
        lambda actor, row: commands.resolve_live(actor, uuid4(), row, attempt_id=1, post="1", reason="seen"),
        Role.APPROVER,
    ),
    "resolve_not_live": (
        lambda actor, row: commands.resolve_not_live(
            actor, uuid4(), row, attempt_id=1, send_again=False, reason="looked"
        ),
        Role.APPROVER,
    ),
}
RANK = list(Role)


@pytest.mark.parametrize("role", RANK)
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_asks_for_its_role(name: str, role: Role, quiet_house: House):
    row = make_scheduled(quiet_house)
    actor: Actor = make_actor(quiet_house.organization_id, role)
    command, least = COMMANDS[name]
    allowed = RANK.index(role) >= RANK.index(least)
    try:
        command(actor, row.id)
    except NotAllowed:
        assert not allowed
    except MastheadError:
        assert allowed
    else:
        assert allowed


@pytest.mark.parametrize("name", COMMANDS)
def test_another_organizations_publication_does_not_exist(name: str, quiet_house: House):
    row, stranger = make_scheduled(quiet_house), make_quiet_house()
    with pytest.raises(NotFound):
        COMMANDS[name][0](stranger.approver, row.id)


def test_a_target_is_a_post_or_a_publication_and_not_both(quiet_house: House):
    for target in ({}, {"post_id": uuid4(), "publication_id": uuid4()}):
        with pytest.raises(Invalid, match="either which post or which publication"):
            commands.cancel(quiet_house.author, uuid4(), **target)
    with pytest.raises(NotFound):
        commands.cancel(quiet_house.author, uuid4(), post_id=uuid4())


def test_an_edit_after_the_approval_keeps_anything_from_being_sent(house: House, worker: db.Database):
    row = make_due(house)
    posts.save(
        house.author, row.post_id, 1, text="Other words.", link=None, account_ids=[house.page.account.id], slot_at=None
    )
    now = again(house.author, row.id)
    assert (now.state, now.needs) == (_S.DRAFT, None)
    with pytest.raises(Invalid, match="approved first"):
        commands.publish_now(house.approver, uuid4(), publication_id=row.id)


def test_a_second_click_on_reschedule_gets_the_first_answer(quiet_house: House):
    row, action = make_scheduled(quiet_house), uuid4()
    at = datetime.now(UTC) + timedelta(days=2)
    first = commands.reschedule(quiet_house.author, action, at, publication_id=row.id)
    assert commands.reschedule(quiet_house.author, action, at, publication_id=row.id) == first


def test_a_lapsed_approval_is_not_moved_to_another_time(house: House):
    row = make_scheduled(house)
    let_pass(house.approver, row.id, approved_until="clock_timestamp()")
    with pytest.raises(Invalid, match="Its approval has lapsed"):
        commands.reschedule(house.author, uuid4(), soon(), publication_id=row.id)


def test_what_is_over_says_so(house: House, worker: db.Database):
    row = make_due(house)
    send_one(worker, row.id)
    with pytest.raises(Invalid, match="It is published already"):
        commands.cancel(house.author, uuid4(), publication_id=row.id)


def test_a_post_that_goes_nowhere_yet_can_not_be_planned(quiet_house: House):
    with pytest.raises(Refused, match="No account is chosen yet"):
        commands.publish_now(quiet_house.approver, uuid4(), post_id=make_post(quiet_house.author))


def test_a_person_who_reschedules_starts_the_waits_anew(house: House, worker: db.Database):
    row = make_due(house)
    let_pass(house.approver, row.id, attempt_count="4")
    commands.publish_now(house.approver, uuid4(), publication_id=row.id)
    assert again(house.author, row.id).attempt_count == 0
