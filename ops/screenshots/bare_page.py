"""A Streamlit application with nothing of ours: what axe-core finds here too is Streamlit's own."""

from __future__ import annotations

import streamlit as st


def _page() -> None:
    st.title("Bare", anchor=False)


st.navigation(
    {
        "": [st.Page(_page, title="First", url_path="first", default=True)],
        "Section": [st.Page(_page, title="Second", url_path="second"), st.Page(_page, title="Third", url_path="third")],
    }
).run()
