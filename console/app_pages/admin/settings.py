"""Settings: the organization's name, zone and rules, and how late each account's posts may go out."""

from __future__ import annotations

from typing import Final
from uuid import UUID
from zoneinfo import available_timezones

import streamlit as st

from console import feedback, state
from console.components.header import header
from console.components.networks import network_title
from console.components.split import split
from console.identity import Visitor
from console.navigation import PageSpec
from console.plain import plain, plain_label
from core.accounts import commands as account_commands
from core.accounts import queries as accounts
from core.accounts.queries import AccountRow
from core.accounts.rules import LONGEST_WINDOW_S, SHORTEST_WINDOW_S, AccountState
from core.infra.actor import Actor
from core.notices import queries as notices
from core.notices.queries import MailStanding
from core.organizations import commands
from core.organizations.commands import SettingsChange
from core.organizations.queries import OrganizationFacts
from core.organizations.rules import LONGEST_NAME, Permission

PAGE = PageSpec(
    title="Settings",
    icon="settings",
    help="The organization's name, time zone, approval rules, and how late a post may go out.",
    permission=Permission.MANAGE_SETTINGS,
    url_path="settings",
    order=80,
)

_MINUTE: Final = 60


def render(visitor: Visitor) -> None:
    """Draw the page."""
    with header("Settings", plain(visitor.organization.name)):
        pass
    _organization(visitor.organization)
    live = [each for each in accounts.accounts(visitor.actor) if each.state is not AccountState.DISABLED]
    if live:
        _windows(live)
    _mail(notices.mail_standing(visitor.actor))


def _organization(facts: OrganizationFacts) -> None:
    with st.form("settings_organization", border=True):
        st.header("Organization", anchor=False)
        name, zone = split("settings", [1, 1], controls=True)
        zones = sorted(available_timezones())
        name.text_input("Name", value=facts.name, max_chars=LONGEST_NAME, required=True, key=_key(facts, "name"))
        zone.selectbox(
            "Time zone",
            zones,
            index=zones.index(facts.timezone),
            help="It rules slots, the calendar and what counts as today. What is scheduled keeps its instant.",
            key=_key(facts, "zone"),
        )
        st.header("Approval", anchor=False)
        st.toggle(
            "People may approve their own work",
            value=facts.self_approval,
            help="Off: somebody else has to. Each own approval is marked in the post's history.",
            key=_key(facts, "self_approval"),
        )
        st.number_input(
            "An approval lapses after (days)",
            min_value=1,
            max_value=365,
            value=facts.approval_days,
            width=220,
            key=_key(facts, "approval_days"),
        )
        st.form_submit_button("Save", type="primary", on_click=_save, args=(facts,), key="settings_save")


def _mail(standing: MailStanding) -> None:
    with st.container(border=True, gap="small", key="settings_mail"):
        st.header("Mail", anchor=False)
        if not standing.is_set_up:
            st.caption("This installation sends no mail yet: your operator sets MASTHEAD_SMTP_URL.")
        elif standing.waiting or standing.given_up:
            figures = [
                f"{count} {words}"
                for count, words in (
                    (standing.waiting, "waiting to be tried again"),
                    (standing.given_up, "given up within a week"),
                )
                if count
            ]
            st.markdown(f":orange[:material/warning:] Mail that doesn't get through: {', '.join(figures)}.")
            st.caption(f"The mail server said last: {plain(standing.last_error or 'nothing')}")
        else:
            st.caption(":material/check: Mail gets through.")


def _save(facts: OrganizationFacts) -> None:
    change = SettingsChange(
        name=state.value(_key(facts, "name")),
        timezone=state.value(_key(facts, "zone")),
        self_approval=state.value(_key(facts, "self_approval")),
        approval_days=state.value(_key(facts, "approval_days")),
    )

    def run(actor: Actor) -> bool:
        action = feedback.action_id(actor, "settings", *change.model_dump().values(), state.writes())
        commands.update_settings(actor, action, change)
        return True

    feedback.act("organizations.update_settings", run, done="Saved.")


def _windows(rows: list[AccountRow]) -> None:
    with st.container(border=True, gap="small", key="settings_windows"):
        st.header("How late a post may go out", anchor=False)
        st.caption(
            "After this many minutes a post that could not be sent in time asks a person instead."
            " Counts for posts scheduled or moved from now on."
        )
        for each in rows:
            who, minutes = split(f"window_{each.id}", [3, 1], middle=True)
            who.markdown(f"{plain(each.name)} :gray[· {network_title(each.network)}]")
            key = f"settings_window_{each.id}"
            state.put(key, each.window_s // _MINUTE)
            minutes.number_input(
                f"Minutes for {plain_label(each.name)}",
                min_value=SHORTEST_WINDOW_S // _MINUTE,
                max_value=LONGEST_WINDOW_S // _MINUTE,
                step=5,
                key=key,
                on_change=_set_window,
                args=(each.id, each.name, key),
                label_visibility="collapsed",
            )


def _set_window(account_id: UUID, name: str, key: str) -> None:
    minutes = int(state.value(key))

    def run(actor: Actor) -> bool:
        action = feedback.action_id(actor, "window", account_id, minutes, state.writes())
        account_commands.set_window(actor, action, account_id, minutes * _MINUTE)
        return True

    feedback.act("accounts.set_window", run, done=f"{name}: up to {minutes} minutes late.")


def _key(facts: OrganizationFacts, field: str) -> str:
    """Another organization's form is another form."""
    return f"settings_{field}_{facts.id}"
