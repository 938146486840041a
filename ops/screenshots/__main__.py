"""`python -m ops.screenshots`: a picture of every page, light and dark, full and empty, at 1440 and at 800 pixels.

Starts Masthead with its sandbox and demo in a folder of its own, or looks at a running one (`--url`), which then has no
empty organization to show. Runs axe-core on each page; gives 1 when it finds what axe_known.json doesn't list.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote

from playwright.sync_api import Browser, BrowserContext, Page

from bench.browser import chromium
from bench.programs import PROJECT, PYTHON, free_ports, program
from bench.servers import ADDRESS, Served, product
from core.infra import embedded
from ops.screenshots import axe
from ops.screenshots.views import EMPTY, FULL, SIGN_IN, View, settled

PERSON: Final = "Maya Okafor"
EMAIL: Final = "maya@northwind.example"
ORGANIZATION: Final = "Northwind Coffee Roasters"
BLANK: Final = "Blank Slate"
Scheme = Literal["light", "dark"]
SIZES: Final = ((1440, 900), (800, 1000))


class Photographer:
    """Takes pictures, and keeps what axe-core found on the way."""

    def __init__(self, url: str, out: Path) -> None:
        self.url = url
        self.out = out
        self.listed = axe.known()
        self.seen: Counter[int] = Counter()
        self.new: list[tuple[str, axe.Finding]] = []
        self.taken = 0

    def take(self, page: Page, kind: str, views: Sequence[View]) -> None:
        """One picture of each view, and axe-core on it."""
        for view in views:
            page.goto(self.url + view.path)
            settled(page)
            if view.prepare is not None:
                view.prepare(page)
            name = f"{kind}-{view.name}"
            page.screenshot(path=self.out / f"{name}.png", full_page=True)
            self.taken += 1
            for finding in axe.look(page, self.listed):
                if finding.known < 0:
                    self.new.append((name, finding))
                else:
                    self.seen[finding.known] += 1


def main(arguments: Sequence[str]) -> int:
    """Take the pictures; gives 0 when axe-core found nothing but what is known."""
    parser = argparse.ArgumentParser(prog="python -m ops.screenshots", description=__doc__)
    parser.add_argument("--url", help="a running Masthead with the demo, such as http://localhost:8501")
    parser.add_argument("--out", type=Path, default=PROJECT / "screenshots", help="where the pictures go")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="masthead-pictures-")))
        invitation = None
        if given.url is None:
            served = stack.enter_context(product(folder))
            served.await_words(ADDRESS)
            invitation = blank_organization(served, folder / "data")
            given.url = served.url
        browser = stack.enter_context(chromium())
        photographer = Photographer(given.url, given.out)
        for scheme in ("light", "dark"):
            for width, height in SIZES:
                with visitor(browser, scheme, width, height) as context:
                    round_of(photographer, context, f"{scheme}-{width}", invitation)
        shown = on_a_bare_page(browser, folder, photographer.listed)
    return report(photographer, shown)


def round_of(photographer: Photographer, context: BrowserContext, kind: str, invitation: str | None) -> None:
    """Everything in one scheme and size."""
    page = context.new_page()
    photographer.take(page, kind, SIGN_IN)
    sign_in(page, photographer.url)
    work_in(page, photographer.url, ORGANIZATION)
    photographer.take(page, f"{kind}-full", FULL)
    if invitation is not None:
        accept(page, photographer.url + invitation)
        work_in(page, photographer.url, BLANK)
        photographer.take(page, f"{kind}-empty", EMPTY)


@contextmanager
def visitor(browser: Browser, scheme: Scheme, width: int, height: int) -> Iterator[BrowserContext]:
    """Somebody in Berlin, where the demo's first organization is."""
    context = browser.new_context(
        color_scheme=scheme,
        viewport={"width": width, "height": height},
        timezone_id="Europe/Berlin",
        locale="en-GB",
        reduced_motion="reduce",
    )
    context.set_default_timeout(30_000)
    yield context
    context.close()


def sign_in(page: Page, url: str) -> None:
    """By the sandbox's picker."""
    page.goto(url)
    settled(page)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=re.compile(PERSON)).click()
    page.wait_for_url(f"{url}/**")
    settled(page)


def work_in(page: Page, url: str, organization: str) -> None:
    """Choose an organization in the sidebar, which small screens keep folded away."""
    page.goto(url)
    settled(page)
    unfold = page.get_by_test_id("stExpandSidebarButton")
    if unfold.count() and unfold.is_visible():
        unfold.click()
    page.get_by_test_id("stSidebar").get_by_role("combobox").click()
    page.get_by_role("option", name=organization).click()
    page.wait_for_timeout(500)
    settled(page)


def accept(page: Page, link: str) -> None:
    """Become the blank organization's admin; the same person may open the link again."""
    page.goto(link)
    settled(page)
    page.get_by_role("button", name="Accept").click()
    page.wait_for_timeout(500)
    settled(page)


def blank_organization(served: Served, data: Path) -> str:
    """Make an organization with nothing in it, as an operator does; gives the path of its invitation."""
    ports = json.loads((data / "ports.json").read_text(encoding="utf-8"))
    password = quote((data / "postgres-owner").read_text(encoding="utf-8").strip(), safe="")
    owner = f"postgresql://{embedded.OWNER}:{password}@127.0.0.1:{ports['postgres']}/{embedded.DATABASE}"
    settings = {
        "MASTHEAD_SECRET_KEY": (data / "secret-key").read_text(encoding="utf-8").strip(),
        "MASTHEAD_PORT": str(served.port),
        "DATABASE_URL": owner,
    }
    command = [PYTHON, "-m", "core.cli", "init", "--name", BLANK, "--email", EMAIL, "--zone", "Europe/Berlin"]
    environment = [f"{name}={value}" for name, value in settings.items()]
    done = subprocess.run(
        ["/usr/bin/env", *environment, *command], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip().rpartition(served.url)[2]


def on_a_bare_page(browser: Browser, folder: Path, listed: Sequence[axe.Known]) -> set[int]:
    """Which of the known findings a Streamlit page without anything of ours shows too."""
    port = free_ports(1)
    script = Path(__file__).with_name("bare_page.py")
    command = [PYTHON, "-m", "streamlit", "run", str(script), "--server.headless=true", f"--server.port={port}"]
    command += ["--server.address=127.0.0.1", "--browser.gatherUsageStats=false", "--server.fileWatcherType=none"]
    # Away from the checkout: nothing of our configuration may reach it.
    with program(command, folder / "bare.log", cwd=folder) as process, visitor(browser, "light", 1440, 900) as context:
        bare = Served(process, folder / "bare.log", port)
        bare.await_answer()
        page = context.new_page()
        page.goto(bare.url)
        settled(page)
        return {finding.known for finding in axe.look(page, listed) if finding.known >= 0}


def report(photographer: Photographer, shown: set[int]) -> int:
    """Say what was found; 1 when there is anything to mend."""
    sys.stdout.write(f"{photographer.taken} pictures in {os.path.relpath(photographer.out)}\n")
    wrong = 0
    for place, known in enumerate(photographer.listed):
        count = photographer.seen[place]
        bare = "also on a bare Streamlit page" if place in shown else "NOT on a bare Streamlit page: mend it"
        wrong += place not in shown or not count
        sys.stdout.write(f"axe {known.rule} at {known.selector}: {count} times, {bare}\n")
    for name, finding in photographer.new:
        sys.stdout.write(f"axe NEW on {name}: {finding.rule} ({finding.impact}) {finding.selector}: {finding.words}\n")
    return 1 if wrong or photographer.new else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
