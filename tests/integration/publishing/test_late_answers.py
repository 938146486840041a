"""A standby that had not heard of a try takes over: what the network says of it is kept, and nothing goes out twice."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from core.infra import db
from core.infra.settings import PublishTimes
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
    make_due,
    make_scheduled,
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
