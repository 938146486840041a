"""Reading back: one exact post that nobody owns closes the question, everything else goes to a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from core.accounts import queries as account_queries
from core.infra import db
from core.posts.rules import Needs, PublicationState
from core.provider_kit.errors import NotSent, ReconnectNeeded, RetryLater
from core.provider_kit.types import Published
from core.publishing import checking, store
from core.publishing.queries import evidence
from core.publishing.store import Claim
from tests.factories.publishing import (
    FAST,
    House,
    ScriptedPublisher,
    acting_as,
    again,
    attempts,
    check_one,
    leave_unclear,
    let_pass,
    live_post,
    make_due,
    posts_with,
    reads,
    seen,
    send_one,
)
from tests.fixtures.programs import RunningSandbox


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch):
    """Put a scripted publisher in the place of the network's."""

    def put(*answers: Any, **more: Any) -> ScriptedPublisher:
        publisher = ScriptedPublisher(*answers, **more)
        monkeypatch.setattr("core.providers.publisher", lambda _network: publisher)
        return publisher

    return put


@pytest.mark.parametrize("mode", ["error_after", "reset_after", "refused_but_live", "garbage_body"])
def test_a_post_that_went_live_without_an_answer_is_found(
    mode: str, house: House, worker: db.Database, network: RunningSandbox
):
    row = make_due(house)
    network.post("/_sandbox/faults", {"route": house.page.feed, "mode": mode, "times": 1})
    assert send_one(worker, row.id) is PublicationState.UNKNOWN
    let_pass(house.approver, row.id, next_action_at="clock_timestamp()")

    assert check_one(worker, row.id) is PublicationState.PUBLISHED

    (post,) = posts_with(network, row.payload["text"])
    now, (attempt,), (read,) = (
        again(house.author, row.id),
        attempts(house.author, row.id),
        reads(house.author, row.id),
    )
    assert (now.provider_post_id, now.last_error) == (post["id"], None)
    assert (attempt.state, attempt.provider_ref, attempt.verdict_by) == ("accepted", post["id"], "program:checker")
    assert (read.complete, read.matches) == (True, 1)
    assert evidence(house.author, row.id).link_state in ("found", "pending")


def test_what_a_complete_read_does_not_show_goes_to_a_person_with_what_was_read(
    house: House, worker: db.Database, network: RunningSandbox
):
    other = make_due(house)
    send_one(worker, other.id)
    row = make_due(house)
    network.post("/_sandbox/faults", {"route": house.page.feed, "mode": "reset_before", "times": 1})
    send_one(worker, row.id)
    let_pass(house.approver, row.id, next_action_at="clock_timestamp()")

    assert check_one(worker, row.id) is PublicationState.NEEDS_HUMAN

    now, shown = again(house.author, row.id), evidence(house.author, row.id)
    assert (now.needs, now.next_action_at) == (Needs.OUTCOME, None)
    assert shown.reads[0].words == "Saw 1 posts, none with this text."
    assert shown.resend_after is not None
    assert shown.attempts[0].state == "unknown"


def test_a_post_that_shows_later_than_the_read_is_still_not_sent_twice(
    house: House, worker: db.Database, network: RunningSandbox
):
    row = make_due(house)
    for fault in ("reset_after", "delayed_visibility"):
        args = {"ms": 60_000} if fault == "delayed_visibility" else {}
        network.post("/_sandbox/faults", {"route": house.page.feed, "mode": fault, "times": 1, "args": args})
    send_one(worker, row.id)
    let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    assert check_one(worker, row.id) is PublicationState.NEEDS_HUMAN
    assert len(posts_with(network, row.payload["text"])) == 1


def test_a_read_that_fails_is_kept_repeated_by_its_spacing_and_then_given_to_a_person(
    house: House, worker: db.Database, script
):
    row = make_due(house)
    leave_unclear(worker, house, row.id)
    script(read=NotSent("The network is away."))
    waits = []
    for _ in FAST.read_spacing_s:
        assert check_one(worker, row.id) is PublicationState.UNKNOWN
        now = again(house.author, row.id)
        assert now.next_action_at is not None
        waits.append(round((now.next_action_at - now.updated_at).total_seconds(), 1))
        let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    assert tuple(waits) == FAST.read_spacing_s
    assert check_one(worker, row.id) is PublicationState.NEEDS_HUMAN
    kept = evidence(house.author, row.id).reads
    assert [(read.complete, read.words) for read in kept] == [(False, "The network is away.")] * 4


def test_an_incomplete_read_with_a_match_proves_nothing_yet(house: House, worker: db.Database, script):
    row = make_due(house)
    leave_unclear(worker, house, row.id)
    script(read=seen(live_post("77_1", row.payload["text"]), complete=False))
    assert check_one(worker, row.id) is PublicationState.UNKNOWN
    let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    script(read=seen(live_post("77_1", row.payload["text"])))
    assert check_one(worker, row.id) is PublicationState.PUBLISHED


def test_two_matches_go_to_a_person(house: House, worker: db.Database, script):
    row = make_due(house)
    leave_unclear(worker, house, row.id)
    words = row.payload["text"]
    script(read=seen(live_post("77_1", words), live_post("77_2", words)))
    assert check_one(worker, row.id) is PublicationState.NEEDS_HUMAN


def test_a_post_that_another_publication_owns_is_not_taken(house: House, worker: db.Database, script):
    first, second = make_due(house, words="Twice.", ago_s=1), make_due(house, words="Twice.")
    script(Published("77_1", 200))
    send_one(worker, first.id)
    with worker.organization_transaction(house.organization_id, "program:test") as session:
        session.execute(text("update masthead.publication set published_at = 'epoch' where state = 'published'"))
    leave_unclear(worker, house, second.id)
    script(read=seen(live_post("77_1", "Twice.")))
    assert check_one(worker, second.id) is PublicationState.NEEDS_HUMAN
    (read,) = evidence(house.author, second.id).reads
    assert read.words == "Saw this text only in posts that belong to other publications."
    assert read.posts[0].taken


def test_of_two_twins_the_unowned_post_is_the_second_ones(house: House, worker: db.Database, script):
    first, second = make_due(house, words="Twice.", ago_s=1), make_due(house, words="Twice.")
    script(Published("77_1", 200))
    send_one(worker, first.id)
    with worker.organization_transaction(house.organization_id, "program:test") as session:
        session.execute(text("update masthead.publication set published_at = 'epoch' where state = 'published'"))
    leave_unclear(worker, house, second.id)
    script(read=seen(live_post("77_1", "Twice."), live_post("77_2", "Twice.")))
    assert check_one(worker, second.id) is PublicationState.PUBLISHED
    assert again(house.author, second.id).provider_post_id == "77_2"


@pytest.mark.parametrize("words", ["Twice.", "Twice. \n"])
def test_two_twins_in_doubt_go_to_a_person(words: str, house: House, worker: db.Database, script):
    first = make_due(house, words=words, ago_s=1)
    leave_unclear(worker, house, first.id)
    script(read=seen())
    assert check_one(worker, first.id) is PublicationState.NEEDS_HUMAN
    second = make_due(house, words="Twice.")
    leave_unclear(worker, house, second.id)
    script(read=seen(live_post("77_1", "Twice.")))
    assert check_one(worker, second.id) is PublicationState.NEEDS_HUMAN


def test_the_read_looks_back_a_little_further_than_the_attempt(house: House, worker: db.Database, script):
    row = make_due(house)
    leave_unclear(worker, house, row.id)
    script(read=seen())
    check_one(worker, row.id)
    (read,), (attempt,) = evidence(house.author, row.id).reads, attempts(house.author, row.id)
    assert read.since == attempt.opened_at - timedelta(minutes=2)


def test_a_dead_token_met_while_reading_holds_the_account(house: House, worker: db.Database, script):
    row = make_due(house)
    leave_unclear(worker, house, row.id)
    script(read=ReconnectNeeded("The access has ended."))
    assert check_one(worker, row.id) is PublicationState.UNKNOWN
    assert account_queries.account(house.author, house.page.account.id).state == "auth_broken"
    # Without a token there is nothing to ask with; that is kept as a read too.
    let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    assert check_one(worker, row.id) is PublicationState.UNKNOWN
    assert [read.complete for read in reads(house.author, row.id)] == [False, False]


def test_a_paused_account_is_still_read(house: House, worker: db.Database, script):
    row = make_due(house)
    leave_unclear(worker, house, row.id)
    with db.transaction(house.approver) as session:
        session.execute(text("update masthead.account set state = 'paused'"))
    script(read=seen(live_post("77_1", row.payload["text"])))
    assert check_one(worker, row.id) is PublicationState.PUBLISHED


@pytest.mark.parametrize("trouble", [RetryLater("slowly"), ZeroDivisionError("a bug")])
def test_whatever_goes_wrong_in_a_read_is_kept_and_the_question_stays(
    trouble: Exception, house: House, worker: db.Database, script
):
    row = make_due(house)
    leave_unclear(worker, house, row.id)
    script(read=trouble)
    assert check_one(worker, row.id) is PublicationState.UNKNOWN
    assert len(reads(house.author, row.id)) == 1


def test_an_answer_that_comes_while_it_is_read_is_not_overwritten(house: House, worker: db.Database, script):
    row = make_due(house)
    leave_unclear(worker, house, row.id)

    def meanwhile() -> Any:
        with db.organization_transaction(house.organization_id, "program:sender") as session:
            attempt = store.unresolved_attempt(session, row.id)
            assert attempt is not None
            store.close_attempt(session, attempt.id, store.AttemptState.ACCEPTED, provider_ref="77_9")
            store.close_as_published(session, row.id, provider_post_id="77_9", permalink=None)
        return seen()

    script(read=meanwhile)
    assert check_one(worker, row.id) is None
    assert again(house.author, row.id).provider_post_id == "77_9"
    assert len(reads(house.author, row.id)) == 1


def test_a_question_that_is_settled_is_not_asked(house: House, worker: db.Database, script):
    row = make_due(house)
    script(Published("77_1", 200))
    send_one(worker, row.id)
    with acting_as(worker):
        claim = Claim(house.organization_id, row.id, 1)
        assert checking.check_one(claim.organization_id, claim.publication_id, claim.epoch, times=FAST) is None
    assert reads(house.author, row.id) == []


def test_a_post_that_another_publication_takes_meanwhile_is_looked_at_again(
    house: House, worker: db.Database, script, monkeypatch: pytest.MonkeyPatch
):
    first = make_due(house, ago_s=1)
    script(Published("77_1", 200))
    send_one(worker, first.id)
    row = make_due(house)
    leave_unclear(worker, house, row.id)
    script(read=seen(live_post("77_1", row.payload["text"])))
    real, blind = store.taken, iter([True])
    monkeypatch.setattr(store, "taken", lambda *args: set() if next(blind, False) else real(*args))
    assert check_one(worker, row.id) is PublicationState.NEEDS_HUMAN
    assert len(reads(house.author, row.id)) == 1


def test_a_question_of_an_earlier_epoch_is_nobodys(house: House, worker: db.Database, script):
    row = make_due(house)
    leave_unclear(worker, house, row.id)

    def meanwhile() -> Any:
        let_pass(house.approver, row.id, epoch="epoch + 1")
        return seen()

    script(read=meanwhile)
    assert check_one(worker, row.id) is None
    assert reads(house.author, row.id) == []
