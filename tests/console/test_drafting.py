"""Saves of one tab that overlap: Streamlit begins its next run while the one before is still at work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest

from console import drafting
from console.components.composer import Written
from console.state import DraftInHand
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Refused
from core.posts import queries
from core.posts.content import Content
from core.posts.views import Draft
from tests.factories.accounts import make_account
from tests.factories.posts import Team, make_post, make_team

WAITS_S = 1.0


@pytest.fixture
def team(committed_database: db.Database) -> Team:
    return make_team()


@pytest.fixture
def hand(team: Team, monkeypatch: pytest.MonkeyPatch) -> Iterator[DraftInHand]:
    """A tab with a post in it, in which whoever has read the post waits for a second reader before going on."""
    read, both = queries.draft, threading.Barrier(2)

    def slowly(actor: Actor, post_id: UUID) -> Draft:
        found = read(actor, post_id)
        with suppress(threading.BrokenBarrierError):
            both.wait(WAITS_S)
        return found

    def act(_name: str, run: Any, *, refused: Any = None, **_: Any) -> Any:
        try:
            return run(team.author)
        except Refused as refusal:
            if refused is None or not refused(refusal):
                raise
            return None

    post_id = make_post(team.author, [team.account_id], text="One")
    hand = DraftInHand(token=post_id, post_id=post_id)
    monkeypatch.setattr(queries, "draft", slowly)
    monkeypatch.setattr(drafting.feedback, "act", act)
    monkeypatch.setattr(drafting, "_put_into_address", lambda _hand: None)
    yield hand
    both.abort()


def said(hand: DraftInHand, was: str, text: str, number: int) -> Written:
    return Written(Content(text), Content(was), base=1, number=number, token=hand.token)


def test_two_handovers_at_once_are_both_kept_and_no_conflict(
    hand: DraftInHand, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_thread = threading.local()
    monkeypatch.setattr(drafting.composer, "written", lambda _key: of_thread.said)

    def hand_over(what: Written) -> None:
        of_thread.said = what
        drafting.written(hand)

    with ThreadPoolExecutor(2) as runs:
        first = runs.submit(hand_over, said(hand, "One", "One, two", 1))
        second = runs.submit(hand_over, said(hand, "One", "One, two, three", 2))
        first.result()
        second.result()
    assert (hand.conflict, hand.not_saved, hand.done) == (None, "", 2)
    assert queries.draft(team.author, hand.token).content.text == "One, two, three"


def test_words_and_a_choice_at_once_are_both_kept(
    hand: DraftInHand, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_account(team.admin, name="Acme Tea").id
    chosen = [str(team.account_id), str(other)]
    monkeypatch.setattr(drafting.composer, "written", lambda _key: said(hand, "One", "One, two", 1))
    monkeypatch.setattr(drafting.state, "value", lambda _key: chosen)
    with ThreadPoolExecutor(2) as runs:
        for each in [runs.submit(drafting.written, hand), runs.submit(drafting.accounts_chosen, hand)]:
            each.result()
    draft = queries.draft(team.author, hand.token)
    assert hand.conflict is None
    assert draft.content.text == "One, two"
    assert {str(each.account_id) for each in draft.accounts if each.chosen} == set(chosen)
