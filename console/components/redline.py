"""What changed in a text since it was last approved, or the text as it stands when it never was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from console.components import frontend
from core.posts.redline import Segment

_REDLINE: Final = st.components.v2.component(
    "masthead_redline",
    html='<div class="root"><div class="df"></div><div class="lks"></div></div>',
    css=frontend.style("redline"),
    js=frontend.script("dom", "redline"),
)


def redline(
    segments: Sequence[Segment], *, link: str | None, link_before: str | None, compared: bool, key: str
) -> None:
    """Draw the segments and the link; `compared` False: there is nothing to compare the link with."""
    if not compared or link == link_before:
        links = [["same", link]] if link else []
    else:
        links = [[change, address] for change, address in (("removed", link_before), ("added", link)) if address]
    _REDLINE(key=key, data={"segments": [[each.change, each.text] for each in segments], "links": links})
