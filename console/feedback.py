"""What a page says back: done, undone, refused with the reason, or broken with an incident id.

Every button that changes something goes through `act`: the person is read again, one command runs in its one
transaction, and nothing of Streamlit is called in between, because any click ends a running script at its next call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, TypeVar
from uuid import UUID, uuid5

import streamlit as st

from console import identity, state
from console.plain import plain
from core.infra import logs
from core.infra.actor import Actor
from core.infra.answering import database_is_away
from core.infra.errors import MastheadError, Refused, SignedOut

T = TypeVar("T")
Run = Callable[[Actor], T]

_COME_BACK_S: Final = 3
_LOG: Final = logging.getLogger(__name__)
_ACTIONS: Final = UUID("6f0f6d1c-0d6e-5c53-9b8e-6f2f3a1f8a57")


def action_id(actor: Actor, command: str, *seen: object) -> UUID:
    """The same id for the same person, tab, command and things as they were seen: a double click is one action.

    `seen` names the subject and its version or state. Once the page has shown what came of it, doing it again is
    another action, also where all of `seen` is as it was: sent, taken back and sent again. So it is in another tab, or
    after a reload: whether it was done meanwhile is for the command to see, for to say "done" there could be a lie.
    """
    return uuid5(_ACTIONS, "|".join((str(actor.session_id), command, state.drawn(), *map(str, seen))))


def act(
    name: str,
    run: Run[T],
    *,
    done: str | Callable[[T], str] | None = None,
    undo: Callable[[T], state.Undo] | None = None,
    refused: Callable[[Refused], bool] | None = None,
    quiet: bool = False,
) -> T | None:
    """Run one command for whoever is signed in now; None when it was refused or broke, which is then said.

    `name` is the event in the log. `done` becomes a toast, or with `undo` the words beside the button that takes it
    back. `refused` may take care of a refusal itself by returning True. `quiet` is for saves that nobody asked for:
    they withdraw no undo, and leave what was said before.
    """
    if not quiet:
        state.tell_trouble(None)
    correlation = identity.correlation_id()
    with logs.bound(correlation_id=correlation):
        try:
            actor = identity.actor_now(correlation)
            result = run(actor)
        except SignedOut as over:
            state.remember_signed_out(over.message)
            return None
        except Refused as refusal:
            _LOG.info("console.refused", extra={"command": name, "why": refusal.message})
            if refused is None or not refused(refusal):
                state.tell_trouble(state.Trouble(refusal.message))
            return None
        except Exception as error:  # whatever it is: words on the page, facts in the log
            state.tell_trouble(state.Trouble(words_for(error), "failed", report(error, name)))
            return None
        _LOG.info("console.acted", extra={"command": name, "organization_id": str(actor.organization_id)})
    state.count_write()
    if undo is not None:
        state.offer_undo(undo(result))
    elif not quiet:
        state.offer_undo(None)
    if done is not None:
        state.say(done if isinstance(done, str) else done(result))
    return result


def close_dialog() -> None:
    """After `act` in a dialog: done, it closes. If not, it says why and stays open, with what was typed."""
    told = state.trouble()
    if told is None:
        st.rerun()
    state.tell_trouble(None)
    failed = told.kind == "failed"
    incident = f"  \nIncident `{told.incident}`" if told.incident else ""
    say, icon = (st.error, "error") if failed else (st.warning, "block")
    say(f"{plain(told.words)}{incident}", icon=f":material/{icon}:")


def draw_page_anew() -> None:
    """For what looks again by itself: draw the whole page, unless a dialog is open. Closing that draws it, too."""
    if not state.dialog_is_open():
        st.rerun()


def report(error: BaseException, where: str) -> str:
    """Write what happened into the log under a new incident id, and give the id."""
    incident = logs.incident()
    _LOG.error("console.incident", extra={"incident": incident, "where": where}, exc_info=error)
    return incident


def words_for(error: BaseException) -> str:
    """What a person reads of an error: our own words, never a library's."""
    if isinstance(error, MastheadError):
        return error.message
    if database_is_away(error):
        return "The database went away meanwhile, so we can't tell whether it was done. Look before you try again."
    return "Something went wrong on our side, and nothing was changed. Try again; if it stays, tell your operator."


def on_script_error(error: Exception) -> bool:
    """Streamlit's hook for whatever escapes the frame itself."""
    with logs.bound(correlation_id=identity.correlation_id()):
        show_broken(error, "frame")
    return True


def show_broken(error: Exception, where: str) -> None:
    """Words and an incident id in place of what could not be drawn; the facts are in the log."""
    if isinstance(error, SignedOut):
        state.remember_signed_out(error.message)
        st.info("You are signed out. Reload this page to sign in again.", icon=":material/lock:")
        return
    if database_is_away(error):
        report(error, where)
        st.info("The database is away at the moment. This page comes back by itself.", icon=":material/cloud_off:")
        _come_back()
        return
    words = (
        error.message
        if isinstance(error, MastheadError)
        else "This page could not be drawn. Reload it; if it stays like this, tell your operator the incident."
    )
    st.error(f"{plain(words)}  \nIncident `{report(error, where)}`", icon=":material/error:")


def _come_back() -> None:
    """Draw the whole page again after a while, and again, until it can be drawn."""
    drawn: list[bool] = []

    @st.fragment(run_every=_COME_BACK_S)
    def look_again() -> None:
        if drawn:
            draw_page_anew()
        drawn.append(True)

    look_again()


def show_toasts() -> None:
    """What was done, in passing."""
    for toast in state.take_toasts():
        st.toast(plain(toast.words), icon=f":material/{toast.icon}:")


def foot() -> None:
    """At the foot of the page, where nothing has to move for it: why something was not done, or the way back."""
    told, offered = state.trouble(), state.undo()
    if told is None and offered is None:
        return
    with st.bottom:
        if told is not None:
            _trouble_bar(told)
        if offered is not None:
            _undo_bar(offered)


def _trouble_bar(told: state.Trouble) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", wrap=False, key="trouble_bar"):
        color, icon = ("red", "error") if told.kind == "failed" else ("orange", "block")
        incident = f" :gray[Incident] `{told.incident}`" if told.incident else ""
        st.markdown(f":{color}[:material/{icon}:] {plain(told.words)}{incident}", width="stretch")
        _dismiss(state.tell_trouble, "trouble_seen")


def _undo_bar(offered: state.Undo) -> None:
    """With the key U."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", wrap=False, key="undo_bar"):
        st.markdown(f":green[:material/check_circle:] {plain(offered.words)}", width="stretch")
        st.button(
            "Undo", icon=":material/undo:", type="tertiary", shortcut="U", on_click=_take_back, key="undo_take_back"
        )
        _dismiss(state.offer_undo, "undo_keep")


def _dismiss(forget: Callable[[None], None], key: str) -> None:
    st.button("Dismiss", icon=":material/close:", type="tertiary", on_click=forget, args=(None,), key=key)


def _take_back() -> None:
    offered = state.undo()
    state.offer_undo(None)
    if offered is not None:
        offered.take_back()
