"""Headless Chromium, and when a Streamlit page counts as rendered in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from bench.programs import CanNotMeasure

_CHROMIUM: Final = "/usr/bin/chromium"
_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PATIENCE_MS: Final = 30_000

# Started before the click; its promise gives the milliseconds from the browser's own click event to the second frame
# after the menu's page is there: the script has ended and the heading is the page's. Playwright's share in clicking and
# waiting (some ten milliseconds) so stays out of it.
_WATCH: Final = """([heading, patienceMs]) => {
  window.benchRendered = new Promise((resolve, reject) => {
    const pattern = new RegExp(heading);
    let clicked = null;
    addEventListener('click', event => { clicked = event.timeStamp; }, {capture: true, once: true});
    const isThere = () => clicked !== null
      && document.querySelector('[data-testid=stApp][data-test-script-state=notRunning]') !== null
      && [...document.querySelectorAll('h1')].some(each => pattern.test(each.textContent.trim()));
    const observer = new MutationObserver(() => {
      if (!isThere()) return;
      observer.disconnect();
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - clicked)));
    });
    observer.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
    setTimeout(() => reject(new Error(`no page with the heading ${heading}`)), patienceMs);
  });
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser for the length of a block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def visitor(browser: Browser) -> BrowserContext:
    """Somebody with cookies and a cache of their own."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, timezone_id="Europe/Berlin", locale="en-GB", reduced_motion="reduce"
    )
    context.set_default_timeout(_PATIENCE_MS)
    return context


def await_rendered(page: Page, heading: str) -> None:
    """Return when the script has ended and a heading of the first order matches the regular expression."""
    rendered = page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
    try:
        rendered.filter(has=page.get_by_role("heading", name=re.compile(heading), level=1)).wait_for()
    except PlaywrightError as failure:
        raise CanNotMeasure(f"{_first_line(failure)}\n{page.url} shows:\n{_shown(page)}") from None


def sign_in(page: Page, url: str, name: str, heading: str) -> None:
    """Sign in by the sandbox's picker and wait for the first page."""
    page.goto(url)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=re.compile(name)).click()
    await_rendered(page, heading)


def click_in_menu(page: Page, title: str, heading: str) -> float:
    """Click a page's link in the menu; gives the milliseconds until that page is rendered."""
    link = page.locator("[data-testid=stSidebarNavLink]").filter(has_text=title)
    try:
        page.evaluate(_WATCH, [heading, _PATIENCE_MS])
        link.click()
        milliseconds: float = page.evaluate("() => window.benchRendered")
    except PlaywrightError as failure:
        raise CanNotMeasure(f"{title}: {_first_line(failure)}\n{page.url} shows:\n{_shown(page)}") from None
    return milliseconds


def _first_line(failure: PlaywrightError) -> str:
    return failure.message.partition("\n")[0]


def _shown(page: Page) -> str:
    words = page.locator("body").inner_text()
    return "\n".join(line for line in words.splitlines() if line.strip())[:500]
