"""A person says what became of a send; the network is asked before it counts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from core.accounts import commands as accounts
from core.audit.queries import history
from core.infra import db
from core.infra.errors import Conflict, Invalid, NotAllowed, Refused
from core.posts import commands as writing
from core.posts import queries as posts
from core.posts.rules import Needs, PublicationState
from core.provider_kit.errors import NotSent, Rejected
from core.provider_kit.types import Published
from core.publishing import claiming, commands, read_rows, rules, store
from core.publishing.commands import Changed, Decision, Fate
from core.publishing.queries import evidence
from core.publishing.times import times
from core.publishing.triage import triage
from tests.factories.notices import notices, raise_all
from tests.factories.pauses import PAUSES, pause_account, resume
from tests.factories.posts import publications
from tests.factories.publishing import (
    FAST,
    House,
    ScriptedPublisher,
    acting_as,
    again,
    attempts,
    check_one,
    in_doubt,
    leave_unclear,
    let_pass,
    live_post,
    make_due,
    posts_with,
    read_until_settled,
    reads,
    say_live,
    say_not_live,
    seen,
    send_one,
    sweep,
    tamper,
)
from tests.fixtures.programs import RunningSandbox

_S = PublicationState


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch):
    """Put a scripted publisher in the place of the network's."""

    def put(*answers: Any, **more: Any) -> ScriptedPublisher:
        publisher = ScriptedPublisher(*answers, **more)
        monkeypatch.setattr("core.providers.publisher", lambda _network: publisher)
        return publisher

    return put


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch):
    """The web's commands read their times from the environment."""
    monkeypatch.setenv("MASTHEAD_PUBLISH_LEASE_SENDING_S", "46")
    times.cache_clear()
    yield
    times.cache_clear()


def ask(house: House, worker: db.Database, script: Any, *, words: str | None = None) -> UUID:
    """An open question, old enough to be answered either way."""
    row = make_due(house, words=words)
    leave_unclear(worker, house, row.id)
    script(read=seen())
    assert read_until_settled(worker, house.approver, row.id) is _S.NEEDS_HUMAN
    let_deadline_pass(house)
    return row.id


def let_deadline_pass(house: House) -> None:
    """Nothing can still be sending it."""
    statement = (
        "update masthead.attempt set send_deadline = clock_timestamp() - interval '93 s' where state = 'unknown'"
    )
    tamper(house.organization_id, statement)


@pytest.mark.parametrize("named", ["77_1", "https://network.example/77_1", "https://www.network.example/77_1/"])
def test_a_person_closes_it_as_live_by_id_or_address(named: str, house: House, worker: db.Database, script):
    question = ask(house, worker, script)
    words = again(house.author, question).payload["text"]
    script(read=seen(live_post("77_1", words), live_post("77_2", words)))
    say_live(house.approver, question, named, reason="I see it on the Page.")
    now, (attempt,) = again(house.author, question), attempts(house.author, question)
    assert (now.state, now.provider_post_id, now.needs) == (_S.PUBLISHED, "77_1", None)
    assert now.proof is not None
    assert (now.proof["verdict_by"], now.proof["reason"]) == (house.approver.label, "I see it on the Page.")
    assert (attempt.state, attempt.verdict_by) == ("accepted", house.approver.label)
    assert evidence(house.author, question).link == "https://network.example/77_1"
    (line,) = history(house.approver, "publication", question)
    assert line.action == "publication.resolve_live"


def test_a_post_that_looks_alike_can_be_named_too(house: House, worker: db.Database, script):
    question = ask(house, worker, script)
    script(read=seen(look_alikes=(live_post("77_3", "almost the same"),)))
    say_live(house.approver, question, "77_3", reason="Facebook trimmed it.")
    assert again(house.author, question).provider_post_id == "77_3"


def test_a_post_the_account_does_not_show_is_refused_and_the_read_is_kept(house: House, worker: db.Database, script):
    question = ask(house, worker, script)
    script(read=seen(live_post("77_1", "x")))
    with pytest.raises(Refused, match="The account shows no such post"):
        say_live(house.approver, question, "99_9", reason="I think so.")
    assert again(house.author, question).state is _S.NEEDS_HUMAN
    assert len(reads(house.author, question)) == 5


def test_another_publications_post_is_refused(house: House, worker: db.Database, script):
    first = make_due(house, words="Twice.", ago_s=1)
    script(Published("77_1", 200))
    send_one(worker, first.id)
    with worker.organization_transaction(house.organization_id, "program:test") as session:
        session.execute(text("update masthead.publication set published_at = 'epoch' where state = 'published'"))
    question = ask(house, worker, script, words="Twice.")
    script(read=seen(live_post("77_1", "Twice.")))
    with pytest.raises(Refused, match="belongs to another publication"):
        say_live(house.approver, question, "77_1")


def test_when_the_network_is_away_nothing_is_closed_as_live_and_nothing_sent_again(
    house: House, worker: db.Database, script
):
    question = ask(house, worker, script)
    script(read=NotSent("The network is away."))
    with pytest.raises(Refused, match=r"could not be read.*The network is away"):
        say_live(house.approver, question, "77_1")
    with pytest.raises(Refused, match="could not be read"):
        say_not_live(house.approver, question, send_again=True)
    say_not_live(house.approver, question, send_again=False)
    assert again(house.author, question).state is _S.CANCELLED


@pytest.mark.parametrize(
    ("because", "told"), [("It said: too many", "It said: too many."), ("It said: too ma…", "It said: too ma…")]
)
def test_why_the_account_could_not_be_read_is_told_in_a_sentence(
    because: str, told: str, house: House, worker: db.Database, script
):
    question = ask(house, worker, script)
    script(read=NotSent(because))
    with pytest.raises(Refused) as refused:
        say_live(house.approver, question, "77_1")
    assert refused.value.message == f"The account could not be read to check that: {told} Try again later."


def test_not_live_can_be_sent_again_once_and_is_live_once(house: House, worker: db.Database, network: RunningSandbox):
    row = make_due(house)
    network.post("/_sandbox/faults", {"route": house.page.feed, "mode": "reset_before", "times": 1})
    send_one(worker, row.id)
    let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    assert read_until_settled(worker, house.approver, row.id) is _S.NEEDS_HUMAN
    let_deadline_pass(house)

    changed = say_not_live(house.approver, row.id, send_again=True, reason="I looked.")

    assert changed.words == "It will be sent again now."
    assert send_one(worker, row.id) is _S.PUBLISHED
    assert len(posts_with(network, row.payload["text"])) == 1
    assert [each.state for each in attempts(house.author, row.id)] == ["proven_absent", "accepted"]
    assert attempts(house.author, row.id)[0].verdict_by == house.approver.label


def test_what_was_given_up_is_not_sent_again_by_another_door(house: House, worker: db.Database, script):
    question = ask(house, worker, script)
    say_not_live(house.approver, question, send_again=False)
    with pytest.raises(Refused, match="duplicate the post"):
        commands.try_again(house.approver, uuid4(), question)
    (row,) = publications(house.author, again(house.author, question).post_id)
    assert row.state is _S.CANCELLED


def test_a_yes_that_comes_after_it_was_given_up_is_told(house: House, worker: db.Database, script):
    row, console = make_due(house), db.current()

    def frozen() -> Published:
        """The sender stands still in the middle of its call, until a person has decided."""
        let_pass(house.approver, row.id, lease_until="clock_timestamp() - interval '1 ms'")
        assert sweep(worker) == {row.id: "unknown"}
        let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
        assert read_until_settled(worker, house.approver, row.id) is _S.NEEDS_HUMAN
        let_deadline_pass(house)
        with acting_as(console):
            say_not_live(house.approver, row.id, send_again=False)
        return Published("77_1", 200, permalink="https://network.example/77_1")

    script(frozen, read=seen())
    send_one(worker, row.id)
    assert again(house.author, row.id).state is _S.CANCELLED
    because = "The network's yes came after this attempt had been closed: https://network.example/77_1"
    (told,) = [each for each in posts.detail(house.author, row.post_id).timeline if each.detail == because]
    assert told.what == "heard that it is live after all"
    raise_all(worker)
    for person in (house.author, house.approver):
        assert because in notices(person)[0].words


def test_a_yes_that_comes_while_it_waits_to_be_sent_again_stops_it(house: House, worker: db.Database, script):
    row, console = make_due(house), db.current()

    def frozen() -> Published:
        """The sender stands still in the middle of its call, until a person has it sent again."""
        let_pass(house.approver, row.id, lease_until="clock_timestamp() - interval '1 ms'")
        assert sweep(worker) == {row.id: "unknown"}
        let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
        assert read_until_settled(worker, house.approver, row.id) is _S.NEEDS_HUMAN
        let_deadline_pass(house)
        with acting_as(console):
            say_not_live(house.approver, row.id, send_again=True)
        return Published("77_1", 200, permalink="https://network.example/77_1")

    network = script(frozen, read=seen())
    sent_at = datetime.now(UTC)
    send_one(worker, row.id)
    assert again(house.author, row.id).state is _S.UNKNOWN
    with acting_as(worker):
        assert claiming.due(5, FAST) == []
    _, lost = attempts(house.author, row.id)
    assert (lost.state, lost.provider_ref) == ("unknown", "77_1")
    raise_all(worker)
    because = "The network's yes came after this attempt had been closed: https://network.example/77_1"
    assert because in notices(house.approver)[0].words
    network.read = seen(live_post("77_1", row.payload["text"], at=sent_at))
    assert check_one(worker, row.id) is _S.PUBLISHED
    assert len(network.sent) == 1


def test_not_live_is_not_taken_while_a_program_may_still_be_sending(house: House, worker: db.Database, script):
    row = make_due(house)
    leave_unclear(worker, house, row.id)
    script(read=seen())
    read_until_settled(worker, house.approver, row.id)
    for again_ in (True, False):
        with pytest.raises(Refused, match="It may still be on its way"):
            say_not_live(house.approver, row.id, send_again=again_)
    shown = evidence(house.author, row.id)
    assert shown.resend_after is not None
    assert shown.resend_risk == rules.RESEND_RISK


@pytest.mark.parametrize("send_again", [True, False])
def test_not_live_is_not_taken_when_the_network_shows_it(send_again: bool, house: House, worker: db.Database, script):
    question = ask(house, worker, script)
    script(read=seen(live_post("77_1", again(house.author, question).payload["text"])))
    with pytest.raises(Refused, match=r"The account shows it: https://network.example/77_1"):
        say_not_live(house.approver, question, send_again=send_again)
    assert again(house.author, question).state is _S.NEEDS_HUMAN


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("Facebook is still publishing the video.", "Facebook is still publishing the video."),
        ("", "The read did not cover the whole time since it was sent."),
    ],
)
def test_it_is_not_sent_again_on_a_read_that_saw_too_little(
    note: str, said: str, house: House, worker: db.Database, script
):
    question = ask(house, worker, script)
    script(read=seen(complete=False, note=note))
    with pytest.raises(Refused, match=f"{said} Look again in a few minutes, or give it up and duplicate the post"):
        say_not_live(house.approver, question, send_again=True)
    assert [each.state for each in attempts(house.author, question)] == ["unknown"]
    assert again(house.author, question).state is _S.NEEDS_HUMAN
    say_not_live(house.approver, question, send_again=False)
    assert again(house.author, question).state is _S.CANCELLED


def test_what_the_network_has_forgotten_is_sent_again_where_its_list_was_read_to_the_end(
    house: House, worker: db.Database, script
):
    question = ask(house, worker, script)
    script(read=seen(complete=False, listed=True, note="Instagram doesn't find what it had prepared."))
    say_not_live(house.approver, question, send_again=True)
    assert again(house.author, question).state is _S.SCHEDULED
    words = evidence(house.author, question).reads[-1].words
    assert words == "Saw 0 posts, none with this text. Instagram doesn't find what it had prepared."


def test_a_lapsed_approval_goes_to_review_instead_of_being_sent_again(house: House, worker: db.Database, script):
    question = ask(house, worker, script)
    let_pass(house.approver, question, approved_until="clock_timestamp()")
    say_not_live(house.approver, question, send_again=True)
    now = again(house.author, question)
    assert (now.state, now.due_at) == (_S.IN_REVIEW, None)


def send_again(house: House, question: UUID) -> Changed:
    return say_not_live(house.approver, question, send_again=True)


@pytest.mark.parametrize("pause", PAUSES.values(), ids=PAUSES)
def test_what_is_paused_is_resumed_before_anybody_says_that_it_is_sent_again(
    pause: Any, house: House, worker: db.Database, script
):
    question = ask(house, worker, script)
    pause_id = pause(house)
    with pytest.raises(Refused, match=r"by Ada Admin since .*: A storm\..* Resume first"):
        send_again(house, question)
    now, (attempt,) = again(house.author, question), attempts(house.author, question)
    assert (now.needs, attempt.state) == (Needs.OUTCOME, "unknown"), "it is asked about and read as before"
    resume(house.approver, pause_id)
    assert send_again(house, question).words == "It will be sent again now."


def test_under_a_pause_it_can_still_be_given_up_or_asked_to_be_approved_anew(house: House, worker: db.Database, script):
    given_up, lapsed = ask(house, worker, script), ask(house, worker, script)
    let_pass(house.approver, lapsed, approved_until="clock_timestamp()")
    pause_account(house.approver, house.page.account.id)
    say_not_live(house.approver, given_up, send_again=False)
    assert again(house.author, given_up).state is _S.CANCELLED
    send_again(house, lapsed)
    assert again(house.author, lapsed).state is _S.IN_REVIEW


HELD = {
    "the account's budget": (
        """insert into masthead.account_budget(organization_id, account_id, route, percent, held_until)
        select organization_id, id, 'publish', 100, clock_timestamp() + interval '6 h' from masthead.account""",
        "Facebook asks us to slow down",
    ),
    "the app's budget": (
        """insert into masthead.app_budget(provider, network, route, percent, held_until)
        values ('meta', '', '', 100, clock_timestamp() + interval '6 h')""",
        "Facebook asks Masthead as a whole to slow down",
    ),
    "a network in trouble": (
        """insert into masthead.breaker(provider, network, route, state, until, open_for, opened_at)
        values ('meta', 'facebook', 'publish', 'open', clock_timestamp() + interval '6 h', '6 h', clock_timestamp())""",
        "Facebook is in trouble and is left alone",
    ),
}


@pytest.mark.parametrize(("hold", "words"), HELD.values(), ids=HELD)
def test_what_its_network_does_not_take_now_is_not_sent_again_later(
    hold: str, words: str, house: House, worker: db.Database, script
):
    question = ask(house, worker, script)
    tamper(house.organization_id, hold)
    with pytest.raises(Refused, match=rf"{words} until .*\. Decide after that"):
        send_again(house, question)
    assert again(house.author, question).needs is Needs.OUTCOME
    tamper(house.organization_id, "delete from masthead.account_budget")
    tamper(house.organization_id, "delete from masthead.app_budget")
    tamper(house.organization_id, "update masthead.breaker set until = clock_timestamp()")
    assert send_again(house, question).words == "It will be sent again now.", "whoever sends looks if it is well again"


def sent_again(house: House, worker: db.Database, script: Any) -> UUID:
    """Waits to be sent again, on a person's word alone."""
    question = ask(house, worker, script)
    send_again(house, question)
    return question


def late_again(house: House, worker: db.Database, script: Any) -> UUID:
    """As `sent_again`, and nobody sent it in time."""
    question = sent_again(house, worker, script)
    let_pass(house.approver, question, not_after="clock_timestamp()")
    assert sweep(worker) == {question: "needs_human"}
    return question


def test_a_person_s_word_is_good_for_five_minutes(house: House, worker: db.Database, script):
    tamper(house.organization_id, "update masthead.account set window_s = 86400")
    now = again(house.author, sent_again(house, worker, script))
    assert now.due_at is not None
    assert now.not_after == now.due_at + timedelta(minutes=5)


TOMORROW = datetime.now(UTC) + timedelta(days=1)
UNPROVEN = "Nothing proves that an earlier try isn't live"
DOORS = {
    "Publish now": lambda house, row: commands.publish_now(house.approver, uuid4(), publication_id=row.id),
    "Reschedule": lambda house, row: commands.reschedule(house.author, uuid4(), TOMORROW, publication_id=row.id),
    "a drag": lambda house, row: commands.move(house.author, uuid4(), row.post_id, was=row.due_at, to=TOMORROW),
}


@pytest.mark.parametrize("how", [sent_again, late_again], ids=["waits", "late"])
@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_what_a_person_alone_says_is_not_live_goes_out_by_no_other_door(
    door: Any, how: Any, house: House, worker: db.Database, script
):
    row = again(house.author, how(house, worker, script))
    with pytest.raises(Invalid, match=UNPROVEN):
        door(house, row)
    assert again(house.author, row.id).due_at == row.due_at


@pytest.mark.parametrize("fate", [Fate.NOW, Fate.AT])
def test_nor_by_a_resume(fate: Fate, house: House, worker: db.Database, script):
    row = again(house.author, sent_again(house, worker, script))
    pause_id = pause_account(house.approver, row.account_id)
    (listed,) = triage(house.approver, pause_id).overdue
    assert UNPROVEN in listed.stuck
    at = TOMORROW if fate is Fate.AT else None
    done = resume(house.approver, pause_id, Decision(publication_id=row.id, was=row.due_at, fate=fate, at=at))
    assert UNPROVEN in done.words
    assert sweep(worker) == {row.id: "needs_human"}
    assert again(house.author, row.id).needs is Needs.LATE


def test_it_is_dropped_at_a_resume(house: House, worker: db.Database, script):
    row = again(house.author, sent_again(house, worker, script))
    pause_id = pause_account(house.approver, row.account_id)
    resume(house.approver, pause_id, Decision(publication_id=row.id, was=row.due_at, fate=Fate.DROP))
    assert again(house.author, row.id).state is _S.CANCELLED


@pytest.mark.parametrize("how", [sent_again, late_again], ids=["waits", "late"])
def test_another_time_in_the_composer_costs_it_its_approval(how: Any, house: House, worker: db.Database, script):
    row = again(house.author, how(house, worker, script))
    draft = posts.draft(house.author, row.post_id)
    saved = writing.save(
        house.author,
        row.post_id,
        draft.post.revision,
        text=draft.content.text,
        link=draft.content.link,
        account_ids=[row.account_id],
        slot_at=TOMORROW,
        own_slots={},
    )
    (lost,) = saved.voided
    assert "goes back to draft: nothing proves that an earlier try isn't live" in lost.words
    assert again(house.author, row.id).state is _S.DRAFT


def test_what_is_approved_anew_goes_out(house: House, worker: db.Database, script):
    question = ask(house, worker, script)
    let_pass(house.approver, question, approved_until="clock_timestamp()")
    send_again(house, question)
    row = again(house.author, question)
    writing.approve(house.approver, uuid4(), row.post_id, {row.id: row.payload_sha256})
    commands.publish_now(house.approver, uuid4(), publication_id=row.id)
    script(Published("77_1", 200))
    assert send_one(worker, row.id) is _S.PUBLISHED


def test_what_was_sent_again_and_refused_then_is_not_tried_again(house: House, worker: db.Database, script):
    question = sent_again(house, worker, script)
    script(Rejected("It is too long."))
    assert send_one(worker, question) is _S.FAILED
    with pytest.raises(Refused, match=UNPROVEN):
        commands.try_again(house.approver, uuid4(), question)


def test_what_was_to_be_sent_again_and_is_late_is_not_said_to_be_unsent(house: House, worker: db.Database, script):
    row = again(house.author, late_again(house, worker, script))
    (shown,) = posts.detail(house.author, row.post_id).publications
    assert shown.because.startswith("Its time to be sent again passed. Nothing proves that an earlier try isn't live.")
    assert shown.late_unproven


@pytest.mark.parametrize("said", ["77_1", "https://network.example/77_1", "https://network.example/feed?of=77_1"])
def test_another_publications_post_is_refused_where_the_account_can_not_be_read_too(
    said: str, house: House, worker: db.Database, script
):
    first = make_due(house, words="Every Monday.", ago_s=1)
    script(Published("77_1", 200, permalink="https://network.example/77_1"))
    send_one(worker, first.id)
    row = make_due(house, words="Another one.")
    leave_unclear(worker, house, row.id)
    script(read=seen(complete=False, unreadable="Nobody can read this profile."))
    assert check_one(worker, row.id) is _S.NEEDS_HUMAN
    with pytest.raises(Refused, match="belongs to another publication"):
        say_live(house.approver, row.id, said)
    say_live(house.approver, row.id, "77_2")
    assert again(house.author, row.id).state is _S.PUBLISHED


def test_a_verdict_needs_a_reason(house: House, worker: db.Database, script):
    question = ask(house, worker, script)
    with pytest.raises(Invalid, match="Say how you know"):
        say_not_live(house.approver, question, send_again=False, reason="  ")
    with pytest.raises(Invalid, match="Paste the address"):
        say_live(house.approver, question, " ")


def test_where_there_is_no_question_there_is_no_verdict(house: House, worker: db.Database, script):
    row = make_due(house)
    with pytest.raises(Refused, match="no open question"):
        say_not_live(house.approver, row.id, send_again=False)


def test_an_answer_found_while_the_person_decides_wins(house: House, worker: db.Database, script):
    question = ask(house, worker, script)

    def meanwhile() -> Any:
        with worker.organization_transaction(house.organization_id, "program:sender") as session:
            attempt = store.unresolved_attempt(session, question)
            assert attempt is not None
            store.close_attempt(session, attempt.id, rules.AttemptState.ACCEPTED, provider_ref="77_9")
            store.close_as_published(session, question, provider_post_id="77_9", permalink=None)
        return seen()

    script(read=meanwhile)
    with pytest.raises(Conflict, match="Somebody answered this meanwhile"):
        say_not_live(house.approver, question, send_again=True)
    assert again(house.author, question).state is _S.PUBLISHED


@pytest.mark.parametrize("live", [True, False])
def test_whose_role_is_lowered_while_the_network_is_asked_gives_no_verdict(
    live: bool, house: House, worker: db.Database, script
):
    question = ask(house, worker, script)

    def lowered() -> Any:
        member = house.approver.member_id
        tamper(house.organization_id, "update masthead.member set role = 'editor' where id = %(id)s", id=member)
        return seen(live_post("77_1", "x")) if live else seen()

    script(read=lowered)
    verdict = partial(say_live, post="77_1") if live else partial(say_not_live, send_again=True)
    with pytest.raises(NotAllowed, match="takes an approver"):
        verdict(house.approver, question)
    assert again(house.author, question).state is _S.NEEDS_HUMAN
    assert len(reads(house.author, question)) == 5, "what was read stays"


@pytest.mark.parametrize("verdict", ["live", "send again", "give up"])
def test_a_look_from_before_another_try_decides_nothing_about_it(
    verdict: str, house: House, worker: db.Database, script
):
    question = ask(house, worker, script)
    looked_at = in_doubt(house.approver, question)
    say_not_live(house.approver, question, send_again=True)
    leave_unclear(worker, house, question)
    assert read_until_settled(worker, house.approver, question) is _S.NEEDS_HUMAN
    let_deadline_pass(house)
    publisher = script(read=seen(live_post("77_1", "x")) if verdict == "live" else seen())
    say = (
        partial(commands.resolve_live, post="77_1", reason="I see it.")
        if verdict == "live"
        else partial(commands.resolve_not_live, send_again=verdict == "send again", reason="Not there.")
    )
    with pytest.raises(Conflict, match="It was sent again since you looked"):
        say(house.approver, uuid4(), question, attempt_id=looked_at)
    assert [each.state for each in attempts(house.author, question)] == ["proven_absent", "unknown"]
    assert (again(house.author, question).state, publisher.asked) == (_S.NEEDS_HUMAN, [])
    say(house.approver, uuid4(), question, attempt_id=in_doubt(house.approver, question))
    assert again(house.author, question).needs is None


def test_a_second_click_gets_the_first_answer(house: House, worker: db.Database, script):
    question, action = ask(house, worker, script), uuid4()
    click = partial(
        commands.resolve_not_live,
        *(house.approver, action, question),
        attempt_id=in_doubt(house.approver, question),
        send_again=True,
        reason="Not there.",
    )
    first, again_ = click(), click()
    assert (again_.publication_ids, again_.words) == (first.publication_ids, first.words)
    assert len(history(house.approver, "publication", question)) == 1


def test_two_clicks_at_once_are_one_verdict(house: House, worker: db.Database, script):
    question, action, together = ask(house, worker, script), uuid4(), threading.Barrier(2)
    answers: list[Changed] = []
    say = partial(
        commands.resolve_not_live,
        *(house.approver, action, question),
        attempt_id=in_doubt(house.approver, question),
        send_again=False,
        reason="Not there.",
    )
    script(read=lambda: (together.wait(5), seen())[1])

    def click() -> None:
        answers.append(say())

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.words for answer in answers] == ["It is closed as cancelled."] * 2
    assert len(history(house.approver, "publication", question)) == 1


def test_two_clicks_of_live_are_one_verdict(house: House, worker: db.Database, script):
    question, action, together = ask(house, worker, script), uuid4(), threading.Barrier(2)
    live = seen(live_post("77_1", "x"))
    answers: list[Changed] = []
    say = partial(
        commands.resolve_live,
        *(house.approver, action, question),
        attempt_id=in_doubt(house.approver, question),
        post="77_1",
        reason="I see it.",
    )
    script(read=lambda: (together.wait(5), live)[1])

    def click() -> None:
        answers.append(say())

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.words for answer in answers] == ["It is closed as published."] * 2
    assert say().words


def test_a_disconnected_account_can_be_given_up_and_not_sent_to_again(house: House, worker: db.Database, script):
    question = ask(house, worker, script)
    tamper(house.organization_id, "update masthead.account set state = 'disabled'")
    with pytest.raises(Refused, match=r"could not be read to make sure: Disconnected.*Connect it again"):
        say_not_live(house.approver, question, send_again=True)
    say_not_live(house.approver, question, send_again=False)
    assert again(house.author, question).state is _S.CANCELLED


def disconnect(house: House, _worker: db.Database) -> None:
    accounts.disconnect(house.approver, uuid4(), account_id=house.page.account.id)


def release(house: House, worker: db.Database) -> None:
    with acting_as(worker):
        accounts.release("facebook", house.page.id)


@pytest.fixture
def not_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The grants of these tests are none that the network knows."""
    monkeypatch.setattr("core.accounts.disconnecting.give_back", lambda *_: None)


@pytest.mark.usefixtures("not_given_back")
@pytest.mark.parametrize("take_out", [disconnect, release])
def test_of_a_disconnected_account_the_persons_word_counts_with_the_address_as_its_proof(
    take_out: Callable[[House, db.Database], None], house: House, worker: db.Database, script
):
    question = ask(house, worker, script)
    take_out(house, worker)
    publisher = script(read=seen())
    say_live(house.approver, question, "https://network.example/77_1", reason="I see it on the Page.")
    now, (attempt,) = again(house.author, question), attempts(house.author, question)
    assert (now.state, now.provider_post_id, now.needs) == (_S.PUBLISHED, None, None)
    assert now.proof is not None
    assert (now.proof["verdict_by"], now.proof["post"]) == (house.approver.label, "https://network.example/77_1")
    assert (attempt.state, attempt.verdict_by) == ("accepted", house.approver.label)
    assert evidence(house.author, question).link == "https://network.example/77_1"
    assert publisher.asked == []


@pytest.mark.usefixtures("not_given_back")
def test_another_publications_post_is_refused_on_a_disconnected_account_too(house: House, worker: db.Database, script):
    first = make_due(house, words="Every Monday.", ago_s=1)
    script(Published("77_1", 200, permalink="https://network.example/77_1"))
    send_one(worker, first.id)
    question = ask(house, worker, script, words="Another one.")
    disconnect(house, worker)
    for named in ("77_1", "https://network.example/77_1"):
        with pytest.raises(Refused, match="belongs to another publication"):
            say_live(house.approver, question, named)
    assert again(house.author, question).state is _S.NEEDS_HUMAN


def test_an_account_that_must_be_connected_again_is_read_before_a_persons_word_counts(
    house: House, worker: db.Database, script
):
    question = ask(house, worker, script)
    tamper(house.organization_id, "update masthead.account set state = 'auth_broken', state_reason = 'Gone.'")
    with pytest.raises(Refused) as refused:
        say_live(house.approver, question, "77_1")
    assert refused.value.message == (
        "The account could not be read to check that: Reconnect needed: Gone. Connect it again on the Accounts page."
    )


def test_a_post_that_another_publication_takes_meanwhile_is_refused(
    house: House, worker: db.Database, script, monkeypatch: pytest.MonkeyPatch
):
    first = make_due(house, ago_s=1)
    script(Published("77_1", 200))
    send_one(worker, first.id)
    question = ask(house, worker, script)
    script(read=seen(live_post("77_1", "x")))
    monkeypatch.setattr(read_rows, "names_of_others", lambda *_: set())
    with pytest.raises(Refused, match="belongs to another publication of this account by now"):
        say_live(house.approver, question, "77_1")
    assert again(house.author, question).state is _S.NEEDS_HUMAN


def test_a_post_from_before_the_send_is_not_the_one(house: House, worker: db.Database, script):
    question = ask(house, worker, script)
    script(read=seen(live_post("77_1", "x", at=datetime(2020, 1, 1, tzinfo=UTC))))
    with pytest.raises(Refused, match="no such post"):
        say_live(house.approver, question, "77_1")


def test_the_id_of_another_action_gets_no_verdict(house: House, worker: db.Database, script):
    question, action = ask(house, worker, script), uuid4()
    looked_at = in_doubt(house.approver, question)
    script(read=seen(live_post("77_1", again(house.author, question).payload["text"])))
    commands.resolve_live(house.approver, action, question, attempt_id=looked_at, post="77_1", reason="I see it.")
    with pytest.raises(Conflict, match="another way"):
        commands.resolve_not_live(
            house.approver, action, question, attempt_id=looked_at, send_again=False, reason="Not there."
        )
