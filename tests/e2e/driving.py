"""A person at the console: what their hands do, by what they see."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import BrowserContext, Locator, Page, expect

PATIENCE_MS = 20_000


@dataclass(frozen=True)
class Product:
    """A running installation."""

    port: int
    log: Path
    data: Path

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def ingest_url(self) -> str:
        return f"http://localhost:{self.port + 1}"

    @property
    def sandbox_url(self) -> str:
        return f"http://localhost:{self.port + 2}"

    def live_posts(self) -> list[dict[str, Any]]:
        """Every post that the sandbox ever made visible."""
        posts: list[dict[str, Any]] = httpx.get(f"{self.sandbox_url}/_sandbox/posts", timeout=10).json()
        return posts

    def world(self) -> dict[str, Any]:
        """Whom and what the sandbox knows."""
        world: dict[str, Any] = httpx.get(f"{self.sandbox_url}/_sandbox/world", timeout=10).json()
        return world

    def malformed_requests(self) -> list[dict[str, Any]]:
        """What the network would have called malformed."""
        answer = httpx.get(f"{self.sandbox_url}/_sandbox/requests", params={"kind": "protocol"}, timeout=10)
        requests: list[dict[str, Any]] = answer.json()
        return requests


class Someone:
    """One person in one browser."""

    def __init__(self, product: Product, context: BrowserContext) -> None:
        self.product, self.context = product, context
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)

    def sign_in(self, name: str, *, at: str = "/") -> None:
        self.page.goto(self.product.url + at)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url("**/oidc/**")
        self.page.get_by_role("button", name=re.compile(name)).click()
        self.page.wait_for_url(f"{self.product.url}/**")
        self.settled()

    def work_in(self, organization: str) -> None:
        """Switch to an organization in the sidebar. The demo's differ in zone, so the sidebar says when it is done."""
        sidebar = self.page.locator("section[data-testid=stSidebar]")
        expect(sidebar.get_by_text("Sign out")).to_be_visible(timeout=PATIENCE_MS)
        switch = sidebar.get_by_role("combobox")
        if switch.count() and organization not in (switch.input_value() or switch.inner_text()):
            before = sidebar.inner_text()
            switch.click()
            self.page.get_by_role("option", name=organization).click()
            expect(sidebar).not_to_have_text(before, use_inner_text=True, timeout=PATIENCE_MS)
            self.settled()

    def go(self, path: str) -> None:
        self.page.goto(self.product.url + path)
        self.settled()

    def settled(self) -> None:
        """Wait until the page has drawn everything."""
        expect(self.page.locator("[data-testid=stApp]")).to_have_attribute(
            "data-test-script-state", "notRunning", timeout=PATIENCE_MS
        )
        self.page.wait_for_timeout(150)

    def key(self, name: str) -> Locator:
        """The element that a widget's key names."""
        return self.page.locator(f".st-key-{name}").first

    def see(self, words: str) -> None:
        expect(self.page.get_by_text(words).first).to_be_visible(timeout=PATIENCE_MS)

    def fill_parts(self, label: str, digits: str, *, within: Locator | None = None) -> None:
        """Type into a field made of parts (a day, a time); the caret moves on by itself.

        Once more where the page was drawn anew meanwhile, for an answer to what was typed before: that takes the half.
        """
        parts = (within or self.page).get_by_role("group", name=re.compile(f"^{label}")).first.get_by_role("spinbutton")
        shown = ""
        for _ in range(3):
            parts.first.click()
            self.page.keyboard.type(digits, delay=30)
            for _ in range(3):  # past the buttons at its end: what is typed counts when the field is left
                self.page.keyboard.press("Tab")
            self.page.wait_for_timeout(300)
            self.settled()
            shown = "".join(parts.all_inner_texts())
            if shown == digits:
                return
        raise AssertionError(f"{label} shows {shown} and not {digits}")
