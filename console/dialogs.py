"""Dialogs about publications: another time, now, never, and what became of one that nobody is sure of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, TypedDict
from uuid import UUID

import streamlit as st

from console import feedback, state
from console.components.confirm import confirm
from console.components.dialog import dialog
from console.components.networks import network_title
from console.components.time_field import time_field
from console.identity import Visitor
from console.plain import plain
from console.standing import is_sendable
from core.accounts.rules import AccountState
from core.infra.actor import Actor
from core.infra.errors import Invalid
from core.posts import slots
from core.posts.views import Detail, PublicationRow
from core.publishing import commands as publishing
from core.publishing import queries as sending
from core.publishing.commands import Changed

_ASKED: Final = "publication_dialog"
_NO_TIME: Final = "Choose a time that exists once."
_UNSAID: Final = "Say what you saw first."


class Subject(TypedDict, total=False):
    """What a command is about: what the dialog named of the whole post, or one publication of it."""

    post_id: UUID
    only: Sequence[UUID]
    publication_id: UUID


class Asked(NamedTuple):
    """Which dialog, about what; without a publication it is about the whole post.

    `attempt_id` is the try in doubt that stood on the page when the button was pressed. `named` is the live post that
    was chosen already, by the network's id.
    """

    verb: str
    publication_id: UUID | None
    attempt_id: int | None = None
    named: str = ""


def ask(verb: str, publication_id: UUID | None, attempt_id: int | None = None, named: str = "") -> None:
    """Open a dialog on the next run."""
    state.put(_ASKED, Asked(verb, publication_id, attempt_id, named))


def show_asked(visitor: Visitor, detail: Detail, current: Sequence[PublicationRow]) -> None:
    """Open what was asked for, once.

    Streamlit keeps what a dialog was opened with for as long as it is open: its verdict stays about the try that was
    asked about, whatever is tried meanwhile.
    """
    asked: Asked | None = state.value(_ASKED)
    if asked is None:
        return
    state.put(_ASKED, None)
    chosen = [each for each in current if asked.publication_id in (None, each.id)]
    if chosen:
        _DIALOGS[asked.verb](visitor, detail, chosen, asked)


@dialog("When it goes out", icon="schedule")
def _reschedule(visitor: Visitor, detail: Detail, chosen: Sequence[PublicationRow], asked: Asked) -> None:
    zone = visitor.zone
    due = next((each.due_at for each in chosen if each.due_at), None)
    wall = slots.wall_time(due, zone) if due else None
    _account_names(chosen)
    at = time_field(zone, wall, key="move")
    st.caption("Approvals stay: they are over the words, not the time.")
    subject = _subject(detail, asked.publication_id, chosen)
    seen = [detail.post.revision, *(f"{each.id}:{each.due_at}" for each in chosen)]

    def run(actor: Actor) -> Changed:
        if at is None:
            raise Invalid([_NO_TIME])
        return publishing.reschedule(actor, feedback.action_id(actor, "reschedule", *seen, at), at, **subject)

    if confirm("Reschedule" if due else "Schedule", "schedule", why_not=_NO_TIME if at is None else None, key="dialog"):
        feedback.act("publishing.reschedule", run, done=_words)
        feedback.close_dialog()


@dialog("Publish now", icon="send")
def _publish_now(visitor: Visitor, detail: Detail, chosen: Sequence[PublicationRow], asked: Asked) -> None:
    sendable = [each for each in chosen if is_sendable(each)]
    st.markdown("This goes out within seconds and can't be taken back from here.")
    _account_names(sendable)
    subject = _subject(detail, asked.publication_id, sendable)
    seen = [f"{each.id}:{each.state}:{each.due_at}" for each in sendable]

    def run(actor: Actor) -> Changed:
        return publishing.publish_now(actor, feedback.action_id(actor, "publish_now", *seen), **subject)

    if confirm("Publish now", "send", key="dialog"):
        feedback.act("publishing.publish_now", run, done=_words)
        feedback.close_dialog()


@dialog("Cancel", icon="cancel")
def _cancel(visitor: Visitor, detail: Detail, chosen: Sequence[PublicationRow], asked: Asked) -> None:
    st.markdown("It won't be sent. The words stay here and can be tried again.")
    _account_names(chosen)
    reason = st.text_input("Why (optional)", max_chars=500, key="cancel_reason")
    subject = _subject(detail, asked.publication_id, chosen)
    seen = [f"{each.id}:{each.state}:{each.due_at}" for each in chosen]

    def run(actor: Actor) -> Changed:
        return publishing.cancel(actor, feedback.action_id(actor, "cancel", *seen), reason=reason, **subject)

    if confirm("Cancel this publication", "cancel", key="dialog"):
        feedback.act("publishing.cancel", run, done=_words)
        feedback.close_dialog()


@dialog("It is live", icon="check_circle")
def _live(visitor: Visitor, detail: Detail, chosen: Sequence[PublicationRow], asked: Asked) -> None:
    each, named = chosen[0], asked.named
    counts = "The network is asked before it counts."
    if each.account_state == AccountState.DISABLED:
        counts = "The account is disconnected, so nobody can ask: your word counts, with the link as its proof."
    st.markdown(f"You looked at **{plain(each.account_name)}** and found it. {counts}")
    if each.account_url:
        st.link_button("Open the account", each.account_url, icon=":material/open_in_new:")
    if named:
        st.markdown(f"It is the post **{plain(named)}**.")
        if _says_something_else(visitor, each.id, named):
            st.warning("Its words are not those that were sent. Look at it once more.", icon=":material/warning:")
        post = named
    else:
        post = st.text_input("Address or id of the live post", max_chars=500, key="live_post", required=True, live=True)
    reason = st.text_input("What you saw", max_chars=500, key="live_reason", required=True, live=True)

    def run(actor: Actor) -> Changed:
        action = feedback.action_id(actor, "resolve_live", each.id, asked.attempt_id, post)
        return publishing.resolve_live(actor, action, each.id, attempt_id=asked.attempt_id, post=post, reason=reason)

    missing = "Give its address or id first." if not post else None if reason else _UNSAID
    if confirm("It is live", "check_circle", why_not=missing, key="dialog"):
        feedback.act("publishing.resolve_live", run, done=_words)
        feedback.close_dialog()


def _says_something_else(visitor: Visitor, publication_id: UUID, named: str) -> bool:
    candidates = sending.evidence(visitor.actor, publication_id).candidates
    return any(each.post.provider_post_id == named and each.post.likeness == "other" for each in candidates)


@dialog("It is not live: send again", icon="send")
def _resend(visitor: Visitor, detail: Detail, chosen: Sequence[PublicationRow], asked: Asked) -> None:
    each = chosen[0]
    st.markdown(f"You looked at **{plain(each.account_name)}** and it isn't there. The same post goes out once more.")
    st.warning(plain(sending.evidence(visitor.actor, each.id).resend_risk), icon=":material/warning:")
    _not_live(each, asked.attempt_id, "Send it again", "send", send_again=True)


@dialog("Give it up", icon="cancel")
def _give_up(visitor: Visitor, detail: Detail, chosen: Sequence[PublicationRow], asked: Asked) -> None:
    each = chosen[0]
    st.markdown(f"You looked at **{plain(each.account_name)}** and it isn't there. It is closed as cancelled.")
    _not_live(each, asked.attempt_id, "Give it up", "cancel", send_again=False)


def _not_live(each: PublicationRow, attempt_id: int | None, label: str, icon: str, *, send_again: bool) -> None:
    reason = st.text_input("What you saw", max_chars=500, key="not_live_reason", required=True, live=True)

    def run(actor: Actor) -> Changed:
        action = feedback.action_id(actor, "resolve_not_live", each.id, attempt_id, send_again)
        return publishing.resolve_not_live(
            actor, action, each.id, attempt_id=attempt_id, send_again=send_again, reason=reason
        )

    if confirm(label, icon, why_not=None if reason else _UNSAID, key="dialog"):
        feedback.act("publishing.resolve_not_live", run, done=_words)
        feedback.close_dialog()


def _account_names(chosen: Iterable[PublicationRow]) -> None:
    st.markdown(" ".join(f":gray-badge[{plain(each.account_name)} · {network_title(each.network)}]" for each in chosen))


def _words(changed: Changed) -> str:
    left = " ".join(each.words for each in changed.left_alone)
    return f"{changed.words or 'Done.'} {left}".strip()


def _subject(detail: Detail, publication_id: UUID | None, named: Iterable[PublicationRow]) -> Subject:
    """What else of the post can be worked on by now was not named, and is left alone."""
    if publication_id:
        return {"publication_id": publication_id}
    return {"post_id": detail.post.id, "only": [each.id for each in named]}


@dialog("Change the live text", icon="edit")
def _edit_live(visitor: Visitor, detail: Detail, chosen: Sequence[PublicationRow], asked: Asked) -> None:
    each = chosen[0]
    network = network_title(each.network)
    st.markdown(
        f"The text changes on {plain(network)} within seconds, for everybody. You approve the new words by this."
    )
    _account_names(chosen)
    words = st.text_area("Text", value=each.text, height=220, key="live_text")

    def run(actor: Actor) -> Changed:
        action = feedback.action_id(actor, "edit_live", each.id, each.text, words)
        return publishing.edit_live(actor, action, each.id, text=words, was=each.text)

    # Whatever is wrong with it is said by the command: the text comes with the press.
    if confirm("Change it", "edit", key="dialog"):
        feedback.act("publishing.edit_live", run, done=_words)
        feedback.close_dialog()


@dialog("Delete the live post", icon="delete")
def _delete_live(visitor: Visitor, detail: Detail, chosen: Sequence[PublicationRow], asked: Asked) -> None:
    each = chosen[0]
    network = network_title(each.network)
    st.markdown(
        f"It goes away on {plain(network)} for good, with its likes and comments. Here it stays, marked as deleted."
    )
    _account_names(chosen)
    reason = st.text_input("Why (optional)", max_chars=500, key="delete_live_reason")

    def run(actor: Actor) -> Changed:
        return publishing.delete_live(
            actor, feedback.action_id(actor, "delete_live", each.id, each.deleted_at), each.id, reason=reason
        )

    if confirm("Delete it", "delete", key="dialog"):
        feedback.act("publishing.delete_live", run, done=_words)
        feedback.close_dialog()


_DIALOGS: Final[Mapping[str, Callable[[Visitor, Detail, Sequence[PublicationRow], Asked], None]]] = {
    "reschedule": _reschedule,
    "publish": _publish_now,
    "cancel": _cancel,
    "live": _live,
    "resend": _resend,
    "give_up": _give_up,
    "edit_live": _edit_live,
    "delete_live": _delete_live,
}
