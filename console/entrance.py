"""Coming in: the sign-in page, what went wrong on the way, and invitations."""

from __future__ import annotations

from typing import Final

import streamlit as st

from console import identity, state
from console.brand import logo
from console.edge import NOTICE
from console.identity import Outside, Visitor
from console.plain import plain
from core.infra.errors import MastheadError
from core.organizations import commands
from core.organizations.joining import PARAMETER as INVITATION

_NOTICES: Final = {
    "declined": ("You stopped the sign-in, so nothing happened. Try again whenever you like.", "block"),
    "provider": ("The sign-in service doesn't answer at the moment. Try again in a minute.", "cloud_off"),
    "trouble": ("The sign-in didn't come through. Try again; if it stays, tell your operator.", "error"),
    "signed-out": ("You are signed out.", "logout"),
}


def show(visit: Outside) -> None:
    """The page for somebody who can't work here yet, or not any more."""
    with (
        st.container(horizontal_alignment="center", key="entrance"),
        st.container(border=True, width=420, gap="small", key="entrance_card"),
    ):
        st.space("small")
        st.image(logo(dark=st.context.theme.type == "dark"), width=172, alt="Masthead")
        st.space("small")
        if visit.signed_in is not None:
            _without_organization(visit.signed_in.name, visit.signed_in.email)
        else:
            _sign_in(visit.because)
        st.space("small")


def accept_here(visitor: Visitor) -> None:
    """Offer an invitation that a member of one organization has opened to another."""
    if INVITATION not in st.query_params:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="invitation"):
        st.markdown(
            f":material/mail: You have been invited to an organization as **{plain(visitor.signed_in.email)}**.",
            width="stretch",
        )
        st.button("Accept", type="primary", on_click=_accept, key="accept_invitation")
        st.button("Not now", type="tertiary", on_click=_not_now, key="leave_invitation")


def _sign_in(because: str | None) -> None:
    invited = INVITATION in st.query_params
    st.title("You are invited" if invited else "Sign in to Masthead", anchor=False)
    st.caption(
        "Sign in with the address this invitation was made for."
        if invited
        else "Write, approve and publish your organization's posts, with a record of every step."
    )
    words, icon = _NOTICES.get(str(st.query_params.get(NOTICE, "")), (None, None))
    if because:
        words, icon = because, "lock"
    if words:
        st.info(plain(words), icon=f":material/{icon}:")
    if not identity.can_sign_in():
        st.error(
            "No sign-in service is set. The operator sets `MASTHEAD_OIDC_METADATA_URL`; `masthead doctor` says more."
        )
        return
    st.button(
        "Sign in again" if because else "Sign in",
        type="primary",
        icon=":material/login:",
        width="stretch",
        on_click=identity.begin_sign_in,
        key="sign_in",
    )


def _without_organization(name: str, email: str) -> None:
    told = state.trouble()
    if told is not None:
        st.warning(plain(told.words), icon=":material/block:")
    if INVITATION in st.query_params:
        st.title(f"Welcome, {plain(name)}", anchor=False)
        st.caption(f"You are signed in as {plain(email)}. Accept the invitation to start working.")
        st.button("Accept the invitation", type="primary", width="stretch", on_click=_accept, key="accept_invitation")
    else:
        st.title("No organization yet", anchor=False)
        st.caption(
            f"You are signed in as {plain(email)}, but no organization has you as a member."
            " Ask one of its admins for an invitation to this address, and open the link it brings."
        )
    st.button("Sign out", icon=":material/logout:", type="tertiary", on_click=identity.sign_out, key="sign_out")


def _accept() -> None:
    said, token = identity.claims(), str(st.query_params.get(INVITATION, ""))
    if said is None:
        return
    try:
        commands.accept_invitation(identity.key_of(said), token)
    except MastheadError as refusal:
        state.tell_trouble(state.Trouble(refusal.message))
        return
    state.tell_trouble(None)
    st.query_params.clear()
    state.say("Welcome. You are a member now.", "celebration")


def _not_now() -> None:
    st.query_params.pop(INVITATION, None)
