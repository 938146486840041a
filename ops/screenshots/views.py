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


def _shelf(page: Page) -> None:
    """The files of the library over the composer, the first of them chosen."""
    _edit_first(page)
    page.get_by_role("button", name="From the library").first.click()
    page.locator("dialog.shelf .tile").first.click()
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


def _spread(page: Page) -> None:
    """What came due under a pause, with the times it would get."""
    page.get_by_role("radio", name="Spread").or_(page.get_by_role("button", name="Spread")).first.click()
    page.get_by_text("Needs you: late").first.wait_for(state="hidden")
    settled(page)


def _quiet(page: Page) -> None:
    """Wait until the word in passing is gone: it is Streamlit's own, and lies over what is to be seen."""
    settled(page)
    page.get_by_test_id("stToast").wait_for(state="hidden")
    settled(page)


def _pause_everything(page: Page) -> None:
    page.get_by_role("button", name="Pause publishing").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why").fill("A storm is coming")
    dialog.get_by_label("Why").press("Tab")
    settled(page)
    dialog.get_by_role("button", name="Pause", exact=True).click()
    dialog.wait_for(state="hidden")
    _quiet(page)


def _see_resume(page: Page) -> None:
    """From the line on Accounts, the widest pause first."""
    page.get_by_role("button", name="Resume").first.click()
    page.get_by_role("heading", name="Resume", level=1).wait_for()
    settled(page)


def _resume_everything(page: Page) -> None:
    _see_resume(page)
    page.get_by_role("button", name="Resume", exact=True).last.click()
    page.get_by_role("heading", name="Accounts", level=1).wait_for()
    _quiet(page)


def _what_to_connect(page: Page) -> None:
    page.locator(".st-key-connect button").first.click()
    page.get_by_role("link", name="LinkedIn Pages").wait_for()
    settled(page)


def _check_first(page: Page) -> None:
    """The doctor on the first account."""
    page.get_by_role("button", name="Check", exact=True).first.click()
    page.locator(".st-key-diagnosed").wait_for()
    settled(page)


def _show_posts(page: Page) -> None:
    page.get_by_role("button", name="Show the posts").first.click()
    page.get_by_role("button", name="Hide the posts").wait_for()
    settled(page)


SIGN_IN: Final = (
    View("sign-in", "/"),
    View("sign-in-declined", "/?notice=declined"),
)
FULL: Final = (
    View("home", "/"),
    View("compose-new", "/compose"),
    View("compose-draft", "/posts?state=draft", _edit_first),
    View("compose-library", "/posts?state=draft", _shelf),
    View("compose-approved", "/posts?state=scheduled", _edit_first),
    View("calendar", "/calendar"),
    View("calendar-week", "/calendar?view=week"),
    View("calendar-list", "/calendar?view=list"),
    View("calendar-moved", "/calendar?state=scheduled&state=in-review", _move_first),
    View("approvals", "/approvals"),
    View("unclear", "/unclear"),
    View("posts", "/posts"),
    View("library", "/library"),
    View("posts-filtered", "/posts?state=published&state=failed"),
    View("post-published", "/posts?state=published", _open_first),
    View("post-needs-you", "/posts?state=needs-you", _open_first),
    View("post-failed", "/posts?state=failed", _open_first),
    View("post-reschedule", "/posts?state=scheduled", _press("Reschedule")),
    View("accounts", "/accounts"),
    View("accounts-connect", "/accounts", _what_to_connect),
    View("accounts-checked", "/accounts", _check_first),
    View("resume", "/resume"),
    View("resume-spread", "/resume", _spread),
    View("members", "/members"),
    View("settings", "/settings"),
    View("token-health", "/token_health"),
    View("token-health-narrowed", "/token_health?what=Consents"),
    View("limits", "/limits"),
    View("errors", "/errors?within=30d"),
    View("errors-posts", "/errors?within=30d", _show_posts),
    View("notices", "/notices"),
    View("profile", "/profile"),
    View("audit", "/audit"),
    View("audit-nothing-found", "/audit?from=2020-01-01&to=2020-01-02"),
    View("accounts-paused", "/accounts", _pause_everything),
    View("home-paused", "/"),
    View("calendar-paused", "/calendar"),
    View("resume-everything", "/accounts", _see_resume),
    View("accounts-resumed", "/accounts", _resume_everything),
)
EMPTY: Final = (
    View("home", "/"),
    View("compose", "/compose"),
    View("calendar", "/calendar"),
    View("calendar-list", "/calendar?view=list"),
    View("approvals", "/approvals"),
    View("unclear", "/unclear"),
    View("posts", "/posts"),
    View("library", "/library"),
    View("posts-nothing-found", "/posts?q=nothing+like+it"),
    View("accounts", "/accounts"),
    View("token-health", "/token_health"),
    View("errors", "/errors"),
    View("notices", "/notices"),
    View("post-not-there", "/post"),
)
