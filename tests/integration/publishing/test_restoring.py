"""A backup was restored: what was published after it was made is found, and nothing goes out a second time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from sqlalchemy import text

from core import cli, providers
from core.accounts import queries
from core.accounts.access import access_for
from core.infra import db
from core.infra.errors import Invalid
from core.infra.ids import new_id
from core.infra.settings import Settings, SettingsInvalid
from core.posts.commands import approve
from core.posts.model import Publication
from core.posts.queries import detail
from core.posts.rules import Needs, PublicationState
from core.provider_kit.begin_by import BeginBy
from core.provider_kit.port import Steps
from core.provider_kit.types import Payload
from core.publishing import claiming, store
from core.publishing.commands import publish_now, reschedule, resume
from core.publishing.live_rules import LiveState
from core.publishing.queries import live_works
from core.publishing.restoring import Restored, restored
from core.publishing.rules import AttemptState
from tests.factories.posts import make_submitted, publication
from tests.factories.publishing import (
    FAST,
    House,
    acting_as,
    again,
    attempts,
    bring_forward,
    check_one,
    claim_one,
    let_pass,
    make_due,
    make_quiet_house,
    make_scheduled,
    read_until_settled,
    reads,
    say_not_live,
    send_one,
    sweep,
    tamper,
)
from tests.fixtures.programs import RunningSandbox


def backup_of(minutes_ago: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes_ago)


def restore(worker: db.Database, since: datetime | None) -> Restored:
    with acting_as(worker):
        return restored(since)


def sent_after_the_backup(house: House, worker: db.Database, row: Publication) -> str:
    """What the lost database had sent: a live post that the restored one knows nothing of."""
    with acting_as(worker), db.organization_transaction(house.organization_id, "program:sender") as session:
        access = access_for(session, row.account_id, "lost")
    publisher = providers.publisher("facebook")
    call = publisher.prepare(Payload.from_json(row.payload), access, cast("Steps", None))
    published = publisher.publish(call, access, timeout_s=10, begin_by=BeginBy.within(10))
    assert published.provider_post_id is not None
    return published.provider_post_id


def claimed(worker: db.Database) -> int:
    with acting_as(worker):
        return len(claiming.due(20, FAST))


def test_what_was_published_after_the_backup_is_found_and_not_sent_again(
    house: House, worker: db.Database, network: RunningSandbox
) -> None:
    row = make_due(house, ago_s=120, window_s=86_400)
    live = sent_after_the_backup(house, worker, row)
    done = restore(worker, backup_of(60))
    assert (done.organizations, done.paused, done.in_doubt, done.marked) == (1, 1, 1, 0)
    assert claimed(worker) == 0
    assert check_one(worker, row.id) is PublicationState.PUBLISHED
    now = again(house.approver, row.id)
    assert now.provider_post_id == live
    posts = [post for post in network.get("/_sandbox/posts") if post["account_id"] == house.page.id]
    assert [post["text"] for post in posts] == [row.payload["text"]]


def comment_of(house: House, row: Publication) -> LiveState:
    (comment,) = live_works(house.author, row.post_id)[row.id]
    return comment.state


def test_a_first_comment_of_what_was_published_then_is_looked_for_before_it_is_written(
    house: House, worker: db.Database
) -> None:
    row = make_scheduled(house, comment="First!")
    bring_forward(house.approver, row.id, window_s=86_400)
    sent_after_the_backup(house, worker, row)
    restore(worker, backup_of(60))
    assert check_one(worker, row.id) is PublicationState.PUBLISHED
    assert comment_of(house, row) is LiveState.CHECKING


def test_a_first_comment_that_waited_when_the_backup_was_made_is_looked_for_too(
    house: House, worker: db.Database
) -> None:
    row = make_scheduled(house, comment="First!")
    bring_forward(house.approver, row.id)
    assert send_one(worker, row.id) is PublicationState.PUBLISHED
    assert comment_of(house, row) is LiveState.WAITING
    restore(worker, backup_of(60))
    assert comment_of(house, row) is LiveState.CHECKING


def test_what_was_not_published_is_asked_of_a_person(house: House, worker: db.Database) -> None:
    row = make_due(house, ago_s=120, window_s=86_400)
    restore(worker, backup_of(60))
    assert read_until_settled(worker, house.approver, row.id) is PublicationState.NEEDS_HUMAN
    assert again(house.approver, row.id).needs is Needs.OUTCOME
    (attempt,) = attempts(house.approver, row.id)
    assert attempt.state == AttemptState.UNKNOWN
    assert attempt.message is not None
    assert "A backup from before it was due was restored" in attempt.message


def test_a_try_that_a_backup_may_have_lost_is_decided_like_any_other(house: House, worker: db.Database) -> None:
    row = make_due(house, ago_s=120, window_s=86_400)
    restore(worker, backup_of(60))
    assert read_until_settled(worker, house.approver, row.id) is PublicationState.NEEDS_HUMAN
    long_ago = "update masthead.attempt set send_deadline = clock_timestamp() - interval '5 min'"
    tamper(house.organization_id, long_ago)
    say_not_live(house.approver, row.id, send_again=False)
    assert again(house.approver, row.id).state is PublicationState.CANCELLED


def test_nothing_else_leaves_until_somebody_resumes(house: House, worker: db.Database) -> None:
    later = make_scheduled(house)
    restore(worker, backup_of(60))
    assert again(house.approver, later.id).state is PublicationState.SCHEDULED
    (pause,) = queries.pauses(house.approver)
    assert pause.by == "the operator"
    assert "A backup of" in pause.reason
    assert resume(house.approver, new_id(), pause.id).late == 0
    assert queries.pauses(house.approver) == ()


def test_what_was_due_before_the_backup_may_have_been_sent_only_after_it(house: House, worker: db.Database) -> None:
    row = make_due(house, ago_s=86_400, window_s=86_400)
    since = backup_of(10)
    restore(worker, since)
    (attempt,) = attempts(house.approver, row.id)
    assert attempt.opened_at == since


@pytest.mark.parametrize("held", [PublicationState.QUEUED, PublicationState.CLAIMED])
def test_what_a_sender_held_when_the_backup_was_made_is_not_sent_again_either(
    held: PublicationState, house: House, worker: db.Database, network: RunningSandbox
) -> None:
    row = make_due(house, ago_s=120, window_s=86_400)
    claim = claim_one(worker, row.id)
    if held is PublicationState.CLAIMED:
        with worker.organization_transaction(house.organization_id, "program:sender", "lost") as session:
            assert store.claim(session, claim, owner="lost", lease_s=60) is not None
    live = sent_after_the_backup(house, worker, row)
    done = restore(worker, backup_of(60))
    assert (done.in_doubt, done.marked) == (1, 0)
    assert check_one(worker, row.id) is PublicationState.PUBLISHED
    assert again(house.approver, row.id).provider_post_id == live


def two_alike(house: House) -> list[Publication]:
    return [make_due(house, words="The same twice.", ago_s=ago_s, window_s=86_400) for ago_s in (120, 119)]


def test_of_two_equal_ones_both_are_asked_about(house: House, worker: db.Database) -> None:
    rows = two_alike(house)
    done = restore(worker, backup_of(60))
    assert done.in_doubt == 2
    assert claimed(worker) == 0
    first, second = (again(house.approver, row.id) for row in rows)
    assert first.state is PublicationState.UNKNOWN
    assert (second.state, second.needs) == (PublicationState.NEEDS_HUMAN, Needs.OUTCOME)
    (attempt,) = attempts(house.approver, second.id)
    assert (attempt.state, attempt.request_sha256) == (AttemptState.UNKNOWN, store.LOST_REQUEST)
    with pytest.raises(Invalid, match="It may be live already"):
        publish_now(house.approver, new_id(), publication_id=second.id)


def test_of_two_equal_ones_the_second_is_asked_of_its_network_too(house: House, worker: db.Database) -> None:
    first, second = two_alike(house)
    live = sent_after_the_backup(house, worker, first)
    restore(worker, backup_of(60))
    assert read_until_settled(worker, house.approver, first.id) is PublicationState.NEEDS_HUMAN
    let_pass(house.approver, second.id, next_action_at="clock_timestamp()")
    assert check_one(worker, second.id) is PublicationState.NEEDS_HUMAN
    (read,) = reads(house.approver, second.id)
    assert [each["id"] for each in read.evidence["matches"]] == [live]


def test_of_two_equal_ones_one_that_a_sender_held_is_asked_about_too(house: House, worker: db.Database) -> None:
    first, second = two_alike(house)
    claim_one(worker, first.id)
    assert restore(worker, backup_of(60)).in_doubt == 2
    assert again(house.approver, first.id).state is PublicationState.UNKNOWN
    assert again(house.approver, second.id).needs is Needs.OUTCOME


FROM_A_BACKUP = "This comes from a backup: it may have been sent since. Look at the account first."


def said_of(house: House, row: Publication) -> str:
    (shown,) = detail(house.author, row.post_id).publications
    return shown.because


def waits_for_approval(house: House) -> Publication:
    slot_at = datetime.now(UTC) + timedelta(days=1)
    return publication(
        house.author, make_submitted(house.author, [house.page.account.id], text="Approved since.", slot_at=slot_at)
    )


def test_what_waited_for_approval_may_have_been_approved_and_sent_since(house: House, worker: db.Database) -> None:
    row = waits_for_approval(house)
    bring_forward(house.approver, row.id, ago_s=120)
    assert restore(worker, backup_of(60)).marked == 1
    assert sweep(worker) == {row.id: "needs_human"}
    assert said_of(house, row) == f"Not approved in time. Choose a new time and ask again. {FROM_A_BACKUP}"
    reschedule(house.author, new_id(), datetime.now(UTC) + timedelta(days=1), publication_id=row.id)
    assert again(house.author, row.id).state is PublicationState.IN_REVIEW
    assert said_of(house, row) == FROM_A_BACKUP, "whoever is asked to approve it reads it too"


def test_what_is_approved_after_a_backup_was_restored_says_nothing_of_it_any_more(
    house: House, worker: db.Database
) -> None:
    row = waits_for_approval(house)
    restore(worker, backup_of(60))
    approve(house.approver, new_id(), row.post_id, {row.id: row.payload_sha256})
    assert FROM_A_BACKUP not in said_of(house, row)


def test_what_was_late_or_failed_then_may_have_been_sent_since(house: House, worker: db.Database) -> None:
    late, failed = make_due(house, ago_s=7200, window_s=-60), make_due(house)
    assert sweep(worker) == {late.id: "needs_human"}
    let_pass(house.approver, failed.id, state="'failed'", last_error="""'{"reason": "It is too long."}'""")
    assert restore(worker, backup_of(60)).marked == 2
    assert said_of(house, late) == (
        f"Its time passed before it could be sent. Reschedule it or cancel it. {FROM_A_BACKUP}"
    )
    assert said_of(house, failed) == f"It is too long. {FROM_A_BACKUP}"


@pytest.mark.parametrize("state", ["draft", "changes_requested"])
def test_what_was_not_asked_for_yet_and_has_come_due_says_so_too(state: str, house: House, worker: db.Database) -> None:
    row = waits_for_approval(house)
    let_pass(house.approver, row.id, state=f"'{state}'")
    bring_forward(house.approver, row.id, ago_s=120)
    assert restore(worker, backup_of(60)).marked == 1
    assert said_of(house, row) == FROM_A_BACKUP


def test_what_was_approved_without_a_time_may_have_been_published_since(house: House, worker: db.Database) -> None:
    row = make_scheduled(house, slot_at=None)
    assert row.state is PublicationState.APPROVED
    assert restore(worker, backup_of(60)).marked == 1
    assert said_of(house, row) == FROM_A_BACKUP


def test_doing_it_again_does_nothing_more(house: House, worker: db.Database) -> None:
    row = make_due(house, window_s=86_400)
    waits_for_approval(house)
    restore(worker, backup_of(60))
    done = restore(worker, backup_of(60))
    assert (done.organizations, done.paused, done.in_doubt, done.marked) == (1, 0, 0, 0)
    assert len(attempts(house.approver, row.id)) == 1


def looked(worker: db.Database, ago: str) -> None:
    with worker.free_transaction() as session:
        session.execute(
            text(
                "insert into masthead.ticker_heartbeat(name, at)"
                " values ('dispatcher', clock_timestamp() - cast(:ago as interval))"
                " on conflict (name) do update set at = excluded.at"
            ),
            {"ago": ago},
        )


def test_when_the_backup_was_made_is_seen_by_the_last_look(
    worker: db.Database, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waits_for_approval(make_quiet_house())
    looked(worker, "3 hours")
    for name in ("DATABASE_URL", "DATABASE_URL_WORKER"):
        monkeypatch.setenv(name, settings.program_url("worker"))
    monkeypatch.setenv("MASTHEAD_SECRET_KEY", settings.secret_key.get_secret_value())
    before = db.current()
    assert cli.main(["restored"]) == 0
    db.use(before)
    said = capsys.readouterr().out
    assert f"The backup is of {backup_of(180):%Y-%m-%d %H:}" in said
    assert "paused in 1 of 1 organizations" in said
    assert "1 more waited for an approval, were late or failed then, and may have been sent since" in said
    assert "then resumes." in said


@pytest.mark.parametrize("ago", ["1 second", None])
def test_a_backup_whose_age_nobody_can_see_must_be_dated(worker: db.Database, ago: str | None) -> None:
    if ago is not None:
        looked(worker, ago)
    with pytest.raises(SettingsInvalid, match="--since"):
        restore(worker, None)


def test_a_backup_of_tomorrow_is_refused(worker: db.Database) -> None:
    with pytest.raises(SettingsInvalid, match="is to come"):
        restore(worker, backup_of(-60))


@pytest.mark.parametrize("since", ["yesterday", "2027-01-31T03:00"])
def test_a_time_without_its_zone_is_refused(since: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["restored", "--since", since])
    assert ended.value.code == 2
    assert "2027-01-31T03:00Z" in capsys.readouterr().err
