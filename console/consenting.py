"""The way to a network's consent page for an account that is here already."""

from __future__ import annotations

import streamlit as st

from console import places
from console.components.away import away
from console.identity import Visitor
from console.plain import plain
from core.accounts import commands
from core.accounts.queries import AccountRow
from core.infra.errors import MastheadError
from core.organizations.rules import Permission


def again(visitor: Visitor, account: AccountRow, label: str, *, key: str, primary: bool = False) -> None:
    """A link that asks for a consent once more; for who may not, and without settings, a button that says why."""
    path, refusal = None, visitor.why_not(Permission.CONNECT)
    if refusal is None:
        try:
            path = commands.connect_intent(visitor.actor, account.provider, account.connection_id)
        except MastheadError as problem:
            refusal = problem.message
    if path is not None:
        away(label, places.ingest_url() + path, icon="key", primary=primary, key=key)
    else:
        st.button(label, icon=":material/key:", disabled=True, help=plain(refusal or ""), key=f"{key}_off")
