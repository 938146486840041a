"""Connecting accounts and writing in the composer, as a person's hands do it."""

from __future__ import annotations

import re
from datetime import datetime

from playwright.sync_api import Locator, expect

from tests.e2e.driving import PATIENCE_MS, Someone


def connect(admin: Someone, *names: str) -> None:
    """Press Connect, consent at Facebook, choose exactly these Pages and Instagram accounts."""
    admin.go("/accounts")
    page = admin.page
    admin.key("connect").get_by_role("button", name=re.compile("Connect")).click()
    page.get_by_role("link", name=re.compile("Facebook and Instagram")).click()
    page.wait_for_url(re.compile("www.facebook.com|/accounts"))
    if page.get_by_role("button", name=re.compile("Maya Okafor")).count():
        page.get_by_role("button", name=re.compile("Maya Okafor")).click()
    page.get_by_role("button", name=re.compile("^Continue as")).click()
    page.wait_for_url("**/accounts?choose=*")
    admin.settled()
    offered = page.locator(".st-key-choice").get_by_role("checkbox")
    expect(offered.first).to_be_attached(timeout=PATIENCE_MS)
    for box in offered.all():
        wanted = (box.get_attribute("aria-label") or "") in names
        if box.is_checked() != wanted and box.is_enabled():
            box.locator("xpath=ancestor::label").click()
    page.get_by_role("button", name=re.compile("Connect the chosen ones")).click()
    admin.see(re.compile("connected|renewed"))


class Composer:
    """The page on which posts are written."""

    def __init__(self, author: Someone) -> None:
        self.author, self.page = author, author.page
        self.text: Locator = self.page.get_by_label("Text of the post")
        self.description: Locator = self.page.get_by_label(re.compile("^Description for people"))
        self.thumb: Locator = self.page.locator(".thumb")
        self.price: Locator = self.page.locator(".price")

    def open(self, path: str = "/compose") -> Composer:
        self.author.go(path)
        return self

    def choose(self, *accounts: str) -> None:
        """Tick accounts by the beginning of what stands on them."""
        for name in accounts:
            self.page.get_by_role("button", name=re.compile(f"^{re.escape(name)}( ·|$)")).first.click()
            self.author.settled()

    def write(self, words: str) -> str:
        """Write for all accounts; gives the address of the draft on this site."""
        self.look_at(None)
        self.text.fill(words)
        self.page.wait_for_url("**/compose?post=*")
        self.saved()
        return self.path

    def look_at(self, account: str | None) -> None:
        """Open the tab of an account, or that of all (None)."""
        named = re.escape(account or "All accounts")  # what it differs in and its network stand in the name as well
        tab = self.page.get_by_role("tab", name=re.compile(rf"(^|\s){named}(\s*,|\s*$)"))
        if account is not None or tab.count():
            tab.first.click()

    def write_differently(self, account: str, words: str) -> None:
        """Give one account a text of its own."""
        self.look_at(account)
        self.page.get_by_role("button", name="Write differently for this account").click()
        self.text.fill(words)

    def choose_image(self, content: bytes, *, name: str = "autumn.png", mime: str = "image/png") -> None:
        """Choose a file for the open tab, instead of those that are there, and wait until it is there."""
        for remove in reversed(self.page.locator(".file .remove").all()):
            remove.click()
        self.add_files((name, mime, content))
        expect(self.page.locator(".file .name")).to_have_text(name, timeout=PATIENCE_MS)
        expect(self.thumb).to_be_visible()

    def add_files(self, *files: tuple[str, str, bytes]) -> None:
        """Choose files (name, type, content) for the open tab, after those that are there."""
        picker = self.page.locator(".files input[type=file]")
        picker.set_input_files([{"name": name, "mimeType": mime, "buffer": content} for name, mime, content in files])

    @property
    def files(self) -> list[str]:
        """The names of the files of the open tab, in their order."""
        return self.page.locator(".file .name").all_inner_texts()

    def choose_own_image(self, content: bytes, *, name: str) -> None:
        """Choose a file for the account whose tab is open, in place of that for all."""
        self.page.get_by_role("button", name="Own files").click()
        self.choose_image(content, name=name)

    def no_image(self, account: str) -> None:
        """Let one account go out without an image."""
        self.look_at(account)
        self.page.get_by_role("button", name="No files").click()

    def set_time(self, slot: datetime) -> None:
        """The post's time, on the organization's clocks."""
        self.author.fill_parts("Day", slot.strftime("%Y%m%d"))
        self.author.fill_parts("Time", slot.strftime("%H%M"))

    def set_own_time(self, account: str, slot: datetime) -> None:
        """Give an account a time of its own."""
        self.page.get_by_role("button", name="Own time").click()
        self.page.get_by_role("menuitem", name=re.compile("^" + re.escape(account))).click()
        self.author.settled()
        self.move_own_time(account, slot)

    def move_own_time(self, account: str, slot: datetime) -> None:
        """Change the own time of an account. Time before day: so it never stands at an hour that is over today."""
        row = self.own_time(account)
        self.author.fill_parts("Own time", slot.strftime("%H%M"), within=row)
        self.author.fill_parts("Own day", slot.strftime("%Y%m%d"), within=row)

    def own_time(self, account: str) -> Locator:
        """The row with an account's own time and what it comes to."""
        return self.page.locator("[class*=st-key-own_time_row_]").filter(has_text=account)

    def saved(self) -> None:
        """Wait until everything that was written is saved."""
        expect(self.page.locator(".sv")).to_have_attribute("data-saved", "true", timeout=PATIENCE_MS)
        self.author.settled()

    def send_for_approval(self) -> None:
        self.page.get_by_role("button", name="Send for approval").click()
        self.author.see("In review")
        self.page.get_by_role("button", name="Withdraw").click(trial=True)  # what was just said lies over no button

    @property
    def path(self) -> str:
        """The address of the draft on this site."""
        return self.page.url.replace(self.author.product.url, "")
