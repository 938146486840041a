"""What a list shows when there is nothing in it: what it is, why it is empty, one thing to do."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from console import navigation


def empty(
    icon: str,
    title: str,
    why: str,
    *,
    action: str | None = None,
    page: str | None = None,
    on_click: Callable[[], None] | None = None,
    draw: Callable[[], None] | None = None,
    border: bool = True,
    key: str = "empty",
) -> None:
    """An empty state. `action` is a link to `page` or, with `on_click`, a button; `draw` draws something else there.

    All words are ours, not people's.
    """
    frame = st.container(border=border, horizontal_alignment="center", gap="small", key=f"{key}_state")
    with frame:
        st.space("small")
        st.markdown(f":gray[:material/{icon}:]", text_alignment="center", width="content")
        st.markdown(f"**{title}**", text_alignment="center")
        st.caption(why, text_alignment="center")
        if action and page:
            navigation.link(page, action)
        elif action and on_click:
            st.button(action, on_click=on_click, key=f"{key}_action")
        elif draw:
            draw()
        st.space("small")
