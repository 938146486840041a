"""Somebody who follows the guide: they press what is printed bold there, by exactly those words."""

from __future__ import annotations

import re
from functools import reduce
from typing import Final, Literal

from playwright.sync_api import Locator, expect

from tests.e2e.driving import PATIENCE_MS, Someone

Role = Literal["button", "link", "tab", "menuitem"]
_PRESSED: Final[tuple[Role, ...]] = ("button", "link", "tab", "menuitem")


class Reader(Someone):
    """One demo person in one browser, with the guide beside it."""

    def press(self, words: str, *, role: Role | None = None, beside: str | None = None) -> None:
        """Press what says so; a role, or other words in the same line, tell several apart."""
        self.find(words, role, beside).click()
        self.settled_anywhere()

    def find(self, words: str, role: Role | None, beside: str | None) -> Locator:
        """What can be pressed and says so. An icon, a key and a figure may stand around the words."""
        if beside is not None:
            return self.page.get_by_role("link").filter(has_text=beside).filter(has_text=words).first
        said = re.compile(rf"(^|\W){re.escape(words)}(\W|$)")
        found = [self.page.get_by_role(each, name=said) for each in ([role] if role else _PRESSED)]
        return reduce(Locator.or_, found).filter(visible=True).first

    def tick(self, words: str) -> None:
        """Tick a box by the words beside it, unless it is ticked."""
        label = self.page.get_by_test_id("stCheckbox").filter(has_text=re.compile(rf"^{re.escape(words)}$"))
        expect(label).to_be_visible(timeout=PATIENCE_MS)
        if not label.get_by_role("checkbox").is_checked():
            label.locator("label").click()
        expect(label.get_by_role("checkbox")).to_be_checked()

    def settled_anywhere(self) -> None:
        """Wait for the console's page, or for one of the sandbox, which is there when it is loaded."""
        self.page.wait_for_load_state()
        if self.page.url.startswith(self.product.url):
            self.settled()
