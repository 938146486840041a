"""The issue's own story: connect a Page, write, approve as a second person, schedule, see it live."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from tests.e2e.driving import PATIENCE_MS, Product, Someone
from tests.e2e.writing import Composer, connect

NORTHWIND = "Northwind Coffee Roasters"
ZONE = ZoneInfo("Europe/Berlin")


def test_a_post_goes_from_the_composer_to_the_live_page(product: Product, someone: Callable[..., Someone]) -> None:
    maya = someone("Maya Okafor", organization=NORTHWIND)
    connect(maya, "Northwind Careers")

    words = f"We are opening in Leipzig. Come and taste. {uuid4().hex[:8]}"
    sara = someone("Sara Lund")
    slot = datetime.now(ZONE) + timedelta(seconds=120)
    post_path = write(sara, "Northwind Careers", words, slot)
    sara.page.get_by_role("button", name="Send for approval").click()
    sara.see("In review")

    ivo = someone("Ivo Brandt", at="/approvals")
    ivo.page.get_by_text(words).first.click()
    ivo.settled()
    ivo.page.get_by_role("button", name=re.compile("^.*Approve and schedule")).click()
    ivo.see("Northwind Careers")

    sara.go(post_path)
    expect(sara.page.get_by_text("Published").first).to_be_visible(timeout=150_000)
    (live,) = [post for post in product.live_posts() if post["text"] == words]
    published_at = datetime.fromisoformat(live["created_at"])
    assert published_at >= slot.replace(second=0, microsecond=0)
    assert published_at - slot.replace(second=0, microsecond=0) < timedelta(seconds=10)

    sara.go(post_path)
    for who in ("Sara Lund", "Ivo Brandt"):
        sara.see(who)
    with sara.context.expect_page() as opened:
        sara.page.get_by_role("link", name=re.compile("live post|Open", re.I)).first.click()
    expect(opened.value.get_by_text(words)).to_be_visible(timeout=PATIENCE_MS)
    assert product.malformed_requests() == []


def write(author: Someone, account: str, words: str, slot: datetime) -> str:
    """Compose a post with a slot; gives the path of its page."""
    composer = Composer(author).open()
    composer.choose(account)
    path = composer.write(words)
    composer.set_time(slot)
    return path.replace("/compose", "/post")
