"""A button that isn't dead without a word: where it can't be pressed, it says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st

from console.plain import plain

ButtonKind = Literal["primary", "secondary", "tertiary"]


def button(
    label: str,
    icon: str,
    why_not: str | None,
    on_click: Callable[..., None],
    args: tuple[object, ...] = (),
    *,
    key: str,
    kind: ButtonKind = "secondary",
    note: str | None = None,
    shortcut: str | None = None,
) -> None:
    """Draw it. `why_not` (None: it can be pressed) may be people's words; `note`, ours, says what it does.

    `icon` is the name of a Material symbol.
    """
    st.button(
        label,
        icon=f":material/{icon}:",
        type=kind,
        shortcut=shortcut,
        on_click=on_click,
        args=args,
        disabled=why_not is not None,
        help=plain(why_not) if why_not else note,
        key=key,
    )
