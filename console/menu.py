"""The menu is the files found in app_pages: each exports PAGE and render(visitor); each folder exports SECTION."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Protocol, cast

import streamlit as st

from console import app_pages, state
from console.identity import Visitor
from console.navigation import HOME, PageSpec


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
        found += [
            Found(package.SECTION, cast("PageModule", importlib.import_module(file.name)))
            for file in pkgutil.iter_modules(package.__path__, f"{folder.name}.")
        ]
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


def _title(spec: PageSpec, visitor: Visitor | None) -> str:
    badge = spec.badge(visitor) if spec.badge is not None and visitor is not None else None
    return f"{spec.title}  :{badge.color}-badge[{badge.figure}]" if badge and badge.figure else spec.title
