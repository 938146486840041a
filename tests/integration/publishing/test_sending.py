"""One publication on its way: what of the network's answers becomes what in the row."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.accounts import queries as account_queries
from core.infra import db
from core.infra.settings import PublishTimes, Settings
from core.posts.model import Publication
from core.posts.rules import Needs, PublicationState
from core.provider_kit.begin_by import BeginBy
from core.provider_kit.errors import NotSent, OutcomeUnknown, ReconnectNeeded, Rejected, RetryLater
from core.provider_kit.types import Payload, Published, canonical_sha256
from core.publishing import due_rows, rules, sending, store
from core.publishing.queries import evidence
from core.publishing.rules import AttemptState
from tests.factories.accounts import connect_again, make_account
from tests.factories.publishing import (
    FAST,
    House,
    Page,
    ScriptedPublisher,
    acting_as,
    again,
    attempts,
    bring_forward,
    claim_one,
    let_pass,
    make_due,
    make_scheduled,
    posts_with,
    reads,
    send_one,
    sweep,
    tamper,
)
from tests.fixtures.programs import RunningSandbox

YES = Published("77_1", 200, trace_id="T")


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch):
    """Put a scripted publisher in the place of the network's."""

    def put(*answers: Any, **more: Any) -> ScriptedPublisher:
        publisher = ScriptedPublisher(*answers, **more)
        monkeypatch.setattr("core.providers.publisher", lambda _network: publisher)
        return publisher

    return put


def publish(worker: db.Database, claim: store.Claim) -> PublicationState | None:
    with acting_as(worker):
        return sending.publish_one(claim.organization_id, claim.publication_id, claim.epoch, times=FAST)


def test_a_due_publication_is_live_once_with_the_approved_words(
    house: House, worker: db.Database, network: RunningSandbox
):
    row = make_due(house, words="Sent once, as it was approved.")

    assert send_one(worker, row.id) is PublicationState.PUBLISHED

    (post,) = posts_with(network, "Sent once, as it was approved.")
    now = again(house.author, row.id)
    (attempt,) = attempts(house.author, row.id)
    assert (now.state, now.provider_post_id) == (PublicationState.PUBLISHED, post["id"])
    assert (attempt.state, attempt.provider_ref, attempt.epoch) == ("accepted", post["id"], 1)
    assert now.lease_owner is None
    assert now.published_at is not None


def test_no_database_connection_is_held_while_the_network_is_spoken_to(house: House, worker: db.Database, script):
    held: list[int] = []
    row = make_due(house)

    def answer() -> Published:
        held.append(worker.engine.pool.checkedout())  # type: ignore[attr-defined]
        return YES

    script(answer, prepared=lambda: held.append(worker.engine.pool.checkedout()))  # type: ignore[attr-defined]
    assert send_one(worker, row.id) is PublicationState.PUBLISHED
    assert held == [0, 0]


def test_the_attempt_is_committed_before_the_call_and_names_its_bytes(house: House, worker: db.Database, script):
    row = make_due(house)
    during: list[tuple[str, str, bytes]] = []

    def answer() -> Published:
        (attempt,) = attempts(house.author, row.id)
        during.append((again(house.author, row.id).state.value, attempt.state, bytes(attempt.request_sha256)))
        return YES

    publisher = script(answer)
    send_one(worker, row.id)
    assert during == [("sending", "open", publisher.sent[0][0].sha256)]


@pytest.mark.parametrize(
    ("mode", "args", "state", "attempt"),
    [
        ("refuse", {}, "failed", "rejected"),
        ("rate_limited", {}, "scheduled", "rejected"),
        ("token_revoked", {"permanent": False}, "scheduled", "rejected"),
        ("error_before", {}, "unknown", "unknown"),
        ("error_after", {}, "unknown", "unknown"),
        ("reset_before", {}, "unknown", "unknown"),
        ("reset_after", {}, "unknown", "unknown"),
        ("slow_after", {"ms": 3000}, "unknown", "unknown"),
        ("refused_but_live", {}, "unknown", "unknown"),
        ("duplicate_refused", {}, "unknown", "unknown"),
        ("garbage_body", {}, "unknown", "unknown"),
    ],
)
def test_what_the_network_does_decides_where_it_goes(
    mode: str,
    args: dict[str, Any],
    state: str,
    attempt: str,
    house: House,
    worker: db.Database,
    network: RunningSandbox,
):
    row = make_due(house)
    network.post("/_sandbox/faults", {"route": house.page.feed, "mode": mode, "times": 1, "args": args})

    assert send_one(worker, row.id) == state

    now = again(house.author, row.id)
    (one,) = attempts(house.author, row.id)
    assert (now.state, one.state) == (state, attempt)
    assert (now.lease_owner, now.lease_until) == (None, None)
    assert now.last_error is not None
    assert now.last_error["reason"]


def test_what_the_network_refuses_is_failed_with_words_and_a_fix(
    house: House, worker: db.Database, network: RunningSandbox
):
    row = make_due(house)
    network.post("/_sandbox/faults", {"route": house.page.feed, "mode": "refuse", "times": 1})
    send_one(worker, row.id)
    now = again(house.author, row.id)
    assert now.last_error is not None
    assert now.last_error["reason"].startswith("Facebook refused this as invalid.")
    assert now.last_error["how_to_fix"]
    assert now.next_action_at is None
    assert posts_with(network, row.payload["text"]) == []


def test_a_dead_token_holds_the_account_and_the_post_waits_for_the_reconnect(
    house: House, worker: db.Database, network: RunningSandbox
):
    row = make_due(house)
    fault = {"route": house.page.feed, "mode": "token_revoked", "times": 1, "args": {"permanent": False}}
    network.post("/_sandbox/faults", fault)

    send_one(worker, row.id)

    account = account_queries.account(house.author, house.page.account.id)
    assert (again(house.author, row.id).state, account.state) == (PublicationState.SCHEDULED, "auth_broken")
    let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    with acting_as(worker), db.free_transaction() as session:
        assert due_rows.work_waiting(session) == (False, False)
    # Somebody connects the account again.
    with db.transaction(house.approver) as session:
        session.execute(
            text("update masthead.account set state = 'active' where id = :id"), {"id": house.page.account.id}
        )
    assert send_one(worker, row.id) is PublicationState.PUBLISHED


@pytest.mark.parametrize("during", ["the send", "its preparation"])
@pytest.mark.parametrize("own_token", [True, False], ids=["of its own", "of its connection"])
def test_the_refusal_of_a_token_that_was_replaced_during_the_call_leaves_the_account_as_it_is(
    during: str, own_token: bool, quiet_house_of_worker: House, worker: db.Database, script
):
    house, people = quiet_house_of_worker, db.current()
    page = house.page if own_token else Page(make_account(house.approver, name="B", token=None), "", "")
    row = make_due(house, page)

    def refused() -> None:
        with acting_as(people):
            connect_again(house.approver, page.account)
        raise ReconnectNeeded("The access was taken back.")

    script(*([refused] if during == "the send" else []), YES, prepared=refused if during != "the send" else None)
    assert send_one(worker, row.id) is PublicationState.SCHEDULED
    assert account_queries.account(house.author, page.account.id).state == "active"
    script(YES)
    let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    assert send_one(worker, row.id) is PublicationState.PUBLISHED


def test_the_wait_grows_with_each_try_and_the_networks_own_wish_is_the_least(house: House, worker: db.Database, script):
    row = make_due(house)
    script(NotSent("away"), NotSent("away"), RetryLater("slowly", after_s=60), YES)
    waits = []
    for _ in range(3):
        send_one(worker, row.id)
        now = again(house.author, row.id)
        assert now.next_action_at is not None
        waits.append((now.next_action_at - now.updated_at).total_seconds())
        let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    assert 0.09 < waits[0] < 0.15
    assert 0.28 < waits[1] < 0.4
    assert 59.9 < waits[2] < 66.1
    assert send_one(worker, row.id) is PublicationState.PUBLISHED
    assert [each.state for each in attempts(house.author, row.id)] == ["not_sent", "not_sent", "rejected", "accepted"]


def test_an_error_of_our_own_while_sending_counts_as_perhaps_live(house: House, worker: db.Database, script):
    row = make_due(house)
    script(ZeroDivisionError("a bug"))
    assert send_one(worker, row.id) is PublicationState.UNKNOWN
    now = again(house.author, row.id)
    (attempt,) = attempts(house.author, row.id)
    assert now.last_error == {"reason": "The program met an error of its own while sending (ZeroDivisionError)."}
    assert now.next_action_at is not None
    assert now.next_action_at >= attempt.send_deadline + timedelta(seconds=FAST.first_read_after_s)


def test_what_asks_the_whole_process_to_end_is_recorded_first(house: House, worker: db.Database, script):
    row = make_due(house)
    script(SystemExit(3))
    with pytest.raises(SystemExit):
        send_one(worker, row.id)
    assert again(house.author, row.id).state is PublicationState.UNKNOWN


@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        (NotSent("no"), "scheduled"),
        (OutcomeUnknown("who knows"), "scheduled"),
        (RuntimeError("a bug"), "scheduled"),
        (Rejected("Bad words.", how_to_fix="Mend them."), "failed"),
    ],
)
def test_whatever_fails_before_the_attempt_was_not_sent(
    trouble: Exception, state: str, house: House, worker: db.Database, script
):
    row = make_due(house)
    publisher = script(prepared=trouble)
    assert send_one(worker, row.id) == state
    assert (attempts(house.author, row.id), publisher.sent) == ([], [])


def test_an_answer_without_an_id_is_no_proof(house: House, worker: db.Database, script):
    row = make_due(house)
    script(Published("", 200))
    assert send_one(worker, row.id) is PublicationState.UNKNOWN


def test_one_claim_is_sent_once_however_often_it_is_handed_out(house: House, worker: db.Database, script):
    row = make_due(house)
    publisher = script(YES, YES, YES)
    claim = claim_one(worker, row.id)
    together = threading.Barrier(3)
    results: list[PublicationState | None] = []

    def send() -> None:
        together.wait()
        results.append(sending.publish_one(claim.organization_id, claim.publication_id, claim.epoch, times=FAST))

    with acting_as(worker):
        threads = [threading.Thread(target=send) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(map(str, results)) == ["None", "None", "published"]
    assert len(publisher.sent) == 1


def test_a_claim_whose_lease_has_run_out_sends_nothing(house: House, worker: db.Database, script):
    row = make_due(house)
    publisher = script()
    claim = claim_one(worker, row.id)
    let_pass(house.approver, row.id, lease_until="clock_timestamp() - interval '1 ms'")
    assert publish(worker, claim) is None
    assert publisher.sent == []
    assert again(house.author, row.id).state is PublicationState.QUEUED


def test_a_claim_of_an_earlier_epoch_sends_nothing(house: House, worker: db.Database, script):
    row = make_due(house)
    script(YES)
    old = claim_one(worker, row.id)
    let_pass(house.approver, row.id, lease_until="clock_timestamp() - interval '1 ms'")
    assert sweep(worker) == {row.id: "scheduled"}
    let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    new = claim_one(worker, row.id)
    assert new.epoch == old.epoch + 1
    assert publish(worker, old) is None
    assert publish(worker, new) is PublicationState.PUBLISHED


@pytest.mark.parametrize(
    "meanwhile",
    [
        "update masthead.account set state = 'disabled'",
        "update masthead.publication set approved_until = clock_timestamp() - interval '1 s'",
        "update masthead.publication set not_after = clock_timestamp() - interval '1 s'",
        "update masthead.publication set lease_until = clock_timestamp() - interval '1 s'",
    ],
)
def test_what_changes_while_it_is_prepared_holds_it_back(
    meanwhile: str, house: House, worker: db.Database, committed_database: db.Database, script
):
    row = make_due(house)

    def change() -> None:
        with committed_database.transaction(house.approver) as session:
            session.execute(text(meanwhile))

    publisher = script(prepared=change)
    assert send_one(worker, row.id) is PublicationState.SCHEDULED
    assert (publisher.sent, attempts(house.author, row.id)) == ([], [])


def test_a_disconnected_account_is_not_sent_to(house: House, worker: db.Database, network: RunningSandbox):
    row = make_due(house)
    claim = claim_one(worker, row.id)
    with db.transaction(house.approver) as session:
        session.execute(
            text("update masthead.account set state = 'disabled' where id = :id"), {"id": house.page.account.id}
        )
    assert publish(worker, claim) is PublicationState.SCHEDULED
    assert posts_with(network, row.payload["text"]) == []


def test_stored_bytes_that_are_not_the_approved_ones_are_never_sent(house: House, worker: db.Database, script):
    row = make_due(house)
    publisher = script(YES)
    with db.transaction(house.approver) as session:
        session.execute(
            text(
                "update masthead.publication set approved_payload = jsonb_set(approved_payload, '{text}', '\"Evil\"')"
                " where id = :id"
            ),
            {"id": row.id},
        )
    assert send_one(worker, row.id) is PublicationState.FAILED
    assert publisher.sent == []
    now = again(house.author, row.id)
    assert now.last_error is not None
    assert "not the ones that were approved" in now.last_error["reason"]


def test_a_post_that_a_newer_version_approved_waits_for_a_newer_sender(
    house: House, worker: db.Database, script, monkeypatch: pytest.MonkeyPatch
):
    row = make_due(house)
    publisher = script(YES)

    def older(stored: dict[str, Any]) -> Payload:
        raise TypeError("MediaItem.__init__() got an unexpected keyword argument 'depth'")

    monkeypatch.setattr(Payload, "from_json", older)
    now = left_to_a_newer_sender(house, worker, row, publisher)
    assert now.next_action_at is not None
    assert 59 < (now.next_action_at - now.updated_at).total_seconds() <= 60


def left_to_a_newer_sender(house: House, worker: db.Database, row: Publication, publisher: Any) -> Publication:
    """How it stands after a sender that is older than its approval didn't send it, which was no try."""
    assert send_one(worker, row.id) is PublicationState.SCHEDULED
    assert publisher.sent == []
    now = again(house.author, row.id)
    assert now.last_error is not None
    assert "newer version" in now.last_error["reason"]
    assert now.attempt_count == 0
    return now


def approve_as_a_newer_version(house: House, row: Publication, newer: dict[str, object]) -> None:
    """As if it had been written and approved with what this version doesn't know."""
    approved = {**row.payload, **newer}
    tamper(house.organization_id, "alter table masthead.publication disable trigger publication_guard")
    tamper(
        house.organization_id,
        "update masthead.publication set payload = %(payload)s, approved_payload = %(payload)s,"
        " payload_sha256 = %(sha256)s, approved_sha256 = %(sha256)s where id = %(id)s",
        payload=Jsonb(approved),
        sha256=canonical_sha256(approved),
        id=row.id,
    )
    tamper(house.organization_id, "alter table masthead.publication enable trigger publication_guard")
    network = "update masthead.account set network = %(network)s where id = %(id)s"
    tamper(house.organization_id, network, network=approved["network"], id=row.account_id)


@pytest.mark.parametrize(
    "newer",
    [{"format": "hologram"}, {"options": {"depth": 3}}, {"network": "agora"}],
    ids=["form", "option", "network"],
)
def test_a_form_an_option_or_a_network_that_only_a_newer_version_knows_waits_for_a_newer_sender(
    newer: dict[str, object], house: House, worker: db.Database, script
):
    row = make_due(house)
    approve_as_a_newer_version(house, row, newer)
    publisher = script(YES)
    left_to_a_newer_sender(house, worker, row, publisher)
    let_pass(house.approver, row.id, not_after="clock_timestamp()")
    assert sweep(worker) == {row.id: "needs_human"}
    assert again(house.author, row.id).needs is Needs.LATE


def test_a_problem_that_came_up_since_the_approval_fails_it_with_its_words(house: House, worker: db.Database, script):
    row = make_due(house, words="TOO LONG")
    publisher = script(YES)
    assert send_one(worker, row.id) is PublicationState.FAILED
    now = again(house.author, row.id)
    assert now.last_error == {"reason": "Too long.", "how_to_fix": "Shorten it."}
    assert publisher.sent == []


def test_an_expired_token_is_not_even_tried(house: House, worker: db.Database, script):
    row = make_due(house)
    publisher = script(YES)
    with db.transaction(house.approver) as session:
        session.execute(text("update masthead.credential set expires_at = clock_timestamp() - interval '1 s'"))
    assert send_one(worker, row.id) is PublicationState.SCHEDULED
    assert publisher.sent == []
    assert account_queries.account(house.author, house.page.account.id).state == "auth_broken"


def test_a_process_that_was_frozen_after_the_attempt_was_written_sends_nothing(
    house: House, worker: db.Database, script, monkeypatch: pytest.MonkeyPatch
):
    row = make_due(house)
    publisher = script(YES)
    monkeypatch.setattr(
        "core.infra.crash.point", lambda label: time.sleep(FAST.send_within_s) if label == "s2" else None
    )
    assert send_one(worker, row.id) is PublicationState.SCHEDULED
    (attempt,) = attempts(house.author, row.id)
    assert (publisher.sent, attempt.state) == ([], "not_sent")


def test_the_call_must_begin_within_a_second_of_the_last_look(
    house: House, worker: db.Database, script, shipped_look: float, monkeypatch: pytest.MonkeyPatch
):
    assert shipped_look == 1.0
    monkeypatch.setattr(rules, "CHECK_HOLDS_S", shipped_look)
    row = make_due(house)
    publisher = script(YES)
    before = BeginBy.within(0)
    send_one(worker, row.id, FAST.model_copy(update={"send_within_s": 10, "lease_sending_s": 60}))
    (begin_by,) = publisher.begin_by
    assert begin_by is not None
    assert before.since_boot_s < begin_by.since_boot_s < BeginBy.within(1).since_boot_s
    assert before.wall_s < begin_by.wall_s < BeginBy.within(1).wall_s


def test_waiting_for_a_connection_makes_no_look_old(
    house: House, settings: Settings, worker: db.Database, script, shipped_look: float, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(rules, "CHECK_HOLDS_S", shipped_look)
    shipped = PublishTimes()
    claim = claim_one(worker, make_due(house).id, shipped)
    engine = db.make_engine(settings.program_url("worker"), pool_size=1)
    others = threading.Barrier(2)

    def work_of_others() -> None:
        with engine.connect():
            others.wait(5)
            time.sleep(shipped_look + 0.3)

    busy = threading.Thread(target=work_of_others)
    publisher = script(YES, prepared=lambda: (busy.start(), others.wait(5)))
    with acting_as(db.Database(engine)):
        sent = sending.publish_one(claim.organization_id, claim.publication_id, claim.epoch, times=shipped)
    assert (sent, len(publisher.sent)) == (PublicationState.PUBLISHED, 1)
    busy.join()
    engine.dispose()


def test_a_yes_that_comes_after_the_sweep_gave_up_still_counts(house: House, worker: db.Database, script):
    row = make_due(house)

    def late() -> Published:
        let_pass(house.approver, row.id, lease_until="clock_timestamp() - interval '1 ms'")
        assert sweep(worker) == {row.id: "unknown"}
        return YES

    script(late)
    assert send_one(worker, row.id) is PublicationState.PUBLISHED
    assert again(house.author, row.id).provider_post_id == "77_1"


def test_a_no_that_comes_after_the_sweep_gave_up_still_counts(house: House, worker: db.Database, script):
    row = make_due(house)

    def late() -> Published:
        let_pass(house.approver, row.id, lease_until="clock_timestamp() - interval '1 ms'")
        sweep(worker)
        raise Rejected("Bad words.", how_to_fix="Mend them.")

    script(late)
    assert send_one(worker, row.id) is PublicationState.FAILED


def test_a_yes_that_comes_after_a_person_was_asked_answers_the_question(house: House, worker: db.Database, script):
    row = make_due(house)

    def late() -> Published:
        let_pass(house.approver, row.id, lease_until="clock_timestamp() - interval '1 ms'")
        sweep(worker)
        with worker.organization_transaction(house.organization_id, "program:checker") as session:
            store.ask_a_person(session, row.id, "nothing found")
        return YES

    script(late)
    send_one(worker, row.id)
    now = again(house.author, row.id)
    assert (now.state, now.needs, now.provider_post_id) == (PublicationState.PUBLISHED, None, "77_1")


def test_an_unclear_end_changes_nothing_about_a_question_already_asked(house: House, worker: db.Database, script):
    row = make_due(house)

    def late() -> Published:
        let_pass(house.approver, row.id, lease_until="clock_timestamp() - interval '1 ms'")
        sweep(worker)
        raise OutcomeUnknown("no answer in time")

    script(late)
    assert send_one(worker, row.id) is None
    assert again(house.author, row.id).state is PublicationState.UNKNOWN


def test_a_yes_that_comes_after_a_person_said_no_is_kept_for_everybody_to_see(
    house: House, worker: db.Database, script
):
    row = make_due(house)

    def late() -> Published:
        let_pass(house.approver, row.id, lease_until="clock_timestamp() - interval '1 ms'")
        sweep(worker)
        with worker.organization_transaction(house.organization_id, house.approver.label) as session:
            store.ask_a_person(session, row.id, "nothing found")
            attempt = store.unresolved_attempt(session, row.id)
            assert attempt is not None
            store.close_attempt(session, attempt.id, AttemptState.PROVEN_ABSENT, verdict_by=house.approver.label)
            store.move(session, row.id, PublicationState.CANCELLED, needs=None)
        return YES

    script(late)
    assert send_one(worker, row.id) is None
    (read,) = reads(house.author, row.id)
    assert read.evidence["provider_post_id"] == "77_1"
    assert "after this attempt had been closed" in evidence(house.author, row.id).reads[0].words


def test_the_id_of_another_publications_post_is_no_proof(house: House, worker: db.Database, script):
    first, second = make_due(house), make_scheduled(house)
    script(YES, YES)
    send_one(worker, first.id)
    bring_forward(house.approver, second.id)
    assert send_one(worker, second.id) is PublicationState.UNKNOWN
    now = again(house.author, second.id)
    assert now.last_error is not None
    assert "77_1" in now.last_error["reason"]


def test_the_outcome_is_written_again_while_postgres_is_away(
    house: House, worker: db.Database, script, monkeypatch: pytest.MonkeyPatch
):
    row = make_due(house)
    script(YES)
    real, failures = store.held, iter([ConnectionError("gone"), ConnectionError("gone")])

    def flaky(*args: Any) -> Any:
        failure = next(failures, None)
        if failure is not None:
            raise failure
        return real(*args)

    monkeypatch.setattr(store, "held", flaky)
    assert send_one(worker, row.id) is PublicationState.PUBLISHED


def test_an_outcome_that_can_not_be_written_is_left_to_the_lease(
    house: House, worker: db.Database, script, monkeypatch: pytest.MonkeyPatch
):
    row = make_due(house)
    script(YES)

    def gone(*_args: Any) -> Any:
        raise ConnectionError("gone")

    monkeypatch.setattr(store, "held", gone)
    assert send_one(worker, row.id) is None
    monkeypatch.undo()
    assert again(house.author, row.id).state is PublicationState.SENDING
    let_pass(house.approver, row.id, lease_until="clock_timestamp() - interval '1 ms'")
    assert sweep(worker) == {row.id: "unknown"}


@pytest.mark.parametrize("committed", [True, False])
def test_when_the_attempts_commit_is_in_doubt_nothing_is_sent(
    committed: bool, house: House, worker: db.Database, script, monkeypatch: pytest.MonkeyPatch
):
    row = make_due(house)
    publisher = script(YES)
    real = sending._open_attempt

    def doubtful(*args: Any) -> Any:
        if committed:
            real(*args)
        raise ConnectionError("the answer to COMMIT was lost")

    monkeypatch.setattr(sending, "_open_attempt", doubtful)
    assert send_one(worker, row.id) is PublicationState.SCHEDULED
    assert publisher.sent == []
    assert [each.state for each in attempts(house.author, row.id)] == (["not_sent"] if committed else [])
    assert again(house.author, row.id).state is PublicationState.SCHEDULED


def test_one_correlation_id_goes_from_the_row_to_the_call_and_the_events(house: House, worker: db.Database, script):
    row = make_due(house)
    let_pass(house.approver, row.id, correlation_id="'click-1'")
    publisher = script(YES)
    send_one(worker, row.id)
    (attempt,) = attempts(house.author, row.id)
    events = evidence(house.author, row.id).events
    assert (publisher.sent[0][1].correlation_id, attempt.correlation_id) == ("click-1", "click-1")
    assert {event.correlation_id for event in events if event.actor == "program:sender"} == {"click-1"}


def test_a_row_without_a_correlation_id_gets_one(house: House, worker: db.Database, script):
    row = make_due(house)
    let_pass(house.approver, row.id, correlation_id="''")
    publisher = script(YES)
    send_one(worker, row.id)
    assert publisher.sent[0][1].correlation_id
    assert again(house.author, row.id).correlation_id == publisher.sent[0][1].correlation_id


def test_a_published_row_can_not_be_moved_by_anybody(house: House, worker: db.Database, script):
    row = make_due(house)
    script(YES)
    send_one(worker, row.id)
    for state in ("scheduled", "failed", "unknown", "cancelled"):
        with pytest.raises(DBAPIError, match="illegal transition"), db.transaction(house.approver) as session:
            session.execute(text("update masthead.publication set state = :state"), {"state": state})


def test_a_network_this_installation_does_not_know_fails_it_in_words(
    house: House, worker: db.Database, monkeypatch: pytest.MonkeyPatch
):
    row = make_due(house)

    def unknown(network: str) -> None:
        raise KeyError(network)

    monkeypatch.setattr("core.providers.publisher", unknown)
    assert send_one(worker, row.id) is PublicationState.FAILED
    assert again(house.author, row.id).last_error == {
        "reason": "This installation can't send to facebook.",
        "how_to_fix": "Ask your operator.",
    }


def test_a_claim_that_can_not_be_given_back_is_left_to_its_lease(
    house: House, worker: db.Database, script, monkeypatch: pytest.MonkeyPatch
):
    row = make_due(house)
    script(prepared=NotSent("away"))

    def gone(*_: object, **__: object) -> None:
        raise ConnectionError("gone")

    monkeypatch.setattr(store, "give_back", gone)
    assert send_one(worker, row.id) is None
    assert again(house.author, row.id).state is PublicationState.CLAIMED


def test_an_attempt_in_doubt_while_postgres_is_away_is_left_to_its_lease(
    house: House, worker: db.Database, script, monkeypatch: pytest.MonkeyPatch
):
    row = make_due(house)
    publisher = script(YES)

    def gone(*_: object, **__: object) -> None:
        raise ConnectionError("gone")

    monkeypatch.setattr(store, "open_attempt", gone)
    monkeypatch.setattr(store, "held", gone)
    assert send_one(worker, row.id) is None
    assert publisher.sent == []


def test_a_commit_whose_answer_was_lost_is_not_recorded_twice(
    house: House, worker: db.Database, script, monkeypatch: pytest.MonkeyPatch
):
    row = make_due(house)
    script(YES)
    lost = iter([True])

    def after_the_commit(label: str) -> None:
        if label == "f2" and next(lost, False):
            raise ConnectionError("the answer to COMMIT was lost")

    monkeypatch.setattr("core.infra.crash.point", after_the_commit)
    assert send_one(worker, row.id) is None
    assert again(house.author, row.id).state is PublicationState.PUBLISHED
    assert reads(house.author, row.id) == []
