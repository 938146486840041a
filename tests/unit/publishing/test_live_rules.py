from __future__ import annotations

from datetime import timedelta

import pytest

from core.provider_kit.errors import (
    NotSent,
    OutcomeUnknown,
    ReconnectNeeded,
    Rejected,
    RetryLater,
    Throttled,
    Unreadable,
)
from core.provider_kit.throttle import Scope, Usage
from core.publishing import live_rules
from core.publishing.live_rules import Kind, LiveState, Look, Next

STEPS = (5.0, 15.0, 60.0)
SPACING = (15.0, 60.0, 600.0)


def after(kind: Kind, failure: BaseException, *, tries: int = 1, waited: timedelta = timedelta()) -> Next:
    return live_rules.after_failure(
        kind, failure, tries=tries, waited=waited, steps=STEPS, first_read_s=15.0, random=0.0
    )


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (NotSent("Away."), LiveState.WAITING),
        (RetryLater("Busy.", after_s=90), LiveState.WAITING),
        (Throttled(Usage(Scope.ACCOUNT, 96)), LiveState.WAITING),
        (Unreadable("No key."), LiveState.WAITING),
        (ReconnectNeeded("A permission is missing."), LiveState.FAILED),
        (Rejected("Too long."), LiveState.FAILED),
    ],
)
def test_what_provably_did_nothing_is_tried_again_or_is_a_persons_to_mend(
    kind: Kind, failure: BaseException, state: LiveState
) -> None:
    to = after(kind, failure)
    assert to.state is state
    assert (to.wait_s is None) == (state is LiveState.FAILED)
    assert to.wait_s != 0


def test_a_refused_text_is_told_what_can_be_done_about_a_post_that_is_live_already() -> None:
    refused = Rejected("The network doesn't allow it.", how_to_fix="Change the post and send it again.")
    assert after(Kind.EDIT, refused).fix == live_rules.AS_IT_WAS
    assert after(Kind.COMMENT, refused).fix == "Change the post and send it again."


@pytest.mark.parametrize("failure", [OutcomeUnknown("No answer."), ZeroDivisionError("a bug"), TimeoutError()])
def test_an_unclear_comment_is_looked_for_and_never_written_again_by_that(failure: BaseException) -> None:
    assert after(Kind.COMMENT, failure, tries=99).state is LiveState.CHECKING


@pytest.mark.parametrize("kind", [Kind.EDIT, Kind.DELETE])
def test_an_unclear_change_is_made_again_a_few_times_for_twice_is_as_good_as_once(kind: Kind) -> None:
    unclear = OutcomeUnknown("No answer.")
    states = [after(kind, unclear, tries=tries).state for tries in range(1, live_rules.MOST_UNCLEAR + 1)]
    assert states == [*[LiveState.WAITING] * (live_rules.MOST_UNCLEAR - 1), LiveState.FAILED]
    assert "no harm" in after(kind, unclear, tries=live_rules.MOST_UNCLEAR).fix


def test_the_network_is_waited_for_as_long_as_it_says_but_a_day_at_most() -> None:
    assert after(Kind.COMMENT, RetryLater("Busy.", after_s=90)).wait_s == 90
    assert after(Kind.COMMENT, NotSent("Away."), tries=2).wait_s == 15
    late = after(Kind.COMMENT, RetryLater("Busy."), waited=timedelta(days=1))
    assert (late.state, late.words) == (LiveState.FAILED, "It waited for more than a day. Busy.")


def looked(*looks: Look, resent: int = 0) -> Next:
    """What the last of these looks settles."""
    absent = sum(look.complete and look.found is None for look in looks)
    return live_rules.after_look(looks[-1], reads=len(looks), absent=absent, resent=resent, spacing=SPACING)


GONE, UNREAD = Look(complete=True), Look(complete=False, words="Busy.")


def test_a_comment_that_is_found_is_done_however_late() -> None:
    for before in ([], [GONE, GONE], [UNREAD, GONE, UNREAD]):
        assert looked(*before, Look(complete=True, found="c-1")) == live_rules.done("c-1")


def test_looks_are_spaced_as_those_for_posts() -> None:
    assert [looked(*[GONE] * count).wait_s for count in (1, 2, 3)] == [15, 60, 600]
    assert {looked(*[GONE] * count).state for count in (1, 2, 3)} == {LiveState.CHECKING}


def test_a_comment_is_written_again_once_when_every_look_saw_all_and_not_it() -> None:
    assert looked(*[GONE] * 4).state is LiveState.WAITING
    assert looked(*[GONE] * 4, resent=1).state is LiveState.NEEDS_HUMAN


@pytest.mark.parametrize("looks", [[UNREAD, GONE, GONE, GONE], [GONE, GONE, GONE, UNREAD]])
def test_where_not_all_could_be_read_a_person_is_asked(looks: list[Look]) -> None:
    assert looked(*looks).state is LiveState.NEEDS_HUMAN


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("state", LiveState)
def test_every_standing_has_words(kind: Kind, state: LiveState) -> None:
    assert live_rules.said(kind, state, "Because.").endswith(".")


def test_a_comment_under_a_post_that_was_taken_away_is_not_called_there() -> None:
    words = live_rules.said(Kind.COMMENT, LiveState.DONE, "", deleted=True)
    assert words == "The first comment was deleted with its post."
    assert live_rules.said(Kind.EDIT, LiveState.DONE, "", deleted=True) == "The text was changed."
