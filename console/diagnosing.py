"""The doctor on Accounts: the buttons that ask it, and what it found, each fault with what mends it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import streamlit as st

from console import feedback, places, state
from console.components.away import away
from console.components.button import button
from console.identity import Visitor
from console.plain import code, plain
from core.accounts import commands, queries
from core.accounts.commands import Diagnosed
from core.accounts.queries import AccountRow
from core.infra.actor import Actor
from core.infra.errors import MastheadError
from core.organizations.rules import Permission
from core.provider_kit.diagnosis import Fault, Kind

_FOUND: Final = "account_found"
_CONSENT_MENDS: Final = frozenset({Kind.TOKEN, Kind.DATA_ACCESS, Kind.SCOPE})


def setup_buttons(visitor: Visitor) -> None:
    """For those who connect: one button for each provider that is set up here."""
    if not visitor.may(Permission.CONNECT):
        return
    configured = [each for each in queries.providers(visitor.actor) if each.configured]
    if not configured:
        return
    with st.popover("Check the setup", icon=":material/troubleshoot:", key="check_setup"):
        st.caption("Asks the network, and changes nothing.")
        for provider in configured:
            st.button(
                provider.title,
                on_click=_check_setup,
                args=(provider.key,),
                width="stretch",
                key=f"check_setup_{provider.key}",
            )


def connection_button(visitor: Visitor, each: AccountRow) -> None:
    """On an account's card: look at the grant it stands on."""
    button(
        "Check",
        "troubleshoot",
        visitor.why_not(Permission.CHECK_CONNECTION),
        _check_connection,
        (each.connection_id,),
        key=f"check_{each.id}",
        kind="tertiary",
        note="Ask the network whether this connection stands; changes nothing.",
    )


def found(visitor: Visitor) -> None:
    """What the last look found, until it is closed."""
    told: tuple[UUID, Diagnosed, UUID | None] | None = state.value(_FOUND)
    if told is None or told[0] != visitor.actor.organization_id:
        return
    _, result, connection_id = told
    with st.container(border=True, gap="small", key="diagnosed"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(_head(result), width="stretch")
            st.button("Close", type="tertiary", on_click=state.forget, args=(_FOUND,), key="diagnosed_close")
        for number, fault in enumerate(result.faults):
            _fault(fault, number)
        if connection_id is not None and any(fault.kind in _CONSENT_MENDS for fault in result.faults):
            _connect_again(visitor, result.provider, connection_id)


def _head(result: Diagnosed) -> str:
    if not result.faults:
        return f":green[:material/check_circle:] **{plain(result.what)}**: nothing is wrong."
    wrong = sum(not fault.advice for fault in result.faults)
    words = f"{wrong} to mend" if wrong else "works; one could be better" if len(result.faults) == 1 else "works"
    color, icon = ("red", "error") if wrong else ("orange", "info")
    return f":{color}[:material/{icon}:] **{plain(result.what)}**: {words}"


def _fault(fault: Fault, number: int) -> None:
    color, icon = ("orange", "info") if fault.advice else ("red", "error")
    trace = f"  \n:gray[Trace {code(fault.trace_id)}]" if fault.trace_id else ""
    head = f":{color}[:material/{icon}:] **{plain(fault.words)}**"
    with st.container(key=f"diagnosed_{number}"):
        st.markdown(f"{head}  \n:material/arrow_forward: {plain(fault.fix)}{trace}")


def _connect_again(visitor: Visitor, provider: str, connection_id: UUID) -> None:
    if not visitor.may(Permission.CONNECT):
        st.caption("An admin of this organization can connect it again.")
        return
    try:
        path = commands.connect_intent(visitor.actor, provider, connection_id)
    except MastheadError as problem:
        st.caption(plain(problem.message))
        return
    away("Connect again", places.ingest_url() + path, icon="key", primary=True, key="diagnosed_again")


def _check_setup(provider: str) -> None:
    def run(actor: Actor) -> tuple[UUID, Diagnosed, UUID | None]:
        return actor.organization_id, commands.check_setup(actor, provider), None

    state.put(_FOUND, feedback.act("accounts.check_setup", run))


def _check_connection(connection_id: UUID) -> None:
    def run(actor: Actor) -> tuple[UUID, Diagnosed, UUID | None]:
        return actor.organization_id, commands.check_connection(actor, connection_id), connection_id

    state.put(_FOUND, feedback.act("accounts.check_connection", run))
