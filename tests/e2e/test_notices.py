"""A notice on its way: asked for approval, read as mail, followed past the sign-in to the post, gone from the bell."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
from playwright.sync_api import Browser, expect

from core.notices import queries
from tests.e2e.driving import PATIENCE_MS, Product, Someone
from tests.e2e.inside import acting, as_console, submitted

TOLD_WITHIN = timedelta(seconds=5)  # from before the post was written, in a process of our own
MAILED_WITHIN_S = 45


def test_the_mail_of_a_notice_leads_past_the_sign_in_to_its_post(
    product: Product, browser: Browser, someone: Callable[..., Someone]
) -> None:
    words = f"Tasting on Friday {uuid4().hex[:8]}"
    slot = (datetime.now(UTC) + timedelta(days=2)).replace(second=0, microsecond=0)
    asked_at = datetime.now(UTC)
    post_id = submitted(product, "northwind", "Sara Lund", words, slot)

    mail = mailed(product, "ivo", words)
    assert "approval" in mail["subject"]
    link = f"{product.url}/post?post={post_id}"
    assert link in mail["text"]
    assert told_at(product, "Ivo Brandt", post_id) - asked_at < TOLD_WITHIN

    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    ivo = Someone(product, context)
    ivo.page.goto(f"{product.sandbox_url}/mail/{mail['number']}")
    shown = ivo.page.frame_locator("iframe").locator(f'a[href="{link}"]')
    with context.expect_page() as opened:
        shown.click()
    ivo.page = opened.value
    ivo.page.get_by_role("button", name="Sign in").click()
    ivo.page.wait_for_url("**/oidc/**")
    ivo.page.get_by_role("button", name=re.compile("Ivo Brandt")).click()
    ivo.page.wait_for_url(link)
    ivo.settled()
    ivo.see(words)

    bell = ivo.page.locator(".st-key-bell").get_by_role("link")
    expect(bell).to_contain_text(re.compile(r"Notices\s*\d"), timeout=PATIENCE_MS)
    bell.click()
    ivo.see(re.compile(f"asks you to approve .*{words}"))
    ivo.page.get_by_role("button", name="Mark all as seen").click()
    ivo.see("all seen")
    expect(bell).not_to_contain_text(re.compile(r"\d"), timeout=PATIENCE_MS)
    context.close()


def told_at(product: Product, name: str, post_id: UUID) -> datetime:
    """When somebody was told of a post, in the console."""
    with as_console(product):
        return next(
            each.at for each in queries.listed(acting(product, "northwind", name)) if each.subject_id == post_id
        )


def mailed(product: Product, name: str, words: str) -> dict[str, Any]:
    """The mail to somebody that says this."""
    until = time.monotonic() + MAILED_WITHIN_S
    while time.monotonic() < until:
        for mail in httpx.get(f"{product.sandbox_url}/_sandbox/mail", timeout=10).json():
            if words in mail["text"] and any(to.startswith(name) for to in mail["recipients"]):
                found: dict[str, Any] = mail
                return found
        time.sleep(0.5)
    raise AssertionError(f"no mail to {name} about {words!r} within {MAILED_WITHIN_S} s")
