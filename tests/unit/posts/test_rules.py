"""The words people read and what an edit costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from core.accounts.rules import Pause, PauseScope
from core.posts import rules
from core.posts.rules import FINAL, GRAVEST_FIRST, SHOWN, TRANSITIONS, Needs, PublicationState, Word

WRITTEN = {
    PublicationState.DRAFT: "Draft",
    PublicationState.IN_REVIEW: "In review",
    PublicationState.CHANGES_REQUESTED: "Changes requested",
    PublicationState.APPROVED: "Approved",
    PublicationState.SCHEDULED: "Scheduled",
    PublicationState.QUEUED: "Sending",
    PublicationState.CLAIMED: "Sending",
    PublicationState.SENDING: "Sending",
    PublicationState.UNKNOWN: "Checking",
    PublicationState.NEEDS_HUMAN: "Needs you",
    PublicationState.PUBLISHED: "Published",
    PublicationState.FAILED: "Failed",
    PublicationState.CANCELLED: "Cancelled",
}


PAUSE = Pause(
    id=UUID(int=1),
    scope=PauseScope.ORGANIZATION,
    provider=None,
    account_id=None,
    name="",
    reason="A recall",
    by="Ana",
    since=datetime(2026, 11, 26, 13, 5, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("change", "words", "who"),
    [
        ({}, "Publishing is paused for the whole organization by Ana", "An admin"),
        (
            {"scope": PauseScope.PROVIDER, "name": "LinkedIn"},
            "Publishing to LinkedIn is paused here by Ana",
            "An admin",
        ),
        ({"scope": PauseScope.ACCOUNT, "name": "Acme"}, "Acme is paused by Ana", "An approver"),
    ],
)
def test_a_pause_is_said_with_who_since_when_and_why(change: dict[str, Any], words: str, who: str) -> None:
    pause = replace(PAUSE, **change)
    assert (
        rules.paused_words(pause, "Europe/Madrid") == f"{words} since Thu 26 Nov 2026, 14:05 (Europe/Madrid): A recall."
    )
    assert rules.paused_words(replace(pause, reason="Why?"), "Europe/Madrid").endswith(": Why?")
    assert rules.who_resumes([pause]) == f"{who} can resume it on Accounts."


def shown(*words: Word) -> list[rules.Shown]:
    return [SHOWN[word] for word in words]


def test_every_state_has_the_word_of_the_product_rules() -> None:
    assert {state: rules.words(state, None, "active", False).label for state in PublicationState} == WRITTEN


@pytest.mark.parametrize("account_state", ["auth_broken", "disabled"])
def test_only_what_is_scheduled_is_held_by_its_account(account_state: str) -> None:
    read = {state: rules.words(state, None, account_state, False).label for state in PublicationState}
    assert read == {**WRITTEN, PublicationState.SCHEDULED: "Held"}


def test_a_pause_holds_what_is_scheduled() -> None:
    assert rules.words(PublicationState.SCHEDULED, None, "active", True).label == "Held"


@pytest.mark.parametrize(
    ("needs", "detail"),
    [(Needs.OUTCOME, "live or not?"), (Needs.LATE, "late"), (Needs.APPROVAL, "not approved in time")],
)
def test_needs_you_says_what_for(needs: Needs, detail: str) -> None:
    read = rules.words(PublicationState.NEEDS_HUMAN, needs, "active", False)
    assert (read.label, read.detail) == ("Needs you", detail)


def test_every_word_has_its_own_label_and_icon_and_a_place_in_the_order() -> None:
    assert set(SHOWN) == set(Word) == set(GRAVEST_FIRST)
    assert len({each.label for each in SHOWN.values()}) == len({each.icon for each in SHOWN.values()}) == len(Word)


def test_a_post_shows_the_gravest_word() -> None:
    assert rules.gravest(shown(Word.PUBLISHED, Word.SCHEDULED)).label == "Scheduled"
    assert rules.gravest(shown(Word.PUBLISHED, Word.CANCELLED)).label == "Published"
    assert rules.gravest(shown(Word.FAILED, Word.NEEDS_YOU, Word.HELD)).label == "Needs you"
    assert rules.gravest([]).label == "Draft"


def test_progress_is_told_once_something_is_published_of_several() -> None:
    assert rules.progress(shown(Word.PUBLISHED, Word.PUBLISHED, Word.FAILED)) == "2 of 3 published"
    assert rules.progress(shown(Word.PUBLISHED)) is None
    assert rules.progress(shown(Word.FAILED, Word.FAILED)) is None


def test_what_was_deleted_at_its_network_stays_published_and_says_so() -> None:
    live, gone = SHOWN[Word.PUBLISHED], rules.deleted(SHOWN[Word.PUBLISHED])
    assert (gone.word, gone.words) == (Word.PUBLISHED, "Published: deleted")
    assert rules.gravest([gone, gone]) == gone
    assert rules.gravest([gone, live]) == live
    assert rules.progress([gone, live, SHOWN[Word.FAILED]]) == "2 of 3 published, 1 deleted"


def test_what_is_at_risk_says_so_where_there_is_room_for_one_word() -> None:
    at_risk = rules.words(PublicationState.SCHEDULED, None, "active", paused=False, risk="Its version ends.")
    assert (at_risk.word, at_risk.words, at_risk.brief) == (Word.SCHEDULED, "Scheduled: at risk", "At risk")
    live = SHOWN[Word.PUBLISHED]
    assert (rules.deleted(live).brief, rules.not_shown(live).brief) == ("Deleted", "Not shown")
    late = rules.words(PublicationState.NEEDS_HUMAN, rules.Needs.LATE, "active", paused=False)
    assert (late.words, late.brief) == ("Needs you: late", "Needs you")
    assert SHOWN[Word.SCHEDULED].brief == "Scheduled"


def test_what_a_network_took_and_does_not_show_stays_published_and_says_so() -> None:
    live, hidden = SHOWN[Word.PUBLISHED], rules.not_shown(SHOWN[Word.PUBLISHED])
    assert (hidden.word, hidden.words, hidden.color) == (Word.PUBLISHED, "Published: not shown", "red")
    assert rules.gravest([live, hidden]) == hidden
    assert rules.progress([live, hidden]) == "2 of 2 published, 1 not shown"
    gone = rules.deleted(live)
    assert rules.progress([live, gone, hidden]) == "3 of 3 published, 1 deleted, 1 not shown"


def test_final_states_lead_nowhere_and_all_others_somewhere() -> None:
    leaving = {before for before, _ in TRANSITIONS}
    assert leaving == set(PublicationState) - FINAL


def test_only_programs_send() -> None:
    for (before, after), by_person in TRANSITIONS.items():
        if before in rules.BEING_SENT or after in rules.BEING_SENT | {PublicationState.UNKNOWN}:
            assert not by_person, (before, after)


def test_the_words_are_fixed_exactly_when_something_may_be_on_its_way_or_live() -> None:
    fixed = {state for state in PublicationState if rules.why_fixed(state, None, "Acme")}
    assert fixed == rules.BEING_SENT | {PublicationState.UNKNOWN, PublicationState.PUBLISHED}
    assert rules.why_fixed(PublicationState.NEEDS_HUMAN, Needs.OUTCOME, "Acme") is not None
    assert rules.why_fixed(PublicationState.NEEDS_HUMAN, Needs.LATE, "Acme") is None


def test_what_can_change_back_to_draft_is_what_an_edit_may_touch() -> None:
    """Every state whose words aren't fixed and that isn't over can be moved to draft by a person."""
    movable = {before for (before, after), by_person in TRANSITIONS.items() if by_person and after == "draft"}
    open_ones = {state for state in PublicationState if not rules.why_fixed(state, None, "") and state not in FINAL}
    assert movable | {PublicationState.DRAFT} == open_ones


@pytest.mark.parametrize(
    ("state", "needs", "account_state", "paused", "error", "link_known", "words"),
    [
        (
            "scheduled",
            None,
            "disabled",
            True,
            "",
            False,
            "Acme is disconnected. Connect it again on Accounts, or cancel",
        ),
        ("scheduled", None, "strange", False, "", False, "Acme can't send now."),
        ("scheduled", None, "active", True, "", False, "Publishing is paused for the whole organization by"),
        ("scheduled", None, "active", False, "Timeout.", False, "It will be tried again by itself. Timeout."),
        ("scheduled", None, "active", False, "", False, ""),
        ("unknown", None, "active", False, "", False, "The network gave no clear answer."),
        ("needs_human", Needs.LATE, "active", False, "", False, "Its time passed before it could be sent"),
        ("needs_human", Needs.APPROVAL, "active", False, "", False, "Not approved in time"),
        ("needs_human", Needs.OUTCOME, "active", False, "", False, "We can't tell whether this is live."),
        ("failed", None, "active", False, "Too long. Shorten it.", False, "Too long. Shorten it."),
        ("failed", None, "active", False, "", False, "The network refused it."),
        ("published", None, "active", False, "", False, "It is live; its link isn't found yet."),
        ("published", None, "active", False, "", True, ""),
        ("draft", None, "active", True, "", False, ""),
    ],
)
def test_the_sentence_beside_a_state_says_why_and_what_to_do(
    state: str, needs: Needs | None, account_state: str, paused: bool, error: str, link_known: bool, words: str
) -> None:
    said = rules.because(
        PublicationState(state),
        needs,
        account_state,
        "Acme",
        pauses=(PAUSE,) if paused else (),
        zone="Europe/Madrid",
        error=error,
        link_known=link_known,
    )
    assert said.startswith(words)
    assert bool(said) == bool(words)


@pytest.mark.parametrize("needs", [Needs.LATE, Needs.APPROVAL])
@pytest.mark.parametrize("unproven", [False, True])
def test_nothing_says_that_nothing_was_sent(needs: Needs, unproven: bool) -> None:
    said = rules.because(
        PublicationState.NEEDS_HUMAN,
        needs,
        "active",
        "Acme",
        pauses=(),
        zone="Europe/Madrid",
        error="",
        link_known=False,
        unproven=unproven,
    )
    assert said
    assert "nothing was sent" not in said


@pytest.mark.parametrize(
    ("state", "needs", "says_so"),
    [
        ("draft", None, True),
        ("in_review", None, True),
        ("approved", None, True),
        ("failed", None, True),
        ("needs_human", Needs.LATE, True),
        ("needs_human", Needs.APPROVAL, True),
        ("needs_human", Needs.OUTCOME, False),
        ("scheduled", None, False),
        ("published", None, False),
    ],
)
def test_only_what_a_press_would_send_says_that_it_comes_from_a_backup(
    state: str, needs: Needs | None, says_so: bool
) -> None:
    said = rules.from_backup(PublicationState(state), needs)
    assert said == (
        "This comes from a backup: it may have been sent since. Look at the account first." if says_so else ""
    )
