"""An answer comes when its try was closed, or lost by a standby: it is kept, and nothing goes out twice."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from core.infra import db
from core.infra.errors import Conflict
from core.infra.settings import PublishTimes
from core.posts import commands as writing
from core.posts import queries as posts
from core.posts.model import Publication
from core.posts.rules import Needs, PublicationState
from core.provider_kit.errors import OutcomeUnknown, Rejected
from core.provider_kit.types import LivePost, Published, ReadBack
from core.publishing import claiming, sending, store
from core.publishing.queries import evidence
from tests.factories.notices import notices, raise_all
from tests.factories.publishing import (
    House,
    ScriptedPublisher,
    acting_as,
    again,
    attempts,
    bring_forward,
    check_one,
    claim_one,
    leave_unclear,
    let_pass,
    live_post,
    make_due,
    make_scheduled,
    read_until_settled,
    say_live,
    say_not_live,
    seen,
    send_one,
    sweep,
    tamper,
)

TIMES = PublishTimes(lease_sending_s=36)
YES = Published("77_1", 200, trace_id="T", permalink="https://network.example/77_1")
SAID = "The network said yes to a try that the database had lost: https://network.example/77_1"

GIVEN_ANEW = """
with lost as (delete from masthead.attempt where publication_id = %(id)s returning *)
insert into masthead.attempt(organization_id, id, publication_id, step, epoch, request_sha256, send_deadline)
overriding system value
select organization_id, id, %(other)s, step, epoch, request_sha256, send_deadline from lost
"""


@pytest.fixture
def house(quiet_house_of_worker: House) -> House:
    return quiet_house_of_worker


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ScriptedPublisher]:
    def put(*answers: Any, **more: Any) -> ScriptedPublisher:
        publisher = ScriptedPublisher(*answers, **more)
        monkeypatch.setattr("core.providers.publisher", lambda _network: publisher)
        return publisher

    monkeypatch.setattr("core.publishing.sending._RECORD_AGAIN_AFTER_S", (40.0,))  # what can't be written is given up
    return put


def taken_over(house: House, row: Publication, answer: Any) -> Callable[[], Any]:
    """A call during which a standby takes over that knows the row as it was before its claim."""

    def call() -> Any:
        tamper(house.organization_id, "delete from masthead.attempt where publication_id = %(id)s", id=row.id)
        let_pass(house.approver, row.id, state="'scheduled'", lease_until="null", lease_owner="null")
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return call


def claimed(worker: db.Database) -> list[store.Claim]:
    with acting_as(worker):
        return list(claiming.due(5, TIMES))


def words_of(house: House, row: Publication) -> list[str]:
    return [event.because for event in evidence(house.author, row.id).events]


def test_a_yes_to_a_lost_try_is_told_and_it_is_not_sent_again(house: House, worker: db.Database, script):
    row = make_due(house)
    network = script(taken_over(house, row, YES))
    raise_all(worker)
    before = {actor: len(notices(actor)) for actor in (house.author, house.approver)}
    assert send_one(worker, row.id, TIMES) is None
    assert again(house.author, row.id).state is PublicationState.UNKNOWN
    assert claimed(worker) == []
    assert SAID in words_of(house, row)
    raise_all(worker)
    for actor, several in before.items():
        told = notices(actor)[: len(notices(actor)) - several]
        assert [each.kind.value for each in told] == ["live_trouble"]
    assert len(network.sent) == 1


def test_the_post_of_a_lost_try_is_found_by_the_read_back(house: House, worker: db.Database, script):
    row = make_due(house, ago_s=60)
    live = LivePost("77_1", row.payload["text"], None, datetime.now(UTC), YES.permalink)
    script(taken_over(house, row, YES), read=ReadBack(True, (live,), 1))
    send_one(worker, row.id, TIMES)
    (attempt,) = attempts(house.author, row.id)
    assert (attempt.state, attempt.provider_ref, attempt.request_sha256) == ("unknown", "77_1", store.LOST_REQUEST)
    now = again(house.author, row.id)
    assert now.due_at is not None
    assert now.approved_at is not None
    assert attempt.opened_at == max(now.due_at, now.approved_at)
    assert check_one(worker, row.id, TIMES) is PublicationState.PUBLISHED
    assert again(house.author, row.id).provider_post_id == "77_1"


def test_an_unclear_end_of_a_lost_try_is_read_back_too(house: House, worker: db.Database, script):
    row = make_due(house)
    script(taken_over(house, row, OutcomeUnknown("no answer in time")))
    assert send_one(worker, row.id, TIMES) is None
    assert again(house.author, row.id).state is PublicationState.UNKNOWN
    assert not any("said yes" in words for words in words_of(house, row))


def test_a_no_to_a_lost_try_leaves_it_on_the_schedule(house: House, worker: db.Database, script):
    row = make_due(house)
    script(taken_over(house, row, Rejected("Too long.")))
    assert send_one(worker, row.id, TIMES) is None
    assert again(house.author, row.id).state is PublicationState.SCHEDULED


def test_a_sender_that_waits_with_it_by_then_sends_nothing(house: House, worker: db.Database, script):
    row = make_due(house)
    second: list[store.Claim] = []

    def call() -> Published:
        taken_over(house, row, YES)()
        second.append(claim_one(worker, row.id, TIMES))
        return YES

    network = script(call)
    send_one(worker, row.id, TIMES)
    (claim,) = second
    with acting_as(worker):
        assert sending.publish_one(claim.organization_id, claim.publication_id, claim.epoch, times=TIMES) is None
    assert len(network.sent) == 1
    assert again(house.author, row.id).state is PublicationState.UNKNOWN


def test_a_sender_that_prepares_it_by_then_sends_nothing(house: House, worker: db.Database, script):
    row = make_due(house)
    prepared, answered = threading.Event(), threading.Event()
    ends: list[PublicationState | None] = []

    def second() -> None:
        ends.append(send_one(worker, row.id, TIMES))

    def call() -> Published:
        taken_over(house, row, YES)()

        def wait_for_the_answer(_steps: Any) -> None:
            prepared.set()
            assert answered.wait(20)

        network.steps = wait_for_the_answer
        sender.start()
        assert prepared.wait(20)
        return YES

    network = script(call)
    sender = threading.Thread(target=second)
    send_one(worker, row.id, TIMES)
    assert again(house.author, row.id).state is PublicationState.UNKNOWN
    answered.set()
    sender.join()
    assert ends == [None]
    assert len(network.sent) == 1
    assert again(house.author, row.id).state is PublicationState.UNKNOWN


def test_a_try_of_another_that_has_the_number_of_the_lost_one_by_then_is_left_alone(
    house: House, worker: db.Database, script
):
    row, other = make_due(house), make_scheduled(house)

    def call() -> Published:
        tamper(house.organization_id, GIVEN_ANEW, id=row.id, other=other.id)
        return YES

    script(call)
    assert send_one(worker, row.id, TIMES) is None
    (attempt,) = attempts(house.author, other.id)
    assert (attempt.state, attempt.provider_ref) == ("open", None)
    assert SAID in words_of(house, row)


def test_one_whose_equal_is_in_doubt_goes_to_a_person(house: House, worker: db.Database, script):
    row, twin = make_due(house, words="The same twice."), make_scheduled(house, words="The same twice.")

    def call() -> Published:
        taken_over(house, row, YES)()
        let_pass(house.approver, row.id, next_action_at="clock_timestamp() + interval '1 h'")
        bring_forward(house.approver, twin.id)
        leave_unclear(worker, house, twin.id)
        return YES

    script(call)
    assert send_one(worker, row.id, TIMES) is None
    now = again(house.author, row.id)
    assert (now.state, now.needs) == (PublicationState.NEEDS_HUMAN, Needs.OUTCOME)
    (attempt,) = attempts(house.author, row.id)
    assert (attempt.state, attempt.provider_ref) == ("unknown", "77_1")
    assert SAID in words_of(house, row)


@pytest.mark.parametrize("answer", [YES, OutcomeUnknown("no answer in time")])
def test_one_that_is_late_by_then_is_asked_about_and_its_people_are_told(
    answer: Any, house: House, worker: db.Database, script
):
    row = make_due(house)
    raise_all(worker)

    def call() -> Any:
        with contextlib.suppress(OutcomeUnknown):
            taken_over(house, row, answer)()
        let_pass(house.approver, row.id, not_after="clock_timestamp()")
        assert sweep(worker) == {row.id: "needs_human"}
        if isinstance(answer, BaseException):
            raise answer
        return answer

    script(call)
    assert send_one(worker, row.id, TIMES) is None
    now = again(house.author, row.id)
    assert (now.state, now.needs) == (PublicationState.NEEDS_HUMAN, Needs.OUTCOME)
    raise_all(worker)
    assert "needs_person" in {each.kind.value for each in notices(house.approver)}


def frozen(house: House, worker: db.Database, row: Publication, then: Callable[[], object]) -> Callable[[], Published]:
    """A sender stands still in its call until a person has it sent again, and until `then` was done too."""
    console = db.current()

    def call() -> Published:
        let_pass(house.approver, row.id, lease_until="clock_timestamp() - interval '1 ms'")
        assert sweep(worker) == {row.id: "unknown"}
        let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
        assert read_until_settled(worker, house.approver, row.id) is PublicationState.NEEDS_HUMAN
        long_ago = "update masthead.attempt set send_deadline = clock_timestamp() - interval '5 min'"
        tamper(house.organization_id, long_ago)
        with acting_as(console):
            then()
        return YES

    return call


def send_again(house: House, row: Publication, *, lapsed: bool = False) -> None:
    if lapsed:
        let_pass(house.approver, row.id, approved_until="clock_timestamp()")
    say_not_live(house.approver, row.id, send_again=True)


def edit(house: House, row: Publication, words: str) -> None:
    draft = posts.draft(house.author, row.post_id)
    writing.save(
        house.author,
        row.post_id,
        draft.post.revision,
        text=words,
        link=draft.content.link,
        account_ids=[row.account_id],
        slot_at=datetime.now(UTC) + timedelta(days=1),
        own_slots={},
    )


def submit(house: House, row: Publication) -> None:
    draft = posts.draft(house.author, row.post_id)
    writing.submit(house.author, uuid4(), row.post_id, draft.post.revision)


def approve(house: House, row: Publication) -> None:
    seen_now = again(house.author, row.id).payload_sha256
    writing.approve(house.approver, uuid4(), row.post_id, {row.id: seen_now})


TOLD = f"The network's yes came after this attempt had been closed: {YES.permalink}"


@pytest.mark.parametrize("words", ["Other words.", None], ids=["edited", "given another time"])
def test_a_yes_leaves_on_the_schedule_what_was_approved_anew_since(
    words: str | None, house: House, worker: db.Database, script
):
    row = make_due(house)

    def then() -> None:
        send_again(house, row)
        edit(house, row, words or row.payload["text"])
        assert again(house.author, row.id).state is PublicationState.DRAFT
        submit(house, row)
        approve(house, row)

    script(frozen(house, worker, row, then), read=seen())
    assert send_one(worker, row.id, TIMES) is None
    now = again(house.author, row.id)
    assert now.state is PublicationState.SCHEDULED
    assert now.due_at is not None
    assert now.due_at > datetime.now(UTC) + timedelta(hours=23)
    assert len(attempts(house.author, row.id)) == 1
    assert TOLD in words_of(house, row)


def test_a_yes_asks_about_nothing_that_was_edited_since_and_waits_for_approval(
    house: House, worker: db.Database, script
):
    row = make_due(house)

    def then() -> None:
        send_again(house, row)
        edit(house, row, "Other words.")
        submit(house, row)

    script(frozen(house, worker, row, then), read=seen())
    assert send_one(worker, row.id, TIMES) is None
    assert again(house.author, row.id).state is PublicationState.IN_REVIEW
    assert TOLD in words_of(house, row)


@pytest.mark.parametrize("late", [False, True], ids=["in review", "not approved in time"])
def test_a_yes_to_what_waits_for_approval_to_be_sent_again_is_a_question_first(
    late: bool, house: House, worker: db.Database, script
):
    row = make_due(house)

    def then() -> None:
        send_again(house, row, lapsed=True)
        assert again(house.author, row.id).state is PublicationState.IN_REVIEW
        if late:
            bring_forward(house.approver, row.id, ago_s=1)
            assert sweep(worker) == {row.id: "needs_human"}
            assert again(house.author, row.id).needs is Needs.APPROVAL

    network = script(frozen(house, worker, row, then), read=seen())
    sent_at = datetime.now(UTC)
    raise_all(worker)
    assert send_one(worker, row.id, TIMES) is None
    now = again(house.author, row.id)
    assert (now.state, now.needs) == (PublicationState.NEEDS_HUMAN, Needs.OUTCOME)
    with pytest.raises(Conflict):
        approve(house, row)
    _, asked = attempts(house.author, row.id)
    assert (asked.state, asked.provider_ref) == ("unknown", "77_1")
    assert TOLD in words_of(house, row)
    raise_all(worker)
    assert "needs_person" in {each.kind.value for each in notices(house.approver)}
    network.read = seen(live_post("77_1", row.payload["text"], at=sent_at))
    say_live(house.approver, row.id, "77_1")
    assert again(house.author, row.id).state is PublicationState.PUBLISHED
    assert len(network.sent) == 1


def test_what_a_yes_made_a_question_is_looked_for_by_itself_too(house: House, worker: db.Database, script):
    row = make_due(house)
    network = script(frozen(house, worker, row, lambda: send_again(house, row, lapsed=True)), read=seen())
    sent_at = datetime.now(UTC)
    assert send_one(worker, row.id, TIMES) is None
    network.read = seen(live_post("77_1", row.payload["text"], at=sent_at))
    assert check_one(worker, row.id, TIMES) is PublicationState.PUBLISHED


def test_a_yes_to_what_is_late_to_be_sent_again_is_a_question(house: House, worker: db.Database, script):
    row = make_due(house)

    def then() -> None:
        send_again(house, row)
        let_pass(house.approver, row.id, not_after="clock_timestamp()")
        assert sweep(worker) == {row.id: "needs_human"}
        assert again(house.author, row.id).needs is Needs.LATE

    script(frozen(house, worker, row, then), read=seen())
    assert send_one(worker, row.id, TIMES) is None
    assert again(house.author, row.id).needs is Needs.OUTCOME
    assert TOLD in words_of(house, row)
