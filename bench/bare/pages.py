"""The script of the bare application: a menu of two pages, each with its heading and nothing else."""

from __future__ import annotations

import streamlit as st


def _first() -> None:
    st.title("First", anchor=False)


def _second() -> None:
    st.title("Second", anchor=False)


_PAGES = [
    st.Page(_first, title="First", url_path="first", default=True),
    st.Page(_second, title="Second", url_path="second"),
]
st.navigation(_PAGES).run()
