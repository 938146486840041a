"""A button that leaves the console in the same tab: to ingest, which leads on to a network's consent."""

from __future__ import annotations

from typing import Final

import streamlit as st

from console.components import frontend

_AWAY: Final = st.components.v2.component(
    "masthead_away",
    html='<div class="root"><a rel="noreferrer"></a></div>',
    css=frontend.style("away"),
    js=frontend.script("dom", "away"),
)


def away(label: str, href: str, *, icon: str, key: str, primary: bool = False, stretch: bool = False) -> None:
    """Draw the link, as wide as its place with `stretch`. `href` is our own: nothing that people wrote."""
    data = {"label": label, "href": href, "icon": icon, "primary": primary}
    _AWAY(key=key, data=data, width="stretch" if stretch else "content")
