"""The head of a page: its title, and what can be done from it, all of one height everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from console import navigation


@contextmanager
def header(title: str, note: str | None = None, *, mark: str | None = None, back: str | None = None) -> Iterator[None]:
    """Title on the left, what is drawn inside on the right: together, below the title where they don't fit beside it.

    `mark` (a badge) and `note` (a quiet word) follow the title; `back` is the path of the list that this is one of.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="page_header"):
        if back:
            st.button(
                "Back",
                icon=":material/arrow_back:",
                type="tertiary",
                on_click=navigation.go,
                args=(back,),
                key="header_back",
            )
        st.title(title, anchor=False, width="content")
        if mark:
            st.markdown(mark, width="content")
        if note:
            st.caption(note, width="content")
        st.space("stretch")
        with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
            yield
