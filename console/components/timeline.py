"""Who did what to a post, when, and what the network said; newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import streamlit as st

from console.components import frontend
from console.components.times import Zones, ago, clock, iso, when

_TIMELINE: Final = st.components.v2.component(
    "masthead_timeline",
    html='<div class="root"><ol class="tl"></ol></div>',
    css=frontend.style("timeline"),
    js=frontend.script("dom", "timeline"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `said` marks `detail` as a person's words; `facts` are (name, value), shown to be copied."""

    at: datetime
    who: str
    what: str
    icon: str
    color: str = "gray"
    account: str = ""
    detail: str = ""
    said: bool = False
    facts: Sequence[tuple[str, str]] = ()


def timeline(entries: Sequence[Entry], zones: Zones, *, key: str) -> None:
    """Draw the entries, newest first."""
    lines = [
        {
            "who": entry.who,
            "what": entry.what,
            "icon": entry.icon,
            "color": entry.color,
            "account": entry.account,
            "detail": entry.detail,
            "said": entry.said,
            "facts": [list(fact) for fact in entry.facts],
            "time": clock(entry.at, zones.organization),
            "time_title": f"{when(entry.at, zones)}, {ago(entry.at)}",
            "iso": iso(entry.at),
        }
        for entry in sorted(entries, key=lambda each: each.at, reverse=True)
    ]
    _TIMELINE(key=key, data={"entries": lines})
