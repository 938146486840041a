"""How long a click in the menu takes until the page is rendered.

Ours: each page of the menu in the running product with its demo, as somebody who signed in through the sandbox.
Baseline: the same click in a bare Streamlit application of two empty pages, one after each of ours.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from bench.browser import chromium, click_in_menu, sign_in, visitor
from bench.clicking import beside_empty_pages
from bench.figures import Figure
from bench.servers import ADDRESS, bare, product

CLICKS: Final = 20
_SOMEBODY: Final = "Ivo Brandt"  # an approver, so every page has something for him
_PAGES: Final = {
    "Compose": "^(New post|Compose)$",
    "Calendar": r"^[A-Z][a-z]+ \d{4}$",
    "Approvals": "^Approvals$",
    "Posts": "^Posts$",
    "Accounts": "^Accounts$",
    "Members": "^Members$",
    "Home": "^Good (morning|afternoon|evening)",
}
_SETTLE_S: Final = 2.0


def measure(folder: Path, *, quick: bool) -> Iterator[Figure]:
    """p50 and p95 of every page."""
    with product(folder) as masthead, bare(folder) as empty, chromium() as browser:
        masthead.await_words(ADDRESS)
        empty.await_answer()
        time.sleep(_SETTLE_S)
        tab = visitor(browser).new_page()
        sign_in(tab, masthead.url, _SOMEBODY, _PAGES["Home"])
        steps = {title.lower(): partial(click_in_menu, tab, title, heading) for title, heading in _PAGES.items()}
        clicked = beside_empty_pages(steps, 3 if quick else CLICKS, browser, empty)
    yield from clicked.figures("click_to_rendered")
