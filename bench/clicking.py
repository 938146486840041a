"""Clicks in the product beside clicks in a Streamlit application with nothing in it, in turns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from typing import Final

from playwright.sync_api import Browser

from bench.browser import click_in_menu, visitor
from bench.figures import Baseline, Figure, percentile
from bench.servers import Served

_EMPTY: Final = {"Second": "^Second$", "First": "^First$"}

# Takes one step from where the step before ended; gives the milliseconds from the click until it is rendered.
Step = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Clicked:
    """Milliseconds of every click, by the name of its step, and those of the empty pages."""

    ours: Mapping[str, list[float]]
    empty: list[float]

    def figures(self, prefix: str) -> Iterator[Figure]:
        """p50 and p95 of each step."""
        for name, values in self.ours.items():
            for percent in (50, 95):
                yield Figure(
                    f"{prefix}_{name}_p{percent}",
                    percentile(values, percent),
                    "ms",
                    Baseline("the same click in a bare Streamlit application", percentile(self.empty, percent)),
                )


def beside_empty_pages(steps: Mapping[str, Step], rounds: int, browser: Browser, empty: Served) -> Clicked:
    """Take all steps in their order, `rounds` times, each followed by a click to an empty page.

    A first round doesn't count: it loads what the browser then keeps.
    """
    ours: dict[str, list[float]] = defaultdict(list)
    baseline: list[float] = []
    tab = visitor(browser).new_page()
    tab.goto(empty.url)
    pages = cycle(_EMPTY.items())
    for turn in range(rounds + 1):
        for name, take in steps.items():
            our_ms, empty_ms = take(), click_in_menu(tab, *next(pages))
            if turn:
                ours[name].append(our_ms)
                baseline.append(empty_ms)
    return Clicked(ours, baseline)
