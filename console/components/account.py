"""An account as people recognize it: initials in its network's colour, name, network."""

from __future__ import annotations

from typing import Final

import streamlit as st

from console.components import frontend
from console.components.networks import network_mark
from console.plain import one_line

_ACCOUNT: Final = st.components.v2.component(
    "masthead_account",
    html='<div class="root"><div class="ab"></div></div>',
    css=frontend.style("account"),
    js=frontend.script("dom", "account"),
)


def account_badge(name: str, network: str, *, key: str, note: str = "") -> None:
    """Draw it. Pictures of accounts lie on the networks' servers, which a browser of ours never asks."""
    data = {"name": one_line(name), "network": network_mark(network), "note": one_line(note)}
    _ACCOUNT(key=key, data=data, width="stretch")
