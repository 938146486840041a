"""Profile: a person's own time zone, what is mailed to them, and their sign-ins."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import Final
from uuid import UUID
from zoneinfo import available_timezones

import streamlit as st

from console import feedback, identity, state
from console.components.header import header
from console.components.split import split
from console.components.times import Zones, ago, when
from console.identity import Visitor
from console.navigation import PageSpec
from console.plain import plain
from core.infra.actor import Actor
from core.notices import commands as notice_commands
from core.notices import queries as notices
from core.notices.queries import PreferenceRow
from core.notices.rules import DIGEST_AT, Delivery
from core.organizations import commands, queries
from core.organizations.queries import SignInRow
from core.organizations.rules import Permission

PAGE = PageSpec(
    title="Profile",
    icon="person",
    help="Your time zone, what is mailed to you, and your sign-ins.",
    permission=Permission.READ,
    url_path="profile",
    order=95,
    hidden=True,
)

_DELIVERIES: Final[Mapping[Delivery, str]] = {
    Delivery.AT_ONCE: "At once",
    Delivery.DAILY: "Daily",
    Delivery.OFF: "Off",
}


def render(visitor: Visitor) -> None:
    """Draw the page."""
    with header("Profile", plain(visitor.signed_in.email)):
        pass
    _zone(visitor)
    _mailed(visitor)
    _sign_ins(visitor)


def _zone(visitor: Visitor) -> None:
    with st.container(border=True, gap="small", key="profile_zone"):
        st.header("Time zone", anchor=False)
        st.caption(
            f"Slots are in the organization's zone, {plain(visitor.zone)}. Yours stands beside it where it differs."
        )
        state.put("profile_timezone", visitor.viewer_zone)
        st.selectbox(
            "Your time zone",
            sorted(available_timezones()),
            key="profile_timezone",
            on_change=_choose_zone,
            width=340,
            label_visibility="collapsed",
        )


def _choose_zone() -> None:
    zone = str(state.value("profile_timezone"))

    def run(actor: Actor) -> bool:
        commands.choose_zone(actor, feedback.action_id(actor, "zone", zone, state.writes()), zone)
        return True

    feedback.act("organizations.choose_zone", run, done=f"Your times are in {zone} now.")


def _mailed(visitor: Visitor) -> None:
    with st.container(border=True, gap="small", key="profile_notices"):
        st.header("Mail", anchor=False)
        zone = visitor.signed_in.timezone or visitor.zone  # as the mail does it, whatever the browser says
        st.caption(
            f"What is mailed to you; daily means at {DIGEST_AT:%H:%M} ({plain(zone)})."
            " The Notices page has everything in any case."
        )
        if not notices.mail_is_set_up():
            st.caption(":material/info: This installation sends no mail yet. Your operator can set it up.")
        columns = split("profile_mailed", [1, 1])
        for each, column in zip(notices.preferences(visitor.actor), cycle(columns), strict=False):
            with column:
                _preference(each)


def _preference(each: PreferenceRow) -> None:
    key = f"profile_mailed_{each.kind}"
    state.put(key, each.delivery)
    st.selectbox(
        each.title,
        list(_DELIVERIES),
        format_func=_DELIVERIES.__getitem__,
        key=key,
        on_change=_choose_delivery,
        args=(each, key),
    )


def _choose_delivery(each: PreferenceRow, key: str) -> None:
    delivery = Delivery(state.value(key))

    def run(actor: Actor) -> bool:
        action = feedback.action_id(actor, "delivery", each.kind, delivery, state.writes())
        notice_commands.choose_delivery(actor, action, each.kind, delivery)
        return True

    feedback.act("notices.choose_delivery", run, done="Saved.")


def _sign_ins(visitor: Visitor) -> None:
    zones = Zones.of(visitor)
    with st.container(border=True, gap="small", key="profile_sign_ins"):
        st.header("Sign-ins", anchor=False)
        st.caption("Where you are signed in. One lasts 12 hours.")
        for each in queries.sign_ins(visitor.actor):
            _sign_in(each, zones)
        with st.container(horizontal=True):
            st.button(
                "Sign out everywhere",
                icon=":material/logout:",
                on_click=_sign_out_everywhere,
                key="profile_sign_out_everywhere",
            )


def _sign_in(each: SignInRow, zones: Zones) -> None:
    began, seen, action = split(f"sign_in_{each.id}", [2.4, 1.4, 0.9], middle=True)
    began.markdown(f"Since {plain(when(each.signed_in_at, zones))}" + (" :blue-badge[here]" if each.here else ""))
    seen.caption(f"Seen {ago(each.last_seen_at)}, ends {ago(each.expires_at)}")
    if not each.here:
        action.button("End", type="tertiary", on_click=_end, args=(each.id,), key=f"sign_in_end_{each.id}")


def _end(session_id: UUID) -> None:
    def run(actor: Actor) -> bool:
        commands.end_sign_in(actor, feedback.action_id(actor, "end_sign_in", session_id), session_id)
        return True

    feedback.act("organizations.end_sign_in", run, done="That sign-in is over.")


def _sign_out_everywhere() -> None:
    def run(actor: Actor) -> bool:
        commands.sign_out_everywhere(actor, feedback.action_id(actor, "sign_out_everywhere", state.writes()))
        return True

    if feedback.act("organizations.sign_out_everywhere", run) is not None:
        identity.sign_out()
