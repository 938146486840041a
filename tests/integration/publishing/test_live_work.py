"""What is done to posts that are live: a first comment once, another text, taking away; and what people say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from core.accounts import commands as accounts
from core.infra import db
from core.infra.clock import now
from core.infra.errors import Conflict, Invalid, Refused
from core.organizations.fresh import StaleSignIn
from core.posts import queries as posts
from core.posts.rules import PublicationState
from core.provider_kit.errors import NotSent, OutcomeUnknown, ReconnectNeeded, Rejected, RetryLater
from core.provider_kit.types import Access, Published
from core.publishing import commands, live_rows, live_rules, live_sending, rules
from core.publishing.live_rules import Kind, LiveState
from core.publishing.queries import live_trouble, live_works
from core.publishing.views import LiveWork
from tests.factories.publishing import (
    FAST,
    House,
    ScriptedPublisher,
    acting_as,
    again,
    bring_forward,
    how_often,
    make_quiet_house,
    make_scheduled,
    send_one,
    tamper,
)

UNCLEAR = OutcomeUnknown("The connection ended before the answer.")


@dataclass
class ScriptedLive:
    """A network under whose posts things happen as a test says: a value is given, an exception raised, one per call."""

    answers: list[Any] = field(default_factory=list)
    found: list[Any] = field(default_factory=list)
    called: list[tuple[str, ...]] = field(default_factory=list)
    looked_since: list[datetime] = field(default_factory=list)

    def comment(self, provider_post_id: str, text: str, access: Access, *, timeout_s: float) -> str:
        self.called.append(("comment", provider_post_id, text))
        return str(self._give(self.answers, "c-1"))

    def find_comment(
        self, provider_post_id: str, text: str, access: Access, *, since: datetime, timeout_s: float
    ) -> str | None:
        self.looked_since.append(since)
        found: str | None = self._give(self.found, None)
        return found

    def edit(self, provider_post_id: str, text: str, access: Access, *, timeout_s: float) -> None:
        self.called.append(("edit", provider_post_id, text))
        self._give(self.answers, None)

    def delete(self, provider_post_id: str, access: Access, *, timeout_s: float) -> None:
        self.called.append(("delete", provider_post_id))
        self._give(self.answers, None)

    @staticmethod
    def _give(answers: list[Any], otherwise: Any) -> Any:
        answer = answers.pop(0) if answers else otherwise
        if isinstance(answer, BaseException):
            raise answer
        return answer() if callable(answer) else answer


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> ScriptedLive:
    scripted = ScriptedLive()
    monkeypatch.setattr(rules, "CHECK_HOLDS_S", 30.0)
    monkeypatch.setattr("core.providers.live", lambda _network: scripted)
    return scripted


@pytest.fixture
def house(quiet_house_of_worker: House) -> House:
    return quiet_house_of_worker


@dataclass
class Stage:
    """A house with one live post, and a worker for what is done to it."""

    house: House
    worker: db.Database
    publication_id: UUID
    post_id: UUID

    def work(self) -> int:
        """Do what is due until nothing is."""
        with acting_as(self.worker):
            return how_often(lambda: live_sending.do_next(times=FAST))

    def come_due(self) -> Stage:
        """Let all that goes on by itself be due now."""
        statement = "update masthead.live_work set next_action_at = clock_timestamp() where next_action_at is not null"
        tamper(self.house.organization_id, statement)
        return self

    def works(self) -> tuple[LiveWork, ...]:
        return live_works(self.house.author, self.post_id).get(self.publication_id, ())

    @property
    def comment(self) -> LiveWork:
        (one,) = [each for each in self.works() if each.kind is Kind.COMMENT]
        return one

    @property
    def last(self) -> LiveWork:
        return self.works()[-1]

    def happened(self) -> list[tuple[str, str]]:
        """What the history says, oldest first."""
        return [(each.who, each.what) for each in posts.detail(self.house.author, self.post_id).timeline]


@pytest.fixture
def publish(house: House, worker: db.Database, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Stage]:
    def made(comment: str = "", of: House = house) -> Stage:
        row = make_scheduled(of, comment=comment)
        bring_forward(of.approver, row.id)
        publisher = ScriptedPublisher(Published(f"1_{row.id.hex}", 200))
        with monkeypatch.context() as scripted:
            scripted.setattr("core.providers.publisher", lambda _network: publisher)
            assert send_one(worker, row.id) is PublicationState.PUBLISHED
        return Stage(of, worker, row.id, row.post_id)

    return made


def test_the_first_comment_goes_under_its_post_once(publish: Callable[..., Stage], live: ScriptedLive) -> None:
    stage = publish("First!")
    assert stage.comment.state is LiveState.WAITING
    assert stage.work() == 1
    assert live.called == [("comment", f"1_{stage.publication_id.hex}", "First!")]
    assert (stage.comment.state, stage.comment.words) == (LiveState.DONE, "The first comment is there.")
    assert stage.happened()[-1] == ("Masthead", "wrote the first comment")
    assert stage.come_due().work() == 0


def test_a_post_without_a_comment_has_no_work(publish: Callable[..., Stage], live: ScriptedLive) -> None:
    stage = publish()
    assert (stage.works(), stage.work(), live.called) == ((), 0, [])


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (Rejected("Comments are not possible on this post.", how_to_fix="Choose another."), LiveState.FAILED),
        (ReconnectNeeded("A permission is missing."), LiveState.FAILED),
        (RetryLater("Busy."), LiveState.WAITING),
        (NotSent("Away."), LiveState.WAITING),
    ],
)
def test_trouble_with_a_comment_touches_neither_post_nor_account(
    publish: Callable[..., Stage], live: ScriptedLive, failure: Exception, state: LiveState
) -> None:
    stage = publish("First!")
    live.answers = [failure]
    stage.work()
    assert stage.comment.state is state
    assert str(failure) in stage.comment.words
    assert again(stage.house.author, stage.publication_id).state is PublicationState.PUBLISHED
    assert posts.detail(stage.house.author, stage.post_id).publications[0].account_state == "active"
    assert len(live_trouble(stage.house.author)) == (state is LiveState.FAILED)


def test_a_person_tries_again_what_failed(publish: Callable[..., Stage], live: ScriptedLive) -> None:
    stage = publish("First!")
    live.answers = [Rejected("No.")]
    stage.work()
    action, work_id = uuid4(), stage.comment.id
    epoch = stage.comment.epoch
    first = commands.retry_live(stage.house.approver, action, work_id, epoch=epoch)
    assert commands.retry_live(stage.house.approver, action, work_id, epoch=epoch) == first
    with pytest.raises(Conflict):
        commands.retry_live(stage.house.approver, uuid4(), work_id, epoch=epoch)
    stage.work()
    assert (stage.comment.state, len(live.called)) == (LiveState.DONE, 2)
    assert ("Ada Admin", "asked to try it again") in stage.happened()


def test_an_unclear_comment_that_is_found_is_not_written_again(
    publish: Callable[..., Stage], live: ScriptedLive
) -> None:
    stage = publish("First!")
    live.answers, live.found = [UNCLEAR], [None, RetryLater("Busy."), "c-7"]
    stage.work()
    assert stage.comment.state is LiveState.CHECKING
    for _ in range(3):
        stage.come_due().work()
    assert (stage.comment.state, len(live.called)) == (LiveState.DONE, 1)
    assert [look.complete for look in stage.comment.looks] == [True, False, True]


def test_a_comment_is_written_again_once_when_all_looks_saw_all_and_then_a_person_is_asked(
    publish: Callable[..., Stage], live: ScriptedLive
) -> None:
    stage = publish("First!")
    live.answers = [UNCLEAR, UNCLEAR]
    for _ in range(20):
        stage.come_due().work()
    assert (stage.comment.state, len(live.called)) == (LiveState.NEEDS_HUMAN, 2)
    assert len(set(live.looked_since)) == 1  # each look goes back to before the first try
    assert [each.state for each in live_trouble(stage.house.author)] == [LiveState.NEEDS_HUMAN]
    seen = stage.comment
    commands.close_live(stage.house.approver, uuid4(), seen.id, epoch=seen.epoch, is_there=True)
    assert (stage.comment.state, live_trouble(stage.house.author)) == (LiveState.DONE, ())


def test_a_comment_that_a_person_has_written_again_is_not_written_once_more_by_itself(
    publish: Callable[..., Stage], live: ScriptedLive
) -> None:
    stage = publish("First!")
    live.answers = [UNCLEAR] * 4
    for _ in range(20):
        stage.come_due().work()
    seen = stage.comment
    assert (seen.state, len(live.called)) == (LiveState.NEEDS_HUMAN, 2)
    commands.retry_live(stage.house.approver, uuid4(), seen.id, epoch=seen.epoch)
    for _ in range(20):
        stage.come_due().work()
    assert (stage.comment.state, len(live.called)) == (LiveState.NEEDS_HUMAN, 3)
    assert "It was written more than once without a clear answer" in stage.comment.words


def test_where_comments_can_not_be_read_a_person_is_asked_and_nothing_is_written_again(
    publish: Callable[..., Stage], live: ScriptedLive
) -> None:
    stage = publish("First!")
    live.answers, live.found = [UNCLEAR], [OutcomeUnknown("Not to the end.")] * 4
    for _ in range(10):
        stage.come_due().work()
    assert (stage.comment.state, len(live.called)) == (LiveState.NEEDS_HUMAN, 1)
    seen = stage.comment
    commands.close_live(stage.house.approver, uuid4(), seen.id, epoch=seen.epoch, is_there=False)
    assert stage.comment.state is LiveState.DROPPED


def asked_about(stage: Stage, live: ScriptedLive) -> LiveWork:
    """Bring the first comment to where a person is asked: no try of it has a clear answer, no look sees all."""
    live.answers, live.found = [UNCLEAR] * 10, [OutcomeUnknown("Not to the end.")] * 40
    for _ in range(10):
        stage.come_due().work()
    assert stage.comment.state is LiveState.NEEDS_HUMAN
    return stage.comment


VERDICTS: dict[str, Callable[..., object]] = {
    "write it again": commands.retry_live,
    "it is there": partial(commands.close_live, is_there=True),
    "let it be": partial(commands.close_live, is_there=False),
}


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_verdict_about_a_try_says_nothing_of_the_next_one(
    publish: Callable[..., Stage], live: ScriptedLive, verdict: str
) -> None:
    stage = publish("First!")
    seen = asked_about(stage, live)
    commands.retry_live(stage.house.approver, uuid4(), seen.id, epoch=seen.epoch)
    later = asked_about(stage, live)
    assert (later.id, len(live.called)) == (seen.id, 2)
    with pytest.raises(Conflict, match="tried once more since you looked"):
        VERDICTS[verdict](stage.house.approver, uuid4(), seen.id, epoch=seen.epoch)
    stage.come_due().work()
    assert (stage.comment, len(live.called)) == (later, 2)
    VERDICTS[verdict](stage.house.approver, uuid4(), later.id, epoch=later.epoch)
    assert stage.comment.state is not LiveState.NEEDS_HUMAN


def test_a_change_that_failed_anew_is_not_tried_again_for_what_was_seen_before(
    publish: Callable[..., Stage], live: ScriptedLive
) -> None:
    stage = publish()
    edit(stage, "Mended.")
    live.answers = [Rejected("No."), Rejected("No again.")]
    stage.work()
    seen = stage.last
    commands.retry_live(stage.house.approver, uuid4(), seen.id, epoch=seen.epoch)
    stage.work()
    with pytest.raises(Conflict, match="tried once more since you looked"):
        commands.retry_live(stage.house.approver, uuid4(), seen.id, epoch=seen.epoch)
    assert len(live.called) == 2


def test_writing_an_unclear_comment_again_and_vouching_for_it_take_a_fresh_sign_in(
    publish: Callable[..., Stage], live: ScriptedLive
) -> None:
    stage = publish("First!")
    seen = asked_about(stage, live)
    stale = replace(stage.house.approver, authenticated_at=now() - timedelta(minutes=16))
    for verdict in ("write it again", "it is there"):
        with pytest.raises(StaleSignIn):
            VERDICTS[verdict](stale, uuid4(), seen.id, epoch=seen.epoch)
    assert stage.comment == seen
    VERDICTS["let it be"](stale, uuid4(), seen.id, epoch=seen.epoch)
    assert stage.comment.state is LiveState.DROPPED


def test_what_failed_for_sure_is_tried_again_without_a_fresh_sign_in(
    publish: Callable[..., Stage], live: ScriptedLive
) -> None:
    stage = publish("First!")
    live.answers = [Rejected("No.")]
    stage.work()
    stale = replace(stage.house.approver, authenticated_at=now() - timedelta(minutes=16))
    commands.retry_live(stale, uuid4(), stage.comment.id, epoch=stage.comment.epoch)
    assert stage.comment.state is LiveState.WAITING


def test_a_comment_waits_for_its_post_to_be_known_and_fails_when_it_never_is(
    publish: Callable[..., Stage], live: ScriptedLive
) -> None:
    stage = publish("First!")
    lost = "update masthead.publication set provider_post_id = null, proof = '{}' where id = %(id)s"
    tamper(stage.house.organization_id, lost, id=stage.publication_id)
    stage.work()
    assert (stage.comment.state, live.called) == (LiveState.WAITING, [])
    tamper(stage.house.organization_id, "update masthead.publication_link set state = 'missing'")
    stage.come_due().work()
    assert (stage.comment.state, live.called) == (LiveState.FAILED, [])
    assert live_rules.NO_POST in stage.comment.words


def test_a_pause_holds_a_comment(publish: Callable[..., Stage], live: ScriptedLive) -> None:
    stage = publish("First!")
    accounts.pause_account(stage.house.approver, uuid4(), stage.house.page.account.id, reason="A recall.")
    stage.come_due().work()
    assert (stage.comment.state, live.called) == (LiveState.WAITING, [])
    assert "is resumed" in stage.comment.words
    tamper(stage.house.organization_id, "update masthead.pause set ended_at = clock_timestamp(), ended_by = began_by")
    stage.come_due().work()
    assert stage.comment.state is LiveState.DONE


LONG_AGO = "update masthead.live_work set waits_since = clock_timestamp() - interval '25 hours'"
DISCONNECTED = "update masthead.account set state = 'disabled'"


@pytest.mark.parametrize("disconnected", [True, False])
def test_what_holds_a_comment_for_more_than_a_day_fails_it(
    disconnected: bool, publish: Callable[..., Stage], live: ScriptedLive
) -> None:
    stage = publish("First!")
    if disconnected:
        tamper(stage.house.organization_id, DISCONNECTED)
    else:
        accounts.pause_account(stage.house.approver, uuid4(), stage.house.page.account.id, reason="A recall.")
    tamper(stage.house.organization_id, LONG_AGO)
    stage.come_due().work()
    assert (stage.comment.state, live.called) == (LiveState.FAILED, [])
    assert live_rules.TOO_LONG in stage.comment.words


def test_a_comment_that_may_be_there_is_asked_of_a_person_when_nobody_can_look_for_a_day(
    publish: Callable[..., Stage], live: ScriptedLive
) -> None:
    stage = publish("First!")
    live.answers = [UNCLEAR]
    stage.work()
    tamper(stage.house.organization_id, DISCONNECTED)
    stage.come_due().work()
    assert stage.comment.state is LiveState.CHECKING
    tamper(stage.house.organization_id, LONG_AGO)
    stage.come_due().work()
    assert stage.comment.state is LiveState.NEEDS_HUMAN
    assert live_rules.FIND_IT in stage.comment.words


def test_a_route_that_is_closed_off_for_more_than_a_day_fails_a_comment(
    publish: Callable[..., Stage], live: ScriptedLive, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = publish("First!")
    shut = live_rules.held("The network may not be called now.", 900)
    monkeypatch.setattr(live_sending, "_throttled", lambda _ready, _times: shut)
    stage.come_due().work()
    assert stage.comment.state is LiveState.WAITING
    tamper(stage.house.organization_id, LONG_AGO)
    stage.come_due().work()
    assert (stage.comment.state, live.called) == (LiveState.FAILED, [])


def test_a_route_that_is_closed_off_holds_comments_and_no_posts(
    publish: Callable[..., Stage], live: ScriptedLive
) -> None:
    stage = publish("First!")
    closed_off = (
        "insert into masthead.breaker(provider, network, route, state, until, open_for, opened_at) values"
        " ('meta', 'facebook', 'live', 'open', clock_timestamp() + interval '1 min', '1 min', clock_timestamp())"
    )
    tamper(stage.house.organization_id, closed_off)
    try:
        stage.come_due().work()
        assert (stage.comment.state, live.called) == (LiveState.WAITING, [])
        publish()  # goes out all the same
    finally:
        tamper(stage.house.organization_id, "delete from masthead.breaker where route = 'live'")


def test_a_burst_of_one_organization_keeps_nobody_elses_comment_waiting(
    publish: Callable[..., Stage], live: ScriptedLive
) -> None:
    burst = [publish("First!") for _ in range(4)]
    one = publish("Ours!", of=make_quiet_house())
    with acting_as(one.worker):
        assert how_often(lambda: live_sending.do_next(times=FAST), at_most=2) == 2
    assert one.comment.state is LiveState.DONE, "it came last, and goes second"
    assert [stage.comment.state for stage in burst].count(LiveState.DONE) == 1


def test_a_program_without_time_left_begins_no_call(
    publish: Callable[..., Stage], live: ScriptedLive, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = publish("First!")
    monkeypatch.setattr(rules, "CHECK_HOLDS_S", 0.0)
    stage.work()
    assert (stage.comment.state, live.called) == (LiveState.WAITING, [])


def test_who_lost_the_work_does_nothing_and_a_late_yes_counts(
    publish: Callable[..., Stage], live: ScriptedLive
) -> None:
    stage = publish("First!")

    def taken_over() -> str:
        """The program freezes in the middle of the call, and others give it up."""
        stage.come_due()
        with stage.worker.free_transaction() as session:
            assert live_rows.claim_due(session, 5, lease_s=60, first_read_s=60) == []
        assert stage.comment.state is LiveState.CHECKING
        return "c-9"

    with stage.worker.free_transaction() as session:
        (old,) = live_rows.claim_due(session, 5, lease_s=60, first_read_s=60)
    stage.come_due()
    live.answers = [taken_over]
    stage.work()
    assert (stage.comment.state, len(live.called)) == (LiveState.DONE, 1)
    with acting_as(stage.worker):
        assert live_sending.do_one(old, times=FAST) is None
    assert len(live.called) == 1


def edit(stage: Stage, words: str, *, action: UUID | None = None) -> None:
    """Ask for another text, having seen the one that stands there."""
    seen = posts.detail(stage.house.author, stage.post_id).publications[0].text
    commands.edit_live(stage.house.approver, action or uuid4(), stage.publication_id, text=words, was=seen)


def test_an_approver_changes_the_live_text_and_it_says_who_and_what(
    publish: Callable[..., Stage], live: ScriptedLive
) -> None:
    stage = publish()
    before = posts.detail(stage.house.author, stage.post_id).publications[0]
    action = uuid4()
    for _ in range(2):
        edit(stage, "Mended.", action=action)
    with pytest.raises(Refused, match="right now"):
        edit(stage, "Other.")
    live.answers = [UNCLEAR]  # twice the same text is as good as once
    stage.work()
    stage.come_due().work()
    assert live.called == [("edit", f"1_{stage.publication_id.hex}", "Mended.")] * 2
    after = posts.detail(stage.house.author, stage.post_id).publications[0]
    assert (after.text, after.edited, after.sha256) == ("Mended.", True, before.sha256)
    assert stage.last.text_before == before.text
    line = posts.detail(stage.house.author, stage.post_id).timeline[-1]
    assert (line.what, line.detail) == ("changed the live text", f"Before: “{before.text}” Now: “Mended.”")
    with pytest.raises(Invalid, match="has already"):
        edit(stage, "Mended.")


def test_a_text_that_was_changed_since_it_was_seen_is_not_written_over(
    publish: Callable[..., Stage], live: ScriptedLive
) -> None:
    stage = publish()
    seen = posts.detail(stage.house.author, stage.post_id).publications[0].text
    edit(stage, "Mended.")
    stage.work()
    with pytest.raises(Conflict, match="changed the text meanwhile"):
        commands.edit_live(stage.house.approver, uuid4(), stage.publication_id, text="Other.", was=seen)
    edit(stage, "Other.")


def test_another_text_takes_the_place_of_one_that_did_not_go_through(
    publish: Callable[..., Stage], live: ScriptedLive
) -> None:
    stage = publish()
    live.answers = [Rejected("No.")]
    edit(stage, "Mended.")
    stage.work()
    seen = stage.last
    edit(stage, "Other.")
    stage.work()
    assert live_trouble(stage.house.author) == ()
    with pytest.raises(Conflict):
        commands.retry_live(stage.house.approver, uuid4(), seen.id, epoch=seen.epoch)
    assert [each[-1] for each in live.called] == ["Mended.", "Other."]
    assert posts.detail(stage.house.author, stage.post_id).publications[0].text == "Other."


def test_nobody_approves_words_of_their_own_under_their_own_post_unless_that_is_allowed(
    publish: Callable[..., Stage], live: ScriptedLive
) -> None:
    stage = publish()
    tamper(
        stage.house.organization_id,
        "update masthead.post set author_id = %(member)s where id = %(id)s",
        member=stage.house.approver.member_id,
        id=stage.post_id,
    )
    with pytest.raises(Refused, match="own work"):
        edit(stage, "Mine.")
    tamper(stage.house.organization_id, "update masthead.organization set self_approval = true")
    edit(stage, "Mine.")


@pytest.mark.parametrize("words", ["  ", "x" * 63_207])
def test_a_text_that_the_network_would_not_take_is_refused(
    publish: Callable[..., Stage], live: ScriptedLive, words: str
) -> None:
    stage = publish()
    with pytest.raises(Invalid):
        edit(stage, words)
    assert stage.works() == ()


def test_a_deleted_post_stays_published_says_so_and_is_linked_no_more(
    publish: Callable[..., Stage], live: ScriptedLive
) -> None:
    stage = publish("First!")
    live.answers = [Rejected("No comments here.")]
    stage.work()
    tamper(
        stage.house.organization_id, "update masthead.publication_link set state = 'found', url = 'https://n.example/1'"
    )
    edit(stage, "Mended.")
    action = uuid4()
    for _ in range(2):
        commands.delete_live(stage.house.approver, action, stage.publication_id, reason="A wrong price.")
    stage.work()
    assert [each[0] for each in live.called] == ["comment", "delete"]
    row = posts.detail(stage.house.author, stage.post_id).publications[0]
    assert (row.state, row.shown.detail, row.url) == (PublicationState.PUBLISHED, "deleted", None)
    assert (row.deleted_by, row.because) == ("Ada Admin", "")
    assert row.deleted_at is not None
    states = {each.kind: each.state for each in stage.works()}
    assert states == {Kind.COMMENT: LiveState.DROPPED, Kind.EDIT: LiveState.DROPPED, Kind.DELETE: LiveState.DONE}
    assert ("Masthead", "deleted the live post") in stage.happened()
    for command in (commands.delete_live, lambda *args: commands.edit_live(*args, text="Again.", was=row.text)):
        with pytest.raises(Refused, match="deleted already"):
            command(stage.house.approver, uuid4(), stage.publication_id)


def test_what_is_not_live_can_not_be_changed(quiet_house: House) -> None:
    row = make_scheduled(quiet_house)
    with pytest.raises(Refused, match="Only what is published"):
        commands.delete_live(quiet_house.approver, uuid4(), row.id)


def test_the_database_lets_nothing_wait_again_that_is_done_and_nothing_twice(
    publish: Callable[..., Stage], live: ScriptedLive
) -> None:
    stage = publish("First!")
    stage.work()
    with (
        pytest.raises(Exception, match="illegal transition done -> waiting"),
        stage.worker.organization_transaction(stage.house.organization_id, "program:test") as session,
    ):
        session.execute(text("update masthead.live_work set state = 'waiting', next_action_at = clock_timestamp()"))
