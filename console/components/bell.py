"""The bell in the sidebar: how many notices this person hasn't seen, looked up again while the page stands still."""

from __future__ import annotations

from typing import Final

import streamlit as st

from console import feedback, navigation
from core.infra.actor import Actor
from core.notices import queries
from core.notices.queries import COUNTED_AT_MOST

LOOK_EVERY_S: Final = 15


def bell(actor: Actor) -> None:
    """Draw it, as a link to the notices."""

    @st.fragment(run_every=LOOK_EVERY_S)
    def look() -> None:
        try:
            unseen = queries.unseen(actor)
        except Exception as error:  # the page itself says what is wrong; the bell only stops counting
            feedback.report(error, "bell")
            unseen = 0
        icon = "notifications_unread" if unseen else "notifications"
        navigation.link("notices", "Notices", mark=_badge(unseen), icon=icon)

    with st.container(key="bell"):
        look()


def _badge(unseen: int) -> str:
    if not unseen:
        return ""
    figure = f"{COUNTED_AT_MOST - 1}+" if unseen >= COUNTED_AT_MOST else str(unseen)
    return f":red-badge[{figure}]"
