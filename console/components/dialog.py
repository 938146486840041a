"""Dialogs over a page.

Streamlit closes a dialog when the whole page is drawn without opening it again, and what was typed in it is gone. So
an open one is noted, and whatever draws the page anew by itself waits until it is closed (`feedback.draw_page_anew`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Literal, ParamSpec

import streamlit as st

from console import state

P = ParamSpec("P")


def dialog(
    title: str,
    *,
    icon: str,
    width: Literal["small", "medium", "large"] = "small",
    on_dismiss: Callable[[], None] | Literal["rerun"] = "rerun",
) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Make a dialog of what this decorates. However it is closed, the page is drawn anew. `icon` names a symbol."""

    def of(draw: Callable[P, None]) -> Callable[P, None]:
        @wraps(draw)
        def body(*args: P.args, **kwargs: P.kwargs) -> None:
            try:
                draw(*args, **kwargs)
            except Exception:  # there is nothing left in it to lose: the page may come back by itself
                state.note_dialog(is_open=False)
                raise

        shown = st.dialog(title, width=width, icon=f":material/{icon}:", on_dismiss=on_dismiss)(body)

        @wraps(draw)
        def opened(*args: P.args, **kwargs: P.kwargs) -> None:
            state.note_dialog(is_open=True)
            shown(*args, **kwargs)

        return opened

    return of
