"""The link behind a Connect button is worth something to one person, in one sign-in, for one provider, for an hour."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from core.accounts import intents
from core.accounts.rules import IntentExpired, IntentInvalid
from core.infra import clock, crypto
from core.infra.actor import Actor, Role
from core.infra.settings import Settings

ACTOR = Actor(uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), Role.ADMIN, "Ada", uuid.uuid4(), "corr")


@pytest.fixture(autouse=True, scope="module")
def _keys() -> Iterator[None]:
    crypto.use(Settings(MASTHEAD_SECRET_KEY="the secret of this installation, long enough"))
    yield
    crypto.use(None)


def test_an_intent_comes_back_for_the_one_it_was_minted_for() -> None:
    connection_id = uuid.uuid4()
    read = intents.read(intents.mint(ACTOR, "meta", connection_id), ACTOR, "meta")
    assert (read.provider, read.person_id, read.connection_id) == ("meta", ACTOR.person_id, connection_id)


def test_two_intents_of_one_page_are_two() -> None:
    one, two = (intents.read(intents.mint(ACTOR, "meta", None), ACTOR, "meta") for _ in range(2))
    assert one.fingerprint != two.fingerprint


@pytest.mark.parametrize("part", ["organization_id", "person_id", "session_id"])
def test_an_intent_is_worth_nothing_to_anybody_else(part: str) -> None:
    token = intents.mint(ACTOR, "meta", None)
    with pytest.raises(IntentInvalid):
        intents.read(token, replace(ACTOR, **{part: uuid.uuid4()}), "meta")


def test_an_intent_for_one_provider_starts_no_other() -> None:
    with pytest.raises(IntentInvalid):
        intents.read(intents.mint(ACTOR, "meta", None), ACTOR, "linkedin")


def test_an_intent_of_another_installation_is_refused() -> None:
    token = intents.mint(ACTOR, "meta", None)
    crypto.use(Settings(MASTHEAD_SECRET_KEY="the secret of another installation, long enough"))
    try:
        with pytest.raises(IntentInvalid):
            intents.read(token, ACTOR, "meta")
    finally:
        crypto.use(Settings(MASTHEAD_SECRET_KEY="the secret of this installation, long enough"))


def test_after_an_hour_the_page_is_to_be_reloaded() -> None:
    token = intents.mint(ACTOR, "meta", None)
    with time_machine.travel(clock.now() + timedelta(minutes=61)), pytest.raises(IntentExpired, match="reload"):
        intents.read(token, ACTOR, "meta")


@given(st.integers(0, 2000), st.characters(codec="utf-8"))
def test_a_changed_character_is_refused_or_changes_nothing(where: int, character: str) -> None:
    token = intents.mint(ACTOR, "meta", None)
    where %= len(token)
    changed = token[:where] + character + token[where + 1 :]
    try:
        found = intents.read(changed, ACTOR, "meta")
    except IntentInvalid:
        return
    assert found.fingerprint == intents.read(token, ACTOR, "meta").fingerprint


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "A" * 5000, "é" * 60, "=" * 100])
def test_garbage_is_refused_in_words(token: str) -> None:
    with pytest.raises(IntentInvalid, match="press Connect again"):
        intents.read(token, ACTOR, "meta")


def test_what_this_installation_signed_for_another_purpose_is_no_intent() -> None:
    body = b'{"provider":"meta"}'
    signed = crypto.urlsafe(crypto.keyed_digest("connect-intent", body)) + base64.urlsafe_b64encode(body).decode()
    with pytest.raises(IntentInvalid):
        intents.read(signed, ACTOR, "meta")
