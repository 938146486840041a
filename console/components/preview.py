"""One post as one account will show it."""

from __future__ import annotations

from typing import Final

import streamlit as st

from console.components import frontend
from console.components.networks import network_data
from console.plain import one_line

_PREVIEW: Final = st.components.v2.component(
    "masthead_preview",
    html='<div class="root"><div class="slot"></div></div>',
    css=frontend.style("preview"),
    js=frontend.script("counting", "dom", "preview", "preview_card"),
)


def preview(*, account_id: str, name: str, network: str, text: str, link: str | None, when: str, key: str) -> None:
    """Draw the card: name, folded text, links and hashtags marked, the link's own card."""
    account = {"id": account_id, "name": one_line(name), "network": network_data(network), "when": when}
    _PREVIEW(key=key, data={"account": account, "text": text, "link": link or ""})
