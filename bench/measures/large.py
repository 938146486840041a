"""How long a click takes until it is rendered in an organization with 100,000 posts.

Ours: each page of the running product, and what narrows or turns it, as an admin who signed in through the sandbox.
Baseline: a click in a bare Streamlit application of two empty pages, one after each of ours.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from playwright.sync_api import Page

from bench import large_organization
from bench.browser import await_rendered, chromium, click_in_menu, milliseconds, sign_in, visitor
from bench.clicking import Step, beside_empty_pages
from bench.figures import Figure, only
from bench.servers import ADDRESS, bare, product
from core.infra import embedded
from core.posts.listing import cursor

CLICKS: Final = 12
_SOMEBODY: Final = "Tomas Reyes"
_HOME: Final = "^Good (morning|afternoon|evening)"
_MONTH: Final = r"^[A-Z][a-z]+ \d{4}$"
_DAYS: Final = "\N{EN DASH}"
_SETTLE_S: Final = 5.0


def measure(folder: Path, *, quick: bool, parts: Sequence[str] = ()) -> Iterator[Figure]:
    """p50 and p95 of every step, or of these `parts` alone: each begins where the one before it in `_steps` ended."""
    with product(folder) as masthead, bare(folder) as empty, chromium() as browser:
        masthead.await_words(ADDRESS)
        empty.await_answer()
        superuser = large_organization.superuser_of(embedded.addresses(folder / "data"))
        large_organization.make(superuser)
        large_organization.move_in(superuser, _SOMEBODY)
        sample = large_organization.sample(superuser)
        time.sleep(_SETTLE_S)
        # Each in a window of its own: a browser draws what lies behind another tab once a second.
        here, far = visitor(browser).new_page(), visitor(browser).new_page()
        for tab in (here, far):
            sign_in(tab, masthead.url, _SOMEBODY, _HOME)
        far.goto(f"{masthead.url}/posts?{urlencode({'after': cursor(sample.far_at, sample.far_id)})}")
        await_rendered(far, "^Posts$")
        steps = only(_steps(here, far), parts)
        clicked = beside_empty_pages(steps, 3 if quick else CLICKS, browser, empty)
    yield from clicked.figures("large_click_to_rendered")


def _steps(here: Page, far: Page) -> Mapping[str, Step]:
    """One round through the product; each step begins where the one before ended, `far` stays far down in the posts."""

    def menu(title: str, heading: str | None = None) -> Step:
        return partial(click_in_menu, here, title, heading or f"^{title}$")

    def press(selector: str, words: str, heading: str, address: str = "") -> Step:
        found = here.locator(selector).filter(has_text=words).first
        return partial(milliseconds, here, heading, found.click, address=address)

    return {
        "compose": menu("Compose", "^(New post|Compose)$"),
        "calendar_month": menu("Calendar", _MONTH),
        "calendar_week": press(".st-key-calendar_shown_by button", "Week", _DAYS, "view=week"),
        "calendar_list": press(".st-key-calendar_shown_by button", "List", _DAYS, "view=list"),
        "approvals": menu("Approvals"),
        "unclear": menu("Unclear"),
        "posts": menu("Posts"),
        "posts_by_state": press(".st-key-posts_states button", "Failed", "^Posts$", "state=failed"),
        "posts_by_words": partial(_search, here, "hiring"),
        "posts_next_page": partial(milliseconds, far, "^Posts$", far.get_by_role("button", name="Next page").click),
        "post": press("a.r", "hiring", "^Post$"),
        "notices": press(".st-key-bell a", "Notices", "^Notices$"),
        "library": menu("Library"),
        "accounts": menu("Accounts"),
        "token_health": menu("Token health"),
        "members": menu("Members"),
        "settings": menu("Settings"),
        "limits": menu("Limits"),
        "errors": menu("Errors"),
        "audit": menu("Audit"),
        "audit_by_area": partial(_narrow, here, "What", "Accounts", "^Audit$"),
        "profile": press(".st-key-person a", _SOMEBODY, "^Profile$"),
        "home": menu("Home", _HOME),
    }


def _search(page: Page, words: str) -> float:
    """From the last key in an unnarrowed list, so what the field waits for another key is in it."""
    click_in_menu(page, "Posts", "^Posts$")
    field = page.get_by_role("searchbox", name="Search")
    return milliseconds(page, "^Posts$", partial(field.fill, words), address=f"q={words}", event="input")


def _narrow(page: Page, label: str, option: str, heading: str) -> float:
    page.get_by_role("combobox", name=label).click()
    chosen = page.get_by_role("option", name=option)
    return milliseconds(page, heading, chosen.click, address=option)
