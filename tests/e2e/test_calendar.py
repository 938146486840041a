"""A post goes to another day by the mouse and by the keyboard, and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, expect

from tests.e2e.driving import Product, Someone
from tests.e2e.inside import planned_draft

NORTHWIND = "Northwind Coffee Roasters"
ZONE = ZoneInfo("Europe/Berlin")


def test_a_post_is_dragged_to_another_day_and_taken_back(product: Product, someone: Callable[..., Someone]) -> None:
    day, words = a_monday_ahead(), f"Barista evening {uuid4().hex[:8]}"
    planned_draft(product, "northwind", "Sara Lund", words, datetime.combine(day, time(10, 30), ZONE))
    sara = someone("Sara Lund", organization=NORTHWIND, at=f"/calendar?on={day}&state=draft")
    expect(chip_on(sara, day, words)).to_contain_text("10:30")

    chip_on(sara, day, words).drag_to(cell(sara, day + timedelta(days=2)))
    expect(chip_on(sara, day + timedelta(days=2), words)).to_contain_text("10:30")
    expect(sara.key("undo_bar")).to_contain_text(f"Moved “{words}”")

    sara.page.keyboard.press("u")
    expect(chip_on(sara, day, words)).to_contain_text("10:30")
    assert sara.page.url.endswith(f"/calendar?on={day}&state=draft")


def test_the_keyboard_moves_a_post_and_stays_on_it(product: Product, someone: Callable[..., Someone]) -> None:
    day, words = a_monday_ahead(), f"Cupping for all {uuid4().hex[:8]}"
    planned_draft(product, "northwind", "Sara Lund", words, datetime.combine(day, time(17, 15), ZONE))
    sara = someone("Sara Lund", organization=NORTHWIND, at=f"/calendar?on={day}&state=draft")
    chip_on(sara, day, words).focus()

    for key, to in (("Alt+ArrowRight", 1), ("Alt+ArrowDown", 8), ("Alt+ArrowLeft", 7)):
        sara.page.keyboard.press(key)
        moved = chip_on(sara, day + timedelta(days=to), words)
        expect(moved).to_be_focused()
        expect(moved).to_contain_text("17:15")
        sara.settled()

    sara.page.keyboard.press("ArrowRight")
    expect(cell(sara, day + timedelta(days=8))).to_be_focused()
    sara.page.keyboard.press("ArrowLeft")
    sara.page.keyboard.press("Enter")
    sara.page.keyboard.press("Enter")
    sara.page.wait_for_url("**/post?post=*")
    sara.see(words)


def a_monday_ahead() -> date:
    """A Monday with the two weeks after it in its own month's weeks, so that all of them are on one page."""
    today = datetime.now(ZONE).date()
    first = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return first + timedelta(days=-first.weekday() % 7)


def cell(person: Someone, day: date) -> Locator:
    return person.page.locator(f'[data-k="d:{day}"]')


def chip_on(person: Someone, day: date, words: str) -> Locator:
    return cell(person, day).get_by_role("link").filter(has_text=words)
