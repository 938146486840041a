"""Giving a post another day, with the way back.

The clock time stays; one that the clocks skip that day, or show twice, is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

import streamlit as st

from console import feedback, state
from console.components.calendar import Moved
from console.components.dialog import dialog
from console.components.times import clock
from console.plain import beginning, plain
from core.infra.actor import Actor
from core.posts import slots
from core.posts.slots import TimeDoesNotExist, TimeOccursTwice
from core.publishing import commands as publishing
from core.publishing.commands import Changed

_ASKED: Final = "calendar_asked"
_TURN: Final = "calendar_turn"
_SAID: Final = "calendar_said"


@dataclass(frozen=True, slots=True)
class Move:
    """What is to go to another day, as its page showed it. `follow` lets the page show that day."""

    post_id: UUID
    was: datetime
    seen: str
    text: str
    zone: str
    follow: Callable[[date], None]


@dataclass(frozen=True, slots=True)
class _Question:
    """A clock time that the chosen day doesn't have exactly once, and the instants to choose from."""

    move: Move
    words: str
    choices: tuple[tuple[str, datetime], ...]


def turn() -> int:
    """How many answers there were: the calendar draws anew with each."""
    return int(state.value(_TURN, 0))


def said() -> str:
    """The last answer, for those who listen."""
    return str(state.value(_SAID, ""))


def to_day(asked: Moved, *, text: str, zone: str, follow: Callable[[date], None]) -> None:
    """Move a chip to another day at the same clock time, or ask which time is meant."""
    move = Move(asked.post_id, asked.was, asked.seen, text, zone, follow)
    try:
        to = slots.moved_to(asked.was, asked.day, zone)
    except TimeDoesNotExist as skipped:
        nearest = tuple(
            (f"{wall:%a} {wall.day} {wall:%b}, {wall:%H:%M}", slots.instant(wall, zone))
            for wall in (skipped.before, skipped.after)
        )
        _ask(_Question(move, skipped.message, nearest))
    except TimeOccursTwice as twice:
        which = tuple(
            (f"The {name} ({slots.said_offset(at, zone)})", at)
            for name, at in (("first", twice.first), ("second", twice.second))
        )
        _ask(_Question(move, twice.message, which))
    else:
        to_time(move, to)


def to_time(move: Move, to: datetime) -> None:
    """Move a chip to an instant, with the way back on offer."""
    seen = (move.post_id, move.was, move.seen, to)

    def run(actor: Actor) -> Changed:
        action = feedback.action_id(actor, "publishing.move", *seen)
        return publishing.move(actor, action, move.post_id, was=move.was, to=to)

    def undo(changed: Changed) -> state.Undo:
        def back(actor: Actor) -> Changed:
            action = feedback.action_id(actor, "publishing.move_back", *seen)
            return publishing.move(actor, action, move.post_id, was=to, to=move.was, only=changed.publication_ids)

        def take_back() -> None:
            done = feedback.act("publishing.move_back", back, done="It is back where it was.")
            _answer("It is back where it was." if done else _refusal())

        stays = " ".join(dict.fromkeys(each.words for each in changed.left_alone))
        return state.Undo(f"{words} {stays}".rstrip(), take_back)

    text = beginning(move.text, 48)
    words = f"Moved {f'“{text}”' if text else 'a post'} to {clock(to, move.zone)}."
    if feedback.act("publishing.move", run, undo=undo) is None:
        _answer(_refusal())
        return
    _answer(words)
    move.follow(slots.wall_time(to, move.zone).date())


def show_question() -> None:
    """Ask once what the clocks leave open."""
    question: _Question | None = state.value(_ASKED)
    if question is not None:
        state.put(_ASKED, None)
        _which_time(question)


@dialog("Which time?", icon="schedule")
def _which_time(question: _Question) -> None:
    st.markdown(plain(question.words))
    with st.container(horizontal=True):
        for number, (label, at) in enumerate(question.choices):
            key = f"calendar_time_{number}"
            if st.button(label, on_click=to_time, args=(question.move, at), width="stretch", key=key):
                st.rerun()


def _ask(question: _Question) -> None:
    state.tell_trouble(None)
    state.put(_ASKED, question)
    _answer(question.words)


def _answer(words: str) -> None:
    state.put(_SAID, words)
    state.put(_TURN, turn() + 1)


def _refusal() -> str:
    told = state.trouble()
    return told.words if told is not None else ""
