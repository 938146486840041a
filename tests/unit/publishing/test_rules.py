from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.posts.rules import PublicationState
from core.provider_kit.errors import (
    NotReady,
    NotSent,
    OutcomeUnknown,
    ProviderFailure,
    ReconnectNeeded,
    Rejected,
    RetryLater,
    Trace,
    Unreadable,
)
from core.provider_kit.types import LivePost, Payload, Published, ReadBack, canonical_sha256
from core.publishing import rules
from core.publishing.rules import AttemptState, Checked, Outcome, Verdict

_S, _A = PublicationState, AttemptState
STEPS = (5, 15, 60, 300)
POST = Payload(network="facebook", provider_account_id="77", text="Hello")
FINE = Checked(
    approved=True,
    in_window=True,
    account_state="active",
    account_id_at_network="77",
    network="facebook",
    paused=False,
)


def live(post_id: str, permalink: str | None = None) -> LivePost:
    return LivePost(post_id, "Hello", None, datetime(2026, 11, 23, tzinfo=UTC), permalink)


def read(*matches: LivePost, complete: bool = True, **says: Any) -> ReadBack:
    return ReadBack(complete=complete, matches=matches, seen=len(matches), **says)


@pytest.mark.parametrize(
    ("result", "attempt", "state"),
    [
        (Published("77_1", 200), _A.ACCEPTED, _S.PUBLISHED),
        (Published("", 200), _A.UNKNOWN, _S.UNKNOWN),
        (NotSent("x"), _A.NOT_SENT, _S.SCHEDULED),
        (NotReady("x", after_s=5), _A.REJECTED, _S.SCHEDULED),
        (RetryLater("x"), _A.REJECTED, _S.SCHEDULED),
        (ReconnectNeeded("x"), _A.REJECTED, _S.SCHEDULED),
        (Rejected("x"), _A.REJECTED, _S.FAILED),
        (OutcomeUnknown("x"), _A.UNKNOWN, _S.UNKNOWN),
        (ProviderFailure("of a new kind"), _A.UNKNOWN, _S.UNKNOWN),
        (TimeoutError(), _A.UNKNOWN, _S.UNKNOWN),
        (KeyError("x"), _A.UNKNOWN, _S.UNKNOWN),
        (KeyboardInterrupt(), _A.UNKNOWN, _S.UNKNOWN),
    ],
)
def test_only_what_is_proven_goes_anywhere_but_to_a_question(
    result: Published | BaseException, attempt: AttemptState, state: PublicationState
):
    outcome = rules.outcome_of(result)
    assert (outcome.attempt, outcome.state) == (attempt, state)


def test_a_key_that_is_missing_here_is_nothing_the_network_said_and_breaks_no_account():
    missing, dead = rules.outcome_of(Unreadable("x")), rules.outcome_of(ReconnectNeeded("x"))
    assert (missing.attempt, missing.state, missing.reconnect) == (_A.NOT_SENT, _S.SCHEDULED, False)
    assert dead.reconnect


@pytest.mark.parametrize("result", [NotSent("x"), RetryLater("x"), OutcomeUnknown("x"), KeyError("x"), SystemExit()])
def test_before_the_attempt_every_trouble_but_a_refusal_means_later(result: BaseException):
    outcome = rules.before_sending(result)
    assert (outcome.state, outcome.attempt in (_A.NOT_SENT, _A.REJECTED)) == (_S.SCHEDULED, True)
    assert rules.before_sending(Rejected("x")).state is _S.FAILED


def test_what_is_kept_of_a_failure_has_words_and_no_empty_fields():
    trace = Trace(http_status=400, code="100", trace_id="T")
    outcome = rules.outcome_of(Rejected("Too long.", how_to_fix="Shorten it.", trace=trace))
    assert outcome.as_error() == {
        "reason": "Too long.",
        "how_to_fix": "Shorten it.",
        "status": 400,
        "code": "100",
        "trace_id": "T",
    }
    assert rules.outcome_of(Published("77_1", 200)).as_error() is None


def test_waits_grow_stay_at_the_last_step_and_are_spread():
    outcome = rules.outcome_of(NotSent("x"))
    assert [rules.wait_s(outcome, tries, STEPS, 0) for tries in (0, 1, 2, 3, 4, 5, 99)] == [5, 5, 15, 60, 300, 300, 300]
    assert rules.wait_s(outcome, 1, STEPS, 0.999) < 6.25


def test_the_networks_own_wait_is_the_least():
    outcome = rules.outcome_of(RetryLater("x", after_s=100))
    assert rules.wait_s(outcome, 1, STEPS, 0) == 100
    assert 100 < rules.wait_s(outcome, 1, STEPS, 0.999) < 110
    assert rules.wait_s(outcome, 4, STEPS, 0) == 300


def test_the_payload_is_sent_only_if_all_copies_and_hashes_agree():
    stored, sha = POST.as_json(), POST.sha256()
    other = replace(POST, text="Evil")
    assert rules.payload_to_send(stored, stored, sha, sha) == POST
    for bad in (
        (stored, None, sha, None),
        (stored, other.as_json(), sha, sha),
        (other.as_json(), stored, sha, sha),
        (stored, stored, other.sha256(), sha),
        (stored, stored, sha, other.sha256()),
        (stored, {"text": "no network"}, sha, sha),
        (stored, {**stored, "media": None}, sha, sha),
    ):
        assert rules.payload_to_send(*bad) is None
        assert not rules.is_of_a_newer_version(*bad)


@pytest.mark.parametrize("more", [{"mood": "glad"}, {"media": [{"kind": "hologram", "depth": 3}]}])
def test_what_a_newer_version_approved_is_told_from_what_was_changed(more: dict[str, object]):
    stored = {**POST.as_json(), **more}
    sha = canonical_sha256(stored)
    assert rules.payload_to_send(stored, stored, sha, sha) is None
    assert rules.is_of_a_newer_version(stored, stored, sha, sha)
    assert not rules.is_of_a_newer_version(stored, {**stored, "text": "Evil"}, sha, sha)
    assert not rules.is_of_a_newer_version(stored, stored, sha, POST.sha256())


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"approved": False}, _S.SCHEDULED),
        ({"in_window": False}, _S.SCHEDULED),
        ({"account_state": "auth_broken"}, _S.SCHEDULED),
        ({"paused": True}, _S.SCHEDULED),
        ({"account_id_at_network": "78"}, _S.FAILED),
        ({"network": "linkedin"}, _S.FAILED),
    ],
)
def test_what_stands_in_the_way(change: dict[str, object], state: PublicationState):
    assert rules.obstacle(FINE, POST) is None
    obstacle = rules.obstacle(replace(FINE, **change), POST)
    assert obstacle is not None
    assert (obstacle.state, obstacle.attempt) == (state, _A.NOT_SENT)
    assert obstacle.words


@pytest.mark.parametrize(
    ("seen", "taken", "twin", "left", "verdict"),
    [
        (read(live("1")), (), False, True, Verdict.LIVE),
        (read(live("1"), live("2")), ("2",), False, True, Verdict.LIVE),
        (read(live("1")), ("1",), False, True, Verdict.AGAIN),
        (read(live("1")), ("1",), False, False, Verdict.ASK),
        (read(live("1"), live("2")), (), False, True, Verdict.ASK),
        (read(live("1")), (), True, True, Verdict.ASK),
        (read(), (), False, True, Verdict.AGAIN),
        (read(), (), False, False, Verdict.ASK),
        (read(live("1"), complete=False), (), False, True, Verdict.AGAIN),
        (read(live("1"), complete=False), (), False, False, Verdict.ASK),
        (None, (), False, True, Verdict.AGAIN),
        (None, (), False, False, Verdict.ASK),
    ],
)
def test_only_one_unowned_match_in_a_complete_read_is_proof(
    seen: ReadBack | None, taken: tuple[str, ...], twin: bool, left: bool, verdict: Verdict
):
    given, post = rules.verdict(seen, taken, has_unresolved_twin=twin, reads_left=left)
    assert given is verdict
    assert (post is not None) == (verdict is Verdict.LIVE)


LINK = "https://www.facebook.com/77/posts/1"


@pytest.mark.parametrize(
    "wanted",
    [
        "77_1",
        " 77_1\n",
        LINK,
        "facebook.com/77/posts/1/",
        "https://m.facebook.com/77/posts/1",
        "https://www.facebook.com/story.php?story_fbid=1&id=77",
        "https://www.facebook.com/permalink.php?story=77_1",
    ],
)
def test_a_post_is_meant_by_its_id_or_its_address(wanted: str):
    assert rules.named_post(wanted, [live("77_1", LINK), live("77_2")]) == live("77_1", LINK)


@pytest.mark.parametrize(
    "wanted", ["77_3", "77", "1", "https://www.facebook.com/77/posts/3", "https://example.org/", "https://[77", ""]
)
def test_nothing_else_means_a_post(wanted: str):
    assert rules.named_post(wanted, [live("77_1", LINK), live("77_2")]) is None


def test_an_address_that_could_mean_two_posts_means_none():
    assert rules.named_post(LINK, [live("77_1", LINK), live("77_2", LINK)]) is None


def test_not_live_may_be_said_when_no_program_can_still_be_sending():
    deadline = datetime(2026, 11, 23, tzinfo=UTC)
    assert rules.resend_after(deadline, 60) == deadline + timedelta(seconds=120)


def test_a_post_from_before_or_after_a_try_only_looks_like_it():
    since, until = datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 23, 0, 4, tzinfo=UTC)
    inside = live("2")
    early = replace(live("1"), created_at=since - timedelta(seconds=1))
    byhand = replace(live("3"), created_at=until + timedelta(seconds=1))
    found = rules.within(read(early, inside, byhand, look_alikes=(live("4"),)), since, until)
    assert [post.provider_post_id for post in found.matches] == ["2"]
    assert [post.provider_post_id for post in found.look_alikes] == ["1", "3", "4"]


def test_late_reads_come_ever_more_rarely_and_for_a_day():
    age_s, waits = 700.0, []
    while (wait_s := rules.late_read_after_s(age_s, 300, 86_400)) is not None:
        waits.append(wait_s)
        age_s += wait_s
    assert waits == sorted(waits)
    assert waits[0] == 700
    assert (age_s >= 86_400, len(waits)) == (True, 7)
    assert rules.late_read_after_s(5, 300, 86_400) == 300


def test_our_own_no_and_not_now_send_nothing():
    assert rules.refused("x", "y") == Outcome(_A.NOT_SENT, _S.FAILED, "x", "y")
    assert rules.held("x") == Outcome(_A.NOT_SENT, _S.SCHEDULED, "x")


@pytest.mark.parametrize(
    ("after_s", "waited"), [(20, 20), (0, 1), (-5, 1), (float("nan"), 1), (10**9, 3600), (float("inf"), 3600)]
)
def test_a_step_under_way_is_waited_for_as_long_as_the_network_says_within_reason(after_s: float, waited: float):
    outcome = rules.before_sending(NotReady("Still at it.", after_s=after_s))
    assert outcome.waits
    for tries in (1, 4):
        assert rules.wait_s(outcome, tries, STEPS, random=0.9) == waited
    assert outcome.as_error() == {"reason": "Still at it.", "waits": True}


def test_a_program_that_ends_leaves_what_it_prepared_to_others_at_once():
    outcome = rules.stopped()
    assert (outcome.state, outcome.waits, rules.wait_s(outcome, 3, STEPS, random=0.5)) == (_S.SCHEDULED, True, 0)


@pytest.mark.parametrize(
    ("repeats", "verdict"), [(0, Verdict.REPEAT), (2, Verdict.REPEAT), (3, Verdict.ASK), (9, Verdict.ASK)]
)
def test_a_call_without_effect_goes_out_again_only_so_often(repeats: int, verdict: Verdict):
    found = read(may_repeat=True)
    assert rules.verdict(found, set(), has_unresolved_twin=False, reads_left=True, repeats=repeats)[0] is verdict


@pytest.mark.parametrize(
    ("found", "taken", "twin", "verdict", "post"),
    [
        (read(proof={"status": "PUBLISHED"}), set(), False, Verdict.LIVE, None),
        (read(proof={"status": "PUBLISHED"}, complete=False), set(), False, Verdict.LIVE, None),
        (read(live("1"), proof={"status": "PUBLISHED"}), set(), False, Verdict.LIVE, "1"),
        (read(live("1"), proof={"status": "PUBLISHED"}, complete=False), set(), False, Verdict.LIVE, None),
        (read(live("1"), live("2"), proof={"status": "PUBLISHED"}), set(), False, Verdict.LIVE, None),
        (read(live("1"), live("2"), proof={"status": "PUBLISHED"}), {"1"}, False, Verdict.LIVE, "2"),
        (read(live("1"), proof={"status": "PUBLISHED"}), set(), True, Verdict.LIVE, None),
        (read(may_repeat=True), set(), False, Verdict.REPEAT, None),
        (read(may_repeat=True, complete=False), set(), True, Verdict.REPEAT, None),
        (read(live("1"), may_repeat=True), set(), False, Verdict.LIVE, "1"),
        (read(live("1"), may_repeat=True), {"1"}, False, Verdict.REPEAT, None),
        (read(unreadable="Nobody can read it.", complete=False), set(), False, Verdict.ASK, None),
        (read(complete=False), set(), False, Verdict.AGAIN, None),
    ],
)
def test_what_the_network_says_of_the_call_itself_comes_before_what_is_seen(
    found: ReadBack, taken: set[str], twin: bool, verdict: Verdict, post: str | None
):
    said, which = rules.verdict(found, taken, has_unresolved_twin=twin, reads_left=True)
    assert (said, which.provider_post_id if which else None) == (verdict, post)
