"""The desk: what nobody knows to be live, with everything that was read, and deciding it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console import identity
from console.dialogs import Asked
from core.infra import db
from core.infra.actor import Role
from core.infra.settings import Settings
from core.posts.model import Publication
from core.posts.rules import Needs, PublicationState
from core.provider_kit.types import Published, ReadBack
from tests.console.driving import Tab
from tests.console.people import someone
from tests.factories.organizations import make_signed_in
from tests.factories.publishing import (
    House,
    ScriptedPublisher,
    again,
    attempts,
    check_one,
    leave_unclear,
    let_pass,
    live_post,
    make_due,
    make_quiet_house,
    read_until_settled,
    reads,
    say_not_live,
    seen,
    send_one,
    sweep,
    tamper,
    use_owner,
)

WORDS = "The same cup, twice."


@pytest.fixture
def house(settings: Settings, committed_database: db.Database, worker_database: db.Database) -> House:
    use_owner(settings.owner_url())
    return make_quiet_house()


def shows(monkeypatch: pytest.MonkeyPatch, *answers: Any, read: ReadBack | None = None) -> None:
    """What the network does and shows from now on."""
    publisher = ScriptedPublisher(*answers, read=read)
    monkeypatch.setattr("core.providers.publisher", lambda _network: publisher)


def in_question(house: House, worker: db.Database, *, asked: bool = True) -> Publication:
    """A publication with an unclear outcome, old enough to be decided; `asked` False: it is still being read."""
    row = make_due(house, words=WORDS)
    leave_unclear(worker, house, row.id)
    state = read_until_settled(worker, house.approver, row.id) if asked else check_one(worker, row.id)
    assert state is (PublicationState.NEEDS_HUMAN if asked else PublicationState.UNKNOWN)
    let_all_deadlines_pass(house)
    return row


def let_all_deadlines_pass(house: House) -> None:
    """Nothing can still be sending anything."""
    tamper(
        house.organization_id,
        "update masthead.attempt set send_deadline = clock_timestamp() - interval '3 min' where state = 'unknown'",
    )


def tab_of(house: House, role: Role) -> Tab:
    return Tab(someone(house.organization_id, role)[0])


def opened(tab: Tab, house: House, verb: str, row: Publication, named: str = "") -> Tab:
    """Open a dialog about the try in doubt although its button can't be pressed."""
    (attempt,) = attempts(house.approver, row.id)
    tab.app.session_state["publication_dialog"] = Asked(verb, row.id, attempt.id, named)
    return tab.again()


def confirm(tab: Tab, verb: str) -> None:
    """Write the reason in the dialog that is open, and press its own button."""
    tab.app.text_input(key="live_reason" if verb == "live" else "not_live_reason").set_value("I looked.")
    tab.act_in_dialog().app.button(key="dialog_confirm").click()
    tab.act_in_dialog()


def test_two_that_look_alike_and_another_publications_are_all_shown_and_none_is_preselected(
    house: House, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_due(house, words="Somebody else's.")
    shows(monkeypatch, Published("77_3", 200))
    send_one(worker_database, other.id)
    found = seen(live_post("77_1", WORDS), live_post("77_2", WORDS), others=(live_post("77_3", "Somebody else's."),))
    shows(monkeypatch, read=found)
    row = in_question(house, worker_database)

    tab = tab_of(house, Role.APPROVER).open("unclear")

    assert "Unclear  :red-badge[1]" in tab.menu
    cards = [f"this_{row.id}_{number}" for number in range(3)]
    assert [tab.button(key).disabled for key in cards] == [False, False, True]
    assert tab.button(cards[2]).help == "It belongs to another publication\\."
    assert tab.words.count("The same words") == 2
    assert tab.component("unclear_preview")["post"]["text"] == WORDS
    tab.press(cards[1])
    assert "It is the post **77_2**" in tab.words
    assert "Its words are not those that were sent" not in tab.words
    confirm(tab, "live")
    now, (attempt,) = again(house.author, row.id), attempts(house.author, row.id)
    assert (now.state, now.provider_post_id, attempt.state) == (PublicationState.PUBLISHED, "77_2", "accepted")
    assert "Nothing is unclear" in tab.words


def test_sending_again_says_the_risk_and_goes_out_once(
    house: House, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows(monkeypatch, read=seen())
    row = in_question(house, worker_database)
    move = "update masthead.attempt set send_deadline = clock_timestamp() {} interval '3 min' where state = 'unknown'"
    tamper(house.organization_id, move.format("+"))
    tab = tab_of(house, Role.APPROVER).open("unclear")
    assert tab.button(f"resend_{row.id}").disabled
    assert "that it is not live can be said in" in tab.words
    tamper(house.organization_id, move.format("-"))
    assert "can be said" not in tab.open("unclear").words
    assert tab.words.count("none with this text") == 4
    tab.press(f"resend_{row.id}")
    assert "the post will be live twice" in tab.words
    confirm(tab, "resend")
    now = again(house.author, row.id)
    assert (now.state, [each.state for each in attempts(house.author, row.id)]) == (
        PublicationState.SCHEDULED,
        ["proven_absent"],
    )


def test_what_was_to_be_sent_again_and_is_late_is_neither_sent_nor_moved_from_its_page_or_home(
    house: House, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows(monkeypatch, read=seen())
    row = in_question(house, worker_database)
    say_not_live(house.approver, row.id, send_again=True)
    let_pass(house.approver, row.id, not_after="clock_timestamp()")
    assert sweep(worker_database) == {row.id: "needs_human"}
    tab = tab_of(house, Role.APPROVER).open("post", post=str(row.post_id))
    assert "Nothing proves that an earlier try isn't live." in tab.words
    assert not tab.has_button("publish_post")
    assert not tab.has_button("reschedule_post")
    assert not tab.button(f"cancel_{row.id}").disabled
    assert not tab.button("duplicate_post").disabled
    (line,) = tab.open().component("home_items")["items"]
    assert (line["group"], line["action"]) == ("Needs a person 1", "Open")


def test_giving_up_closes_it_as_cancelled(
    house: House, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows(monkeypatch, read=seen())
    row = in_question(house, worker_database)
    tab = tab_of(house, Role.APPROVER).open("unclear", post=str(row.post_id))
    tab.press(f"give_up_{row.id}")
    confirm(tab, "give_up")
    assert again(house.author, row.id).state is PublicationState.CANCELLED


def test_an_old_sign_in_decides_nothing_and_leads_to_a_new_one(
    house: House, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows(monkeypatch, read=seen(live_post("77_1", WORDS), live_post("77_2", WORDS)))
    row = in_question(house, worker_database)
    sign_in, _ = make_signed_in(house.organization_id, Role.APPROVER, age_s=20 * 60)
    tab = Tab(sign_in).open("unclear")
    keys = [f"live_{row.id}", f"resend_{row.id}", f"give_up_{row.id}", f"this_{row.id}_0"]
    assert all(tab.button(key).disabled and "Sign in again" in tab.button(key).help for key in keys)
    assert not tab.button(f"sign_in_again_{row.id}").disabled
    assert "Deciding takes a sign-in of the last 15 minutes" in tab.words
    assert "of the last 15 minutes" in tab.button(keys[0]).help
    # What a page shows is not what protects: the command refuses too.
    confirm(opened(tab, house, "live", row, "77_1"), "live")
    assert "signed in within the last 15 minutes" in tab.words
    assert again(house.author, row.id).needs is Needs.OUTCOME


def test_a_sign_in_for_which_nobody_may_have_been_asked_decides_nothing_and_signing_in_again_does(
    house: House, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cookie deleted at an open screen, then "Sign in": the service still knows the browser and asks nothing."""
    shows(monkeypatch, read=seen(live_post("77_1", WORDS), live_post("77_2", WORDS)))
    row = in_question(house, worker_database)

    def made_by(section: str) -> Tab:
        sign_in, _ = make_signed_in(house.organization_id, Role.APPROVER, auth_time=None, provider=section)
        return Tab(sign_in).open("unclear")

    tab = made_by(identity.PROVIDER)
    assert tab.button(f"live_{row.id}").disabled
    assert tab.has_button(f"sign_in_again_{row.id}")
    confirm(opened(tab, house, "live", row, "77_1"), "live")
    assert "signed in within the last 15 minutes" in tab.words
    assert again(house.author, row.id).needs is Needs.OUTCOME

    tab = made_by(identity.AGAIN)
    assert not tab.has_button(f"sign_in_again_{row.id}")
    confirm(tab.press(f"this_{row.id}_0"), "live")
    assert again(house.author, row.id).state is PublicationState.PUBLISHED


@pytest.mark.parametrize(("verb", "field"), [("live", "live_reason"), ("resend", "not_live_reason")])
def test_a_refused_verdict_says_why_in_its_dialog_and_keeps_what_was_typed(
    house: House, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch, verb: str, field: str
) -> None:
    shows(monkeypatch, read=seen(live_post("77_1", WORDS), live_post("77_2", WORDS)))
    row = in_question(house, worker_database)
    sign_in, _ = make_signed_in(house.organization_id, Role.APPROVER, age_s=20 * 60)
    tab = Tab(sign_in).open("unclear")
    confirm(opened(tab, house, verb, row, "77_1" if verb == "live" else ""), verb)
    assert any("signed in within the last 15 minutes" in each.value for each in tab.app.warning)
    assert tab.app.text_input(key=field).value == "I looked."
    assert not tab.has("trouble_bar")


def test_a_dialog_stays_with_what_was_typed_while_the_desk_moves_on_and_then_it_is_followed_again(
    house: House, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows(monkeypatch, read=seen())
    row = in_question(house, worker_database)
    tab = tab_of(house, Role.APPROVER).open("unclear")

    def is_read_in(minutes: int) -> None:
        let_pass(house.approver, row.id, next_action_at=f"clock_timestamp() + interval '{minutes} min 30 s'")

    is_read_in(20)
    assert note_in_the_list(tab.wait()) == "read again in 20 min"
    tab.press(f"live_{row.id}")
    tab.app.text_input(key="live_reason").set_value("It stands there, but")
    is_read_in(40)
    tab.wait().wait()
    assert tab.app.text_input(key="live_reason").value == "It stands there, but"
    assert note_in_the_list(tab) == "read again in 20 min"
    assert note_in_the_list(tab.press("dialog_back")) == "read again in 40 min"
    assert not tab.has_button("dialog_back")
    is_read_in(50)
    assert note_in_the_list(tab.wait()) == "read again in 50 min"


def test_a_dialog_that_broke_holds_nothing_up(
    house: House, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows(monkeypatch, read=seen())
    row = in_question(house, worker_database)
    tab = tab_of(house, Role.APPROVER).open("unclear")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    tab.press(f"live_{row.id}")
    monkeypatch.setattr("console.dialogs.confirm", broken)
    tab.wait()
    let_pass(house.approver, row.id, next_action_at="clock_timestamp() + interval '50 min 30 s'")
    assert note_in_the_list(tab.wait()) == "read again in 50 min"


def test_a_dialog_stays_with_what_was_typed_when_more_can_be_said(
    house: House, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows(monkeypatch, read=seen())
    row = in_question(house, worker_database)
    move = "update masthead.attempt set send_deadline = clock_timestamp() {} interval '3 min' where state = 'unknown'"
    tamper(house.organization_id, move.format("+"))
    tab = tab_of(house, Role.APPROVER).open("unclear").press(f"live_{row.id}")
    tab.app.text_input(key="live_reason").set_value("It stands there, but")
    later = datetime.now(UTC) + timedelta(hours=1)
    monkeypatch.setattr("console.questions.now", lambda: later)
    assert tab.wait().app.text_input(key="live_reason").value == "It stands there, but"
    assert tab.button(f"resend_{row.id}").disabled
    assert not tab.press("dialog_back").button(f"resend_{row.id}").disabled


def test_whoever_may_not_decide_sees_everything_and_reads_why(
    house: House, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows(monkeypatch, read=seen(live_post("77_1", WORDS), live_post("77_2", WORDS)))
    row = in_question(house, worker_database)
    for role in (Role.VIEWER, Role.EDITOR):
        tab = tab_of(house, role).open("unclear")
        assert "Unclear" in tab.menu
        assert tab.words.count("The same words") == 2
        assert all(tab.button(f"{verb}_{row.id}").disabled for verb in ("live", "resend", "give_up"))
        assert "an approver" in tab.button(f"live_{row.id}").help
        assert not tab.has_button(f"sign_in_again_{row.id}")


def test_what_is_still_read_is_shown_with_what_was_read_and_nothing_to_decide(
    house: House, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows(monkeypatch, read=seen())
    row = in_question(house, worker_database, asked=False)
    tab = tab_of(house, Role.APPROVER)
    for page, parameters in (("unclear", {}), ("post", {"post": str(row.post_id)})):
        tab.open(page, **parameters)
        assert "Saw 0 posts, none with this text." in tab.words
        assert not tab.has_button(f"live_{row.id}")
    assert len(reads(house.author, row.id)) == 1


def test_the_list_says_what_is_to_decide_and_what_is_still_checked(
    house: House, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows(monkeypatch, read=seen())
    row = in_question(house, worker_database, asked=False)
    tab = tab_of(house, Role.APPROVER).open("unclear")
    assert note_in_the_list(tab) == "Checking"
    let_pass(house.approver, row.id, next_action_at="clock_timestamp()")
    assert read_until_settled(worker_database, house.approver, row.id) is PublicationState.NEEDS_HUMAN
    let_pass(house.approver, row.id, next_action_at="clock_timestamp() + interval '20 min 30 s'")
    assert note_in_the_list(tab.open("unclear")) == "read again in 20 min"
    let_pass(house.approver, row.id, next_action_at="clock_timestamp() - interval '6 min'")
    assert note_in_the_list(tab.open("unclear")) == "being read again"
    assert "being read again" in tab.words


def note_in_the_list(tab: Tab) -> str:
    (note,) = [str(row["note"]) for group in tab.component("unclear_list")["groups"] for row in group["rows"]]
    return note


@pytest.mark.parametrize("verb", ["live", "resend", "give_up"])
def test_a_verdict_on_one_try_is_none_on_the_next_and_what_was_typed_stays(
    house: House, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    shows(monkeypatch, read=seen())
    row = in_question(house, worker_database)
    slow, quick = (tab_of(house, Role.APPROVER).open("unclear").press(f"{verb}_{row.id}") for _ in range(2))
    confirm(quick.press("dialog_back").press(f"resend_{row.id}"), "resend")
    leave_unclear(worker_database, house, row.id)
    assert read_until_settled(worker_database, house.approver, row.id) is PublicationState.NEEDS_HUMAN
    let_all_deadlines_pass(house)

    shows(monkeypatch, read=seen(live_post("77_1", WORDS)) if verb == "live" else seen())
    if verb == "live":
        slow.app.text_input(key="live_post").set_value("77_1")
    confirm(slow, verb)

    assert any("It was sent again since you looked" in each.value for each in slow.app.warning)
    field = "live_reason" if verb == "live" else "not_live_reason"
    assert slow.app.text_input(key=field).value == "I looked."
    assert again(house.author, row.id).needs is Needs.OUTCOME
    assert [each.state for each in attempts(house.author, row.id)] == ["proven_absent", "unknown"]


def test_a_post_that_says_something_else_is_taken_with_a_warning(
    house: House, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows(monkeypatch, read=seen(others=(live_post("77_3", "Somebody else's."),)))
    row = in_question(house, worker_database)
    tab = tab_of(house, Role.APPROVER).open("unclear")
    tab.press(f"this_{row.id}_0")
    assert "Its words are not those that were sent." in tab.words


def test_of_a_disconnected_account_the_dialog_says_that_the_persons_word_counts(
    house: House, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows(monkeypatch, read=seen())
    row = in_question(house, worker_database)
    tab = tab_of(house, Role.APPROVER).open("unclear")
    tab.press(f"live_{row.id}")
    assert "The network is asked before it counts." in tab.words
    tamper(house.organization_id, "update masthead.account set state = 'disabled', state_reason = 'disconnected'")
    tab = tab_of(house, Role.APPROVER).open("unclear")
    tab.press(f"live_{row.id}")
    assert "The network is asked before it counts." not in tab.words
    assert "your word counts, with the link as its proof" in tab.words


def test_home_leads_to_the_desk(house: House, worker_database: db.Database, monkeypatch: pytest.MonkeyPatch) -> None:
    shows(monkeypatch, read=seen())
    row = in_question(house, worker_database)
    (item,) = tab_of(house, Role.APPROVER).open("").component("home_items")["items"]
    assert (item["action"], item["href"]) == ("Decide", f"/unclear?post={row.post_id}")
