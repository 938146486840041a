"""The one module that touches Streamlit's session state.

Nothing that matters lives here: a restart of the console empties it, a reload too. What people look at is in the
address, what they write is in the database; here is what lasts from one click to the next.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, Final, Literal
from uuid import UUID

import streamlit as st

from core.infra.ids import new_id

_UNDO: Final = "masthead.undo"
_TROUBLE: Final = "masthead.trouble"
_TOASTS: Final = "masthead.toasts"
_GONE: Final = "masthead.signed_out_because"
_WRITES: Final = "masthead.writes"
_DRAWN: Final = "masthead.drawn"
_TAB: Final = "masthead.tab"
_DRAFTS: Final = "masthead.drafts"
_MENU: Final = "masthead.menu"
_SEEN: Final = "masthead.seen"
_DIALOG: Final = "masthead.dialog"
_A_MINUTE_S: Final = 60


@dataclass(frozen=True, slots=True)
class Undo:
    """What was done, and the way back; offered once, at the foot of the page."""

    words: str
    take_back: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something was not done, in words, until the next thing is done."""

    words: str
    kind: Literal["refused", "failed"] = "refused"
    incident: str | None = None


@dataclass(frozen=True, slots=True)
class Toast:
    """A word in passing."""

    words: str
    icon: str


@dataclass(slots=True)
class DraftInHand:
    """The post that this tab is writing.

    Its fields are set from callbacks after a commit. They are plain attributes of an object that is already in the
    session, because a click that ends a running script may end it at any access to the session state itself.

    `turn` is held from reading the post to having saved it. Streamlit starts the next run of a tab, callbacks and all,
    while the one before is still at work, and two saves that read the same revision would be in conflict.
    """

    token: UUID
    post_id: UUID | None = None
    own_revision: int = 0
    done: int = 0
    saved_at: datetime | None = None
    conflict: Any = None
    not_saved: str = ""
    time_troubles: dict[UUID | None, Any] = field(default_factory=dict)  # None: the post's own time
    own_times: set[UUID] = field(default_factory=set)
    editing_approved: bool = False
    refill: int = 0
    turn: Lock = field(default_factory=Lock)


@dataclass(slots=True)
class _Drafts:
    new: DraftInHand = field(default_factory=lambda: DraftInHand(token=new_id()))
    by_post: dict[UUID, DraftInHand] = field(default_factory=dict)


def offer_undo(undo: Undo | None) -> None:
    """Offer this way back instead of an earlier one; None withdraws it."""
    st.session_state[_UNDO] = undo


def undo() -> Undo | None:
    """The way back on offer."""
    offered: Undo | None = st.session_state.get(_UNDO)
    return offered


def tell_trouble(trouble: Trouble | None) -> None:
    """Say on the next run why something was not done; None forgets it."""
    st.session_state[_TROUBLE] = trouble


def trouble() -> Trouble | None:
    """Why the last thing was not done."""
    told: Trouble | None = st.session_state.get(_TROUBLE)
    return told


def say(words: str, icon: str = "check") -> None:
    """Show a toast on the next run, so that a page switch or rerun doesn't swallow it."""
    st.session_state[_TOASTS] = [*st.session_state.get(_TOASTS, []), Toast(words, icon)]


def take_toasts() -> list[Toast]:
    """What is to be said now, once."""
    waiting: list[Toast] = st.session_state.pop(_TOASTS, [])
    return waiting


def remember_signed_out(because: str) -> None:
    """Why this session is over, for the sign-in page."""
    st.session_state[_GONE] = because


def signed_out_because() -> str | None:
    """Why this session is over, if it was ended from here."""
    because: str | None = st.session_state.get(_GONE)
    return because


def count_write() -> None:
    """Something was written in this session: what was cached before is looked up again."""
    st.session_state[_WRITES] = writes() + 1


def writes() -> int:
    """How often this session wrote, as part of the keys of what it caches."""
    return int(st.session_state.get(_WRITES, 0))


def note_drawn() -> None:
    """The page shows all that this session wrote so far."""
    st.session_state[_DRAWN] = writes()


def drawn() -> str:
    """Which tab this is, and how much of what it wrote its page showed when it was last drawn to its end.

    A tab that was opened anew or reloaded is another one, and begins to count as every tab does.
    """
    return f"{st.session_state.setdefault(_TAB, new_id())}:{st.session_state.get(_DRAWN, 0)}"


def note_dialog(*, is_open: bool) -> None:
    """A dialog was opened over the page; or the page is drawn anew, and nothing is open until it opens it again."""
    st.session_state[_DIALOG] = is_open


def dialog_is_open() -> bool:
    """Whether somebody may be typing in a dialog."""
    return bool(st.session_state.get(_DIALOG, False))


def draft_in_hand(post_id: UUID | None) -> DraftInHand:
    """What this tab knows of the post it writes; None: the one that isn't saved yet."""
    drafts: _Drafts = st.session_state.setdefault(_DRAFTS, _Drafts())
    if post_id is None:
        if drafts.new.post_id is not None:
            drafts.by_post[drafts.new.post_id] = drafts.new
            drafts.new = DraftInHand(token=new_id())
        return drafts.new
    if drafts.new.post_id == post_id:
        return drafts.new
    return drafts.by_post.setdefault(post_id, DraftInHand(token=post_id, post_id=post_id))


def a_minute_has_passed() -> bool:
    """True once a minute in this session, and the first time."""
    moment = time.monotonic()
    if moment - st.session_state.get(_SEEN, float("-inf")) < _A_MINUTE_S:
        return False
    st.session_state[_SEEN] = moment
    return True


def keep_menu(pages: Mapping[str, Any]) -> None:
    """Remember the pages of this run by their path, for links from one to another."""
    st.session_state[_MENU] = dict(pages)


def menu_page(url_path: str) -> Any:
    """The page of this run at a path. Raises KeyError for one that doesn't exist."""
    return st.session_state[_MENU][url_path]


def value(key: str, default: Any = None) -> Any:
    """What the widget with this key holds."""
    return st.session_state.get(key, default)


def put(key: str, new: Any) -> None:
    """Set what the widget with this key holds; only before it is drawn, or in a callback."""
    st.session_state[key] = new


def forget(key: str) -> None:
    """Let the widget with this key start anew."""
    st.session_state.pop(key, None)
