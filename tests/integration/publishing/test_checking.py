"""Reading back: one exact post that nobody owns closes the question, everything else goes to a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core.accounts import queries as account_queries
from core.infra import db
from core.infra.settings import PublishTimes
from core.posts.rules import Needs, PublicationState
from core.provider_kit.errors import NotSent, OutcomeUnknown, ReconnectNeeded, RetryLater, Trace
from core.provider_kit.types import Published
from core.publishing import checking, read_rows, store
from core.publishing.queries import evidence
from core.publishing.store import Claim
from core.publishing.times import times
from tests.factories.accounts import connect_again
from tests.factories.pauses import pause_account
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
    read_until_settled,
    reads,
    say_not_live,
    seen,
    send_one,
    tamper,
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


@pytest.fixture
def old_enough(monkeypatch: pytest.MonkeyPatch):
    """Nothing can still be sending it, so that a person may say that it isn't live."""
    monkeypatch.setenv("MASTHEAD_PUBLISH_LEASE_SENDING_S", "46")
    times.cache_clear()
    yield
    times.cache_clear()


def wait_s(house: House, publication_id: UUID) -> float:
    """Seconds from its last change to its next read."""
    now = again(house.author, publication_id)
    assert now.next_action_at is not None
    return round((now.next_action_at - now.updated_at).total_seconds(), 1)


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


def test_what_complete_reads_do_not_show_is_read_again_by_its_spacing_and_then_goes_to_a_person_with_what_was_read(
    house: House, worker: db.Database, network: RunningSandbox
):
    other = make_due(house)
    send_one(worker, other.id)
    row = make_due(house)
    network.post("/_sandbox/faults", {"route": house.page.feed, "mode": "reset_before", "times": 1})
    send_one(worker, row.id)
    waits = []
    for _ in FAST.read_spacing_s:
        let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
        assert check_one(worker, row.id) is PublicationState.UNKNOWN
        waits.append(wait_s(house, row.id))
    let_pass(house.approver, row.id, next_action_at="clock_timestamp()")

    assert check_one(worker, row.id) is PublicationState.NEEDS_HUMAN

    assert tuple(waits) == FAST.read_spacing_s
    now, shown = again(house.author, row.id), evidence(house.author, row.id)
    assert now.needs is Needs.OUTCOME
    assert [read.words for read in shown.reads] == ["Saw 1 post, none with this text."] * 4
    assert shown.events[-1].because.startswith("The account was read 4 times and doesn't show it")
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
    assert read_until_settled(worker, house.approver, row.id) is PublicationState.NEEDS_HUMAN
    assert len(posts_with(network, row.payload["text"])) == 1


def test_what_a_person_is_asked_about_is_read_on_ever_more_rarely_and_closes_when_it_turns_up(
    house: House, worker: db.Database, script
):
    row = make_due(house)
    leave_unclear(worker, house, row.id)
    script(read=seen())
    read_until_settled(worker, house.approver, row.id)
    waits = [wait_s(house, row.id)]
    for age in ("10 min", "3 h"):
        tamper(
            house.organization_id,
            "update masthead.attempt set opened_at = clock_timestamp() - cast(%(age)s as interval)",
            age=age,
        )
        let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
        assert check_one(worker, row.id, PublishTimes()) is PublicationState.NEEDS_HUMAN
        waits.append(wait_s(house, row.id))
    assert waits == [FAST.late_read_least_s, pytest.approx(600, abs=5), pytest.approx(10_800, abs=5)]

    script(read=seen(live_post("77_1", row.payload["text"])))
    let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    assert check_one(worker, row.id) is PublicationState.PUBLISHED
    now = again(house.author, row.id)
    assert (now.provider_post_id, now.needs, now.next_action_at) == ("77_1", None, None)


def test_after_a_day_it_is_read_no_more(house: House, worker: db.Database, script):
    row = make_due(house)
    leave_unclear(worker, house, row.id)
    script(read=seen())
    read_until_settled(worker, house.approver, row.id)
    tamper(house.organization_id, "update masthead.attempt set opened_at = clock_timestamp() - interval '25 h'")
    let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    assert check_one(worker, row.id, PublishTimes()) is PublicationState.NEEDS_HUMAN
    assert again(house.author, row.id).next_action_at is None


def test_a_late_read_decides_nothing_but_that_it_is_live(house: House, worker: db.Database, script):
    row = make_due(house)
    leave_unclear(worker, house, row.id)
    script(read=seen())
    read_until_settled(worker, house.approver, row.id)
    words = row.payload["text"]
    for late in (seen(may_repeat=True), seen(live_post("77_1", words), live_post("77_2", words)), NotSent("away")):
        script(read=late)
        let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
        assert check_one(worker, row.id) is PublicationState.NEEDS_HUMAN
    assert [each.state for each in attempts(house.author, row.id)] == ["unknown"]


def test_an_equal_post_that_was_made_when_nothing_was_sent_any_more_is_shown_and_not_taken(
    house: House, worker: db.Database, script
):
    row = make_due(house)
    leave_unclear(worker, house, row.id)
    by_hand = live_post("77_1", row.payload["text"], at=datetime.now(UTC) + timedelta(hours=1))
    script(read=seen(by_hand, others=(live_post("77_2", "Something else."),)))
    assert read_until_settled(worker, house.approver, row.id) is PublicationState.NEEDS_HUMAN
    shown = evidence(house.author, row.id).reads[-1].posts
    assert [(post.provider_post_id, post.likeness) for post in shown] == [("77_1", "alike"), ("77_2", "other")]


def test_a_refusal_that_names_the_live_post_is_evidence_beside_each_read(house: House, worker: db.Database, script):
    row = make_due(house)
    refusal = OutcomeUnknown("It is a repeat.", trace=Trace(code="DUPLICATE_POST", names_post="77_5"))
    script(refusal, read=seen(complete=False, unreadable="Nobody can read this profile."))
    send_one(worker, row.id)
    let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    assert check_one(worker, row.id) is PublicationState.NEEDS_HUMAN
    (read,) = evidence(house.author, row.id).reads
    assert read.named is not None
    assert (read.named.provider_post_id, read.named.permalink, read.named.taken) == (
        "77_5",
        "https://network.example/77_5",
        False,
    )


def test_a_post_of_a_try_that_a_person_found_not_live_still_closes_the_question_of_the_next(
    house: House, worker: db.Database, script, old_enough: None
):
    row = make_due(house)
    leave_unclear(worker, house, row.id)
    first_sent_at = attempts(house.author, row.id)[0].opened_at
    script(read=seen())
    read_until_settled(worker, house.approver, row.id)
    tamper(
        house.organization_id,
        "update masthead.attempt set send_deadline = clock_timestamp() - interval '3 min',"
        " opened_at = opened_at - interval '1 h'",
    )
    say_not_live(house.approver, row.id, send_again=True, reason="I looked.")
    leave_unclear(worker, house, row.id)
    script(read=seen(live_post("77_1", row.payload["text"], at=first_sent_at - timedelta(hours=1))))
    assert check_one(worker, row.id) is PublicationState.PUBLISHED


def test_a_read_that_fails_is_kept_repeated_by_its_spacing_and_then_given_to_a_person(
    house: House, worker: db.Database, script
):
    row = make_due(house)
    leave_unclear(worker, house, row.id)
    script(read=NotSent("The network is away."))
    waits = []
    for _ in FAST.read_spacing_s:
        assert check_one(worker, row.id) is PublicationState.UNKNOWN
        waits.append(wait_s(house, row.id))
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
    assert read_until_settled(worker, house.approver, second.id) is PublicationState.NEEDS_HUMAN
    read, *_ = evidence(house.author, second.id).reads
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


@pytest.mark.parametrize("words", ["Twice.", "Twice. \n", "Twice.\u00a0", "\u3000Twice.\u2028"])
def test_two_twins_in_doubt_go_to_a_person(words: str, house: House, worker: db.Database, script):
    first = make_due(house, words=words, ago_s=1)
    leave_unclear(worker, house, first.id)
    script(read=seen())
    assert read_until_settled(worker, house.approver, first.id) is PublicationState.NEEDS_HUMAN
    second = make_due(house, words="Twice.")
    leave_unclear(worker, house, second.id)
    script(read=seen(live_post("77_1", "Twice.")))
    assert check_one(worker, second.id) is PublicationState.NEEDS_HUMAN


@pytest.mark.parametrize(
    ("carried", "state"), [("Another.", PublicationState.PUBLISHED), ("One.", PublicationState.NEEDS_HUMAN)]
)
def test_of_two_without_words_only_those_that_carry_the_same_are_twins(
    carried: str, state: PublicationState, house: House, worker: db.Database, script
):
    script(read=seen())
    rows = []
    for words in ("One.", carried):  # which the hash goes on to tell apart
        rows.append(make_due(house, words=words, ago_s=1))
        leave_unclear(worker, house, rows[-1].id)
        let_pass(house.author, rows[-1].id, payload="""jsonb_set(payload, '{text}', '""')""")
        if len(rows) == 1:
            assert read_until_settled(worker, house.approver, rows[0].id) is PublicationState.NEEDS_HUMAN
    script(read=seen(live_post("77_1", "")))
    assert check_one(worker, rows[1].id) is state


def test_two_without_words_that_show_one_link_are_twins_whatever_else_they_carry(
    house: House, worker: db.Database, script
):
    script(read=seen())
    rows = []
    for words in ("One.", "Another."):  # which the hash goes on to tell apart, as it does two first comments
        rows.append(make_due(house, words=words, ago_s=1))
        leave_unclear(worker, house, rows[-1].id)
        let_pass(house.author, rows[-1].id, payload="""payload || '{"text": "", "link": "https://acme.example/"}'""")
        if len(rows) == 1:
            assert read_until_settled(worker, house.approver, rows[0].id) is PublicationState.NEEDS_HUMAN
    script(read=seen(live_post("77_1", "")))
    assert check_one(worker, rows[1].id) is PublicationState.NEEDS_HUMAN


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


def test_the_refusal_of_a_token_that_was_replaced_while_reading_leaves_the_account_as_it_is(
    quiet_house_of_worker: House, worker: db.Database, script
):
    house, people = quiet_house_of_worker, db.current()
    row = make_due(house)
    leave_unclear(worker, house, row.id)

    def refused() -> None:
        with acting_as(people):
            connect_again(house.approver, house.page.account)
        raise ReconnectNeeded("The access has ended.")

    script(read=refused)
    assert check_one(worker, row.id) is PublicationState.UNKNOWN
    assert account_queries.account(house.author, house.page.account.id).state == "active"


def test_a_paused_account_is_still_read(house: House, worker: db.Database, script):
    row = make_due(house)
    leave_unclear(worker, house, row.id)
    pause_account(house.approver, house.page.account.id)
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
    real, blind = read_rows.taken, iter([True])
    monkeypatch.setattr(read_rows, "taken", lambda *args: set() if next(blind, False) else real(*args))
    assert check_one(worker, row.id) is PublicationState.UNKNOWN
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
