"""The foot of a dialog: back without anything done, or the one button that does it and says why it can't be pressed."""

from __future__ import annotations

import streamlit as st


def confirm(label: str, icon: str | None, *, key: str, why_not: str | None = None) -> bool:
    """Draw both; whether it was pressed. `why_not`, our words; None: it can be. `icon` names a Material symbol."""
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Back", type="tertiary", key=f"{key}_back"):
            st.rerun()
        return st.button(
            label,
            type="primary",
            icon=f":material/{icon}:" if icon else None,
            disabled=why_not is not None,
            help=why_not,
            key=f"{key}_confirm",
        )
