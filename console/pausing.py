"""Pausing: the dialog, and what pages say of what is paused. The page Resume ends a pause."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final
from uuid import UUID

import streamlit as st

from console import feedback, navigation, state
from console.components.button import button
from console.components.confirm import confirm
from console.components.dialog import dialog
from console.components.times import Zones, when
from console.identity import Visitor
from console.plain import beginning, plain
from core.accounts import commands, queries
from core.accounts.commands import Paused
from core.accounts.pausing import permission as needed
from core.accounts.rules import LONGEST_PAUSE_REASON, Pause, PauseScope
from core.infra.actor import Actor
from core.organizations.rules import Permission

_ASKED: Final = "pause_asked"
_EVERYTHING: Final = "everything"
_BANNER_WORDS: Final = 50  # of a reason as long as people like; Accounts has all of it


def permission(pause: Pause) -> Permission:
    """What it takes to resume it."""
    return needed(pause.scope)


def title(pause: Pause) -> str:
    """What is paused, short."""
    return f"{_what(pause)} is paused"


def _what(pause: Pause) -> str:
    return {
        PauseScope.ORGANIZATION: "Publishing",
        PauseScope.PROVIDER: f"Publishing to {pause.name}",
        PauseScope.ACCOUNT: pause.name,
    }[pause.scope]


def because(pause: Pause, zones: Zones) -> str:
    """Who did it, when and why."""
    return f"By {pause.by} since {when(pause.since, zones)}: {pause.reason}"


def banner(pauses: Iterable[Pause]) -> list[str]:
    """What every page says of the pauses that are wider than one account."""
    return [
        f"{title(each)}: {beginning(each.reason, _BANNER_WORDS)}"
        for each in pauses
        if each.scope is not PauseScope.ACCOUNT
    ]


def resume_words(visitor: Visitor, pause: Pause) -> str:
    """The words on the way to the page that ends it."""
    what = _what(pause)
    if pause.scope is not PauseScope.ACCOUNT:
        what = f"{what[0].lower()}{what[1:]}"
    return f"Resume {what}" if visitor.may(permission(pause)) else "See what is held"


def said(done: Paused, name: str) -> str:
    """What a pause did, and what it could not do any more."""
    if not done.being_sent:
        return f"{name} is paused."
    goes = "is" if done.being_sent == 1 else "are"
    return f"{name} is paused. {done.being_sent} {goes} being sent now and can't be stopped."


def offer(visitor: Visitor, pauses: Iterable[Pause], used: Collection[str]) -> None:
    """The button by which an admin pauses everything or a provider in use; the dialog once it was pressed."""
    paused = {each.provider or _EVERYTHING for each in pauses if each.scope is not PauseScope.ACCOUNT}
    choices = {_EVERYTHING: "Everything this organization publishes"}
    choices |= {each.key: each.title for each in queries.providers(visitor.actor) if each.key in used}
    open_ = {key: words for key, words in choices.items() if key not in paused}
    why_not = visitor.why_not(Permission.PAUSE_ORGANIZATION) or (None if open_ else "Everything is paused already.")
    button("Pause publishing", "pause_circle", why_not, state.put, (_ASKED, True), key="pause_publishing")
    if state.value(_ASKED):
        state.forget(_ASKED)
        _pause_several(open_)


@dialog("Pause publishing", icon="pause_circle")
def _pause_several(choices: Mapping[str, str]) -> None:
    chosen = st.radio("What", list(choices), format_func=lambda each: choices[each], key="pause_what")
    st.caption("Nothing more of it goes out until somebody resumes it. What is being sent now goes on.")

    def run(actor: Actor, reason: str, action: UUID) -> Paused:
        if chosen == _EVERYTHING:
            return commands.pause_organization(actor, action, reason)
        return commands.pause_provider(actor, action, chosen, reason)

    _ask("Publishing" if chosen == _EVERYTHING else f"Publishing to {choices[chosen]}", chosen, run)


@dialog("Pause an account", icon="pause_circle")
def pause_account(account_id: UUID, name: str) -> None:
    """Ask why, then pause it."""
    st.markdown(f"Nothing more goes to **{plain(name)}** until it is resumed. What is being sent now goes on.")

    def run(actor: Actor, reason: str, action: UUID) -> Paused:
        return commands.pause_account(actor, action, account_id, reason)

    _ask(name, str(account_id), run)


def _ask(name: str, subject: str, run: Callable[[Actor, str, UUID], Paused]) -> None:
    reason = st.text_input(
        "Why",
        max_chars=LONGEST_PAUSE_REASON,
        key="pause_reason",
        required=True,
        live=True,
        placeholder="So that others know when to resume",
    )
    if confirm("Pause", "pause_circle", key="pause", why_not=None if reason else "Say why first."):
        feedback.act(
            "accounts.pause",
            lambda actor: run(actor, reason, feedback.action_id(actor, "pause", subject, reason)),
            done=lambda done: said(done, name),
        )
        feedback.close_dialog()


def lines(visitor: Visitor, pauses: Iterable[Pause], zones: Zones) -> None:
    """What is paused here beyond single accounts, each with the way to end it."""
    for each in _wide(pauses):
        with st.container(
            border=True, horizontal=True, vertical_alignment="center", gap="small", key=f"paused_{each.id}"
        ):
            st.markdown(
                f":orange[:material/pause_circle:] **{plain(title(each))}** · {plain(because(each, zones))}",
                width="stretch",
            )
            resume_button(visitor, each)


def resume_button(visitor: Visitor, pause: Pause) -> None:
    """The way to the page that shows what is overdue and ends the pause."""
    st.button(
        "Resume",
        icon=":material/play_circle:",
        on_click=navigation.go,
        args=("resume",),
        kwargs={"pause": pause.id},
        help=None if visitor.may(permission(pause)) else plain(visitor.why_not(permission(pause)) or ""),
        key=f"resume_{pause.id}",
    )


def _wide(pauses: Iterable[Pause]) -> Iterator[Pause]:
    return (each for each in pauses if each.scope is not PauseScope.ACCOUNT)
