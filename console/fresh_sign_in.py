"""What only somebody who signed in just now may decide: why a button can't be pressed, and the way to press it."""

from __future__ import annotations

import streamlit as st

from console import identity
from console.identity import Visitor
from core.organizations import fresh
from core.organizations.rules import Permission


def why_not(visitor: Visitor, permission: Permission) -> str | None:
    """Why this person can't decide it now, by their role or their sign-in; None when they can."""
    stale = f"Sign in again first: this takes a sign-in of the last {fresh.lasts_words()}."
    return visitor.why_not(permission) or (None if visitor.signed_in_lately else stale)


def offer(visitor: Visitor, permission: Permission, *, key: object) -> None:
    """The way to a new sign-in and back here, for whoever may decide and signed in too long ago for it."""
    if not visitor.may(permission) or visitor.signed_in_lately:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", wrap=False, key=f"stale_{key}"):
        st.markdown(
            f":material/lock_clock: Deciding takes a sign-in of the last {fresh.lasts_words()} for which you were"
            " asked who you are, so that nobody does it at an open screen.",
            width="stretch",
        )
        st.button(
            "Sign in again",
            icon=":material/login:",
            type="primary",
            on_click=identity.sign_in_again,
            key=f"sign_in_again_{key}",
        )
