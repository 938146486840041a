"""What a page says of itself, and ways from one page to another. `console.menu` finds the pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlencode

import streamlit as st

from console import state
from console.identity import Visitor
from console.plain import plain_label
from core.organizations.rules import Permission

HOME: Final = "home"


@dataclass(frozen=True, slots=True)
class Badge:
    """A figure beside a page in the menu; nothing is shown for 0."""

    figure: int
    color: Literal["gray", "red", "orange", "yellow", "blue"] = "gray"


@dataclass(frozen=True, slots=True)
class PageSpec:
    """One page of the menu. `icon` is the name of a Material symbol, `order` counts within and across sections.

    Who lacks `permission` doesn't see the page, and reads why when they come by its address.
    `hidden` pages have an address but no place in the menu; `grouped` False puts a page above the sections.
    """

    title: str
    icon: str
    help: str
    permission: Permission
    url_path: str
    order: int
    badge: Callable[[Visitor], Badge] | None = None
    hidden: bool = False
    grouped: bool = True


def go(url_path: str, **parameters: object) -> None:
    """Open another page, with these parameters in its address. Ends this run."""
    st.switch_page(state.menu_page(url_path), query_params={name: str(value) for name, value in parameters.items()})


def link(
    url_path: str, label: str, *, mark: str = "", icon: str | None = "arrow_forward", **parameters: object
) -> None:
    """A link to another page. An arrow stands behind the words, any other icon in front of them.

    `label` is shown to the letter, whoever wrote it; `mark`, Markdown of ours such as a badge, follows it.
    """
    words = plain_label(label)
    st.page_link(
        state.menu_page(url_path),
        label=f"{words}  {mark}" if mark else words,
        icon=f":material/{icon}:" if icon else None,
        icon_position="right" if icon == "arrow_forward" else "left",
        query_params={name: str(value) for name, value in parameters.items()},
    )


def new_post(visitor: Visitor) -> None:
    """The button that starts a post, with the key N."""
    st.button(
        "New post",
        icon=":material/add:",
        type="primary",
        shortcut="N",
        on_click=go,
        args=("compose",),
        disabled=not visitor.may(Permission.WRITE),
        help=visitor.why_not(Permission.WRITE),
        key="new_post",
    )


def address(url_path: str, **parameters: object) -> str:
    """The address of a page on this site, for a link that may be opened in a tab of its own."""
    path = "/" if url_path == HOME else f"/{url_path}"
    return f"{path}?{urlencode(parameters, doseq=True)}" if parameters else path
