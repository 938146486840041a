"""The menu is the files found in app_pages: each exports PAGE and render(visitor); each folder exports SECTION."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Final, Literal, Protocol, cast
from urllib.parse import urlencode

import streamlit as st

from console import app_pages, state
from console.identity import Visitor
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


class PageModule(Protocol):
    """What a file in app_pages exports."""

    PAGE: PageSpec

    def render(self, visitor: Visitor) -> None:
        """Draw the page."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page and where it was found."""

    section: str
    module: PageModule

    @property
    def spec(self) -> PageSpec:
        """What the page says of itself."""
        return self.module.PAGE


@cache
def pages() -> tuple[Found, ...]:
    """All pages, in the order of the menu."""
    found: list[Found] = []
    for folder in pkgutil.iter_modules(app_pages.__path__, f"{app_pages.__name__}."):
        package = importlib.import_module(folder.name)
        for file in pkgutil.iter_modules(package.__path__, f"{folder.name}."):
            found.append(Found(package.SECTION, cast("PageModule", importlib.import_module(file.name))))
    return tuple(sorted(found, key=lambda each: each.spec.order))


def menu(visitor: Visitor | None, draw: Callable[[Found], None]) -> st.Page:
    """Register every page and show those this person may open; the page that the address names comes back.

    Without a visitor the menu stays hidden, but every address is known: else a reload on one of them would say
    "Page not found" before the sign-in page could appear.
    """
    sections: dict[str, list[st.Page]] = {"": []}
    by_path: dict[str, st.Page] = {}
    for found in pages():
        spec = found.spec
        shown = visitor is not None and visitor.may(spec.permission) and not spec.hidden
        page = st.Page(
            partial(draw, found),
            title=_title(spec, visitor) if shown else spec.title,
            icon=f":material/{spec.icon}:",
            url_path=spec.url_path,
            default=spec.url_path == HOME,
            visibility="visible" if shown else "hidden",
            help=spec.help,
        )
        by_path[spec.url_path] = page
        sections.setdefault(found.section if spec.grouped else "", []).append(page)
    state.keep_menu(by_path)
    return st.navigation(sections, position="hidden" if visitor is None else "sidebar", expanded=True)


def go(url_path: str, **parameters: object) -> None:
    """Open another page, with these parameters in its address. Ends this run."""
    st.switch_page(state.menu_page(url_path), query_params={name: str(value) for name, value in parameters.items()})


def link(url_path: str, label: str, *, icon: str | None = "arrow_forward", **parameters: object) -> None:
    """A link to another page."""
    st.page_link(
        state.menu_page(url_path),
        label=label,
        icon=f":material/{icon}:" if icon else None,
        icon_position="right",
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
    return f"{path}?{urlencode(parameters)}" if parameters else path


def _title(spec: PageSpec, visitor: Visitor | None) -> str:
    badge = spec.badge(visitor) if spec.badge is not None and visitor is not None else None
    return f"{spec.title}  :{badge.color}-badge[{badge.figure}]" if badge and badge.figure else spec.title
