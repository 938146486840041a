"""The head of a page: its title, and what can be done from it, all of one height everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st


@contextmanager
def header(title: str, note: str | None = None, *, mark: str | None = None) -> Iterator[None]:
    """Title on the left, what is drawn inside on the right; `mark` (a badge) and `note` (a quiet word) follow the title."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="page_header"):
        st.title(title, anchor=False, width="content")
        if mark:
            st.markdown(mark, width="content")
        if note:
            st.caption(note, width="content")
        st.space("stretch")
        yield
