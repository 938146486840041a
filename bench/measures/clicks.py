"""How long a click in the menu takes until the page is rendered.

Ours: each page of the menu in the running product with its demo, as somebody who signed in through the sandbox.
Baseline: the same click in a bare Streamlit application of two empty pages, one after each of ours. The first visit of
each page doesn't count: it loads what the browser then keeps.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Final

from bench.browser import chromium, click_in_menu, sign_in, visitor
from bench.figures import Baseline, Figure, percentile
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
_EMPTY: Final = {"Second": "^Second$", "First": "^First$"}
_SETTLE_S: Final = 2.0


def measure(folder: Path, *, quick: bool) -> Iterator[Figure]:
    """p50 and p95 of every page."""
    ours, baseline = _milliseconds(folder, 3 if quick else CLICKS)
    for title, values in ours.items():
        for percent in (50, 95):
            yield Figure(
                f"click_to_rendered_{title.lower()}_p{percent}",
                percentile(values, percent),
                "ms",
                Baseline("the same click in a bare Streamlit application", percentile(baseline, percent)),
            )


def _milliseconds(folder: Path, clicks: int) -> tuple[dict[str, list[float]], list[float]]:
    ours: dict[str, list[float]] = defaultdict(list)
    baseline: list[float] = []
    with product(folder) as masthead, bare(folder) as empty, chromium() as browser:
        masthead.await_words(ADDRESS)
        empty.await_answer()
        time.sleep(_SETTLE_S)
        our_tab, empty_tab = visitor(browser).new_page(), visitor(browser).new_page()
        sign_in(our_tab, masthead.url, _SOMEBODY, _PAGES["Home"])
        empty_tab.goto(empty.url)
        empty_pages = cycle(_EMPTY.items())
        for turn in range(clicks + 1):
            for title, heading in _PAGES.items():
                our_ms = click_in_menu(our_tab, title, heading)
                empty_ms = click_in_menu(empty_tab, *next(empty_pages))
                if turn:
                    ours[title].append(our_ms)
                    baseline.append(empty_ms)
    return ours, baseline
