"""How long a second start takes until somebody can sign in.

Ours: the process of `masthead run --embedded --with-sandbox` on a data folder that exists, until the sign-in page is
rendered. Baseline: a process that starts the same PostgreSQL and Valkey with our own module, then a bare Streamlit
application, until its page is rendered. Both are opened as soon as their health address answers, by a browser that has
been there before (its cache is warm), and on the same port each time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Final

from playwright.sync_api import BrowserContext

from bench.browser import await_rendered, chromium, visitor
from bench.figures import Baseline, Figure, alternately, median
from bench.programs import free_ports
from bench.servers import Served, bare, product

ROUNDS: Final = 5


def measure(folder: Path, *, quick: bool) -> Iterator[Figure]:
    """The figure of this module. A folder without data gets it in the round that doesn't count."""
    with chromium() as browser:
        ours, theirs = visitor(browser), visitor(browser)
        ours_s, baseline_s = alternately(
            1 if quick else ROUNDS,
            partial(_seconds, partial(product, folder, free_ports(4)), ours, "^Sign in to Masthead$"),
            partial(_seconds, partial(bare, folder, free_ports(1), with_servers=True), theirs, "^First$"),
            discard=1,
        )
    yield Figure(
        "second_start_to_sign_in_page",
        median(ours_s),
        "s",
        Baseline("PostgreSQL, Valkey and a bare Streamlit application", median(baseline_s)),
    )


def _seconds(start: Callable[[], AbstractContextManager[Served]], context: BrowserContext, heading: str) -> float:
    page = context.new_page()
    began = time.perf_counter()
    with start() as served:
        served.await_answer()
        page.goto(served.url, wait_until="commit")
        await_rendered(page, heading)
        seconds = time.perf_counter() - began
        page.close()  # else it would try to reconnect while the next start is measured
    return seconds
