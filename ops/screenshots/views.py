"""What there is to see: each page for the demo's people, and the same in an organization with nothing in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Page


@dataclass(frozen=True, slots=True)
class View:
    """One page as somebody opens it: an address, and what to do there before it is looked at."""

    name: str
    path: str
    prepare: Callable[[Page], None] | None = None


def settled(page: Page) -> None:
    """Wait until the script has ended and our components have drawn."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(600)


def _open_first(page: Page) -> None:
    page.locator("a.r").first.click()
    page.get_by_role("heading", name="Post", level=1).wait_for()
    settled(page)


def _edit_first(page: Page) -> None:
    _open_first(page)
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("heading", name="Compose", level=1).wait_for()
    settled(page)


def _press(name: str) -> Callable[[Page], None]:
    def press(page: Page) -> None:
        _open_first(page)
        page.get_by_role("button", name=name).first.click()
        page.get_by_role("dialog").wait_for()
        settled(page)

    return press


def _move_first(page: Page) -> None:
    """A week on, by the keyboard, with the way back on offer."""
    page.locator("a.e:not(.fixed)").first.press("Alt+ArrowDown")
    page.locator(".st-key-undo_bar").wait_for()
    settled(page)


SIGN_IN: Final = (
    View("sign-in", "/"),
    View("sign-in-declined", "/?notice=declined"),
)
FULL: Final = (
    View("home", "/"),
    View("compose-new", "/compose"),
    View("compose-draft", "/posts?state=draft", _edit_first),
    View("compose-approved", "/posts?state=scheduled", _edit_first),
    View("calendar", "/calendar"),
    View("calendar-week", "/calendar?view=week"),
    View("calendar-list", "/calendar?view=list"),
    View("calendar-moved", "/calendar?state=scheduled&state=in-review", _move_first),
    View("approvals", "/approvals"),
    View("unclear", "/unclear"),
    View("posts", "/posts"),
    View("posts-filtered", "/posts?state=published&state=failed"),
    View("post-published", "/posts?state=published", _open_first),
    View("post-needs-you", "/posts?state=needs-you", _open_first),
    View("post-failed", "/posts?state=failed", _open_first),
    View("post-reschedule", "/posts?state=scheduled", _press("Reschedule")),
    View("accounts", "/accounts"),
    View("members", "/members"),
    View("settings", "/settings"),
    View("limits", "/limits"),
    View("notices", "/notices"),
    View("profile", "/profile"),
    View("audit", "/audit"),
    View("audit-nothing-found", "/audit?from=2020-01-01&to=2020-01-02"),
)
EMPTY: Final = (
    View("home", "/"),
    View("compose", "/compose"),
    View("calendar", "/calendar"),
    View("calendar-list", "/calendar?view=list"),
    View("approvals", "/approvals"),
    View("unclear", "/unclear"),
    View("posts", "/posts"),
    View("posts-nothing-found", "/posts?q=nothing+like+it"),
    View("accounts", "/accounts"),
    View("notices", "/notices"),
    View("post-not-there", "/post"),
)
