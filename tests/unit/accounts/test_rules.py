"""Who may finish a consent, and what an account is worth after it."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.accounts.rules import (
    REFUSAL_WORDS,
    STATE_WORDS,
    AccountState,
    Arrival,
    ConnectRefused,
    ConsentFacts,
    Refusal,
    missing_scopes,
    refusal,
    renewal_due,
    renewal_must_be_told,
    retry_in,
    state_after_consent,
)
from core.provider_kit.types import Scope

PERSON, SESSION = uuid.uuid4(), uuid.uuid4()
ARRIVAL = Arrival("meta", PERSON, SESSION, ("a", "b"), "http://localhost:8502/oauth/meta/callback", "challenge")
CONSENT = ConsentFacts(
    id=uuid.uuid4(),
    provider="meta",
    person_id=PERSON,
    session_id=SESSION,
    scopes=("a", "b"),
    redirect_uri="http://localhost:8502/oauth/meta/callback",
    code_challenge="challenge",
    connection_id=None,
    used=False,
    expired=False,
)


def test_the_person_who_started_may_finish() -> None:
    assert refusal(CONSENT, ARRIVAL) is None


@pytest.mark.parametrize(
    ("because", "consent"),
    [
        (Refusal.OTHER_PERSON, replace(CONSENT, person_id=uuid.uuid4())),
        (Refusal.OTHER_SESSION, replace(CONSENT, session_id=uuid.uuid4())),
        (Refusal.OTHER_PROVIDER, replace(CONSENT, provider="linkedin")),
        (Refusal.REPLAYED, replace(CONSENT, used=True)),
        (Refusal.EXPIRED, replace(CONSENT, expired=True)),
        (Refusal.PROOF, replace(CONSENT, code_challenge=None)),
        (Refusal.PROOF, replace(CONSENT, code_challenge="another")),
        (Refusal.SCOPES, replace(CONSENT, scopes=("a",))),
        (Refusal.SCOPES, replace(CONSENT, scopes=("a", "b", "c"))),
        (Refusal.SCOPES, replace(CONSENT, scopes=("b", "a"))),
        (Refusal.REDIRECT, replace(CONSENT, redirect_uri="https://elsewhere.example/oauth/meta/callback")),
    ],
)
def test_whatever_differs_is_refused_and_named(because: Refusal, consent: ConsentFacts) -> None:
    assert refusal(consent, ARRIVAL) is because


def test_who_it_is_comes_before_what_state_it_is_in() -> None:
    stranger = replace(CONSENT, person_id=uuid.uuid4(), session_id=uuid.uuid4(), used=True, expired=True)
    assert refusal(stranger, ARRIVAL) is Refusal.OTHER_PERSON


@pytest.mark.parametrize("because", list(Refusal))
def test_every_refusal_says_what_happened_and_what_to_do(because: Refusal) -> None:
    words = ConnectRefused(because).message
    assert words.startswith(REFUSAL_WORDS[because])
    assert words.endswith("Nothing was connected. Go back to Accounts and press Connect again.")


def test_every_state_of_an_account_has_words() -> None:
    assert set(STATE_WORDS) == set(AccountState)


LIST, PUBLISH = Scope("list", "Pages can't be listed."), Scope("publish", "Masthead can't publish.")
EXTRA = Scope("extra", "Business Pages are missing.", required=False)


def test_a_missing_scope_is_named_with_what_it_breaks() -> None:
    missing = missing_scopes([LIST, PUBLISH, EXTRA], {"list"})
    assert [(each.scope, each.breaks, each.required) for each in missing] == [
        ("publish", "Masthead can't publish.", True),
        ("extra", "Business Pages are missing.", False),
    ]


def test_without_a_required_scope_an_account_needs_another_consent() -> None:
    state, reason = state_after_consent(missing_scopes([LIST, PUBLISH, EXTRA], {"list", "extra"}))
    assert state is AccountState.AUTH_BROKEN
    assert reason == "Masthead can't publish. (publish was not given)"


def test_without_an_optional_scope_an_account_works() -> None:
    assert state_after_consent(missing_scopes([LIST, EXTRA], {"list"})) == (AccountState.ACTIVE, None)


NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
DAYS = {"ahead": timedelta(days=16), "at_most_every": timedelta(days=1), "earlier": timedelta(hours=6)}


@pytest.mark.parametrize(
    ("lives", "consent", "due"),
    [
        (60, None, timedelta(days=44) - timedelta(hours=6)),
        (60, 365, timedelta(days=44) - timedelta(hours=6)),
        (5, 5, None),
        (60, 60.5, None),
        (5, 300, timedelta(days=2.5) - timedelta(hours=6)),
        (None, None, None),
    ],
    ids=["long", "in a longer consent", "as long as its consent", "nothing to gain", "short", "without an end"],
)
def test_a_token_is_renewed_ahead_of_its_end_where_that_gains_something(
    lives: float | None, consent: float | None, due: timedelta | None
) -> None:
    ends_at = NOON + timedelta(days=lives) if lives else None
    consent_ends_at = NOON + timedelta(days=consent) if consent else None
    assert renewal_due(NOON, ends_at, consent_ends_at, **DAYS) == (NOON + due if due else None)


def test_a_failed_renewal_is_told_after_three_or_at_once_near_the_end() -> None:
    assert not renewal_must_be_told(0, NOON + timedelta(hours=1), NOON)
    assert not renewal_must_be_told(2, NOON + timedelta(hours=48), NOON)
    assert renewal_must_be_told(1, NOON + timedelta(hours=47), NOON)
    assert renewal_must_be_told(3, None, NOON)


def test_tries_are_spread_around_longer_and_longer_waits() -> None:
    waits = (60.0, 300.0)
    assert [retry_in(failures, waits, 0.5).total_seconds() for failures in (0, 1, 2, 9)] == [60, 60, 300, 300]
    assert (retry_in(1, waits, 0).total_seconds(), retry_in(1, waits, 1).total_seconds()) == (45, 75)
