"""What waits for a person: one line each with its one button, leading to where it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import streamlit as st

from console import navigation, state
from console.components import frontend
from console.plain import one_line

_ATTENTION: Final = st.components.v2.component(
    "masthead_attention",
    html='<div class="root"><div class="at"></div></div>',
    css=frontend.style("attention"),
    js=frontend.script("dom", "attention"),
)


@dataclass(frozen=True, slots=True)
class Item:
    """One line under the heading `group`. `post_id` goes into the address of `page`, which calls it `parameter`.

    `action` is what this person can do about it there; empty: they can only look.
    """

    icon: str
    color: str
    title: str
    note: str
    page: str
    post_id: UUID | None = None
    group: str = ""
    action: str = ""
    parameter: str = "post"

    @property
    def parameters(self) -> dict[str, UUID]:
        """What is in the address it leads to."""
        return {self.parameter: self.post_id} if self.post_id else {}


def attention(items: Sequence[Item], *, key: str) -> None:
    """Draw the lines."""

    def opened() -> None:
        item = items[int(state.value(key)["opened"])]
        navigation.go(item.page, **item.parameters)

    lines = [
        {
            "icon": item.icon,
            "color": item.color,
            "title": one_line(item.title),
            "note": one_line(item.note),
            "group": item.group,
            "action": item.action,
            "href": navigation.address(item.page, **item.parameters),
        }
        for item in items
    ]
    _ATTENTION(key=key, data={"items": lines}, on_opened_change=opened)
