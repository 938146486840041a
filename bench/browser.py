"""Headless Chromium, and when a Streamlit page counts as rendered in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
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

# Started before the click; its promise gives the milliseconds from the browser's own event to the second frame after
# what was asked for is there: the script has ended, the heading is the page's and the address has what it should have.
# Unless the heading alone tells the new page, a script has to be seen running first. Playwright's share in clicking and
# waiting (some ten milliseconds) so stays out of it.
_WATCH: Final = """([type, heading, address, patienceMs]) => {
  window.benchRendered = new Promise((resolve, reject) => {
    const pattern = new RegExp(heading), place = new RegExp(address);
    const isShown = () => place.test(location.href)
      && [...document.querySelectorAll('h1')].some(each => pattern.test(each.textContent.trim()));
    let began = null, ran = address === '' && !isShown();
    addEventListener(type, event => { began = event.timeStamp; }, {capture: true, once: true});
    const isThere = () => {
      const ended = document.querySelector('[data-testid=stApp][data-test-script-state=notRunning]') !== null;
      ran ||= began !== null && !ended;
      return began !== null && ran && ended && isShown();
    };
    const observer = new MutationObserver(() => {
      if (!isThere()) return;
      observer.disconnect();
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - began)));
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


def milliseconds(
    page: Page, heading: str, act: Callable[[], None], *, address: str = "", event: str = "click"
) -> float:
    """Do what makes the browser's `event`; gives the milliseconds from it until the page is rendered.

    `heading` and `address` are regular expressions: of the heading of the first order, and of the address.
    """
    try:
        page.evaluate(_WATCH, [event, heading, address, _PATIENCE_MS])
        act()
        took: float = page.evaluate("() => window.benchRendered")
    except PlaywrightError as failure:
        raise CanNotMeasure(f"{heading}: {_first_line(failure)}\n{page.url} shows:\n{_shown(page)}") from None
    return took


def click_in_menu(page: Page, title: str, heading: str) -> float:
    """Click a page's link in the menu; gives the milliseconds until that page is rendered."""
    return milliseconds(page, heading, page.locator("[data-testid=stSidebarNavLink]").filter(has_text=title).click)


def _first_line(failure: PlaywrightError) -> str:
    return failure.message.partition("\n")[0]


def _shown(page: Page) -> str:
    words = page.locator("body").inner_text()
    return "\n".join(line for line in words.splitlines() if line.strip())[:500]
