"""The story of docs/guide.md, step by step, with its people. A test holds both to the same words and pictures."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, expect

from core.demo import picture
from ops.guide.album import Album
from ops.guide.hands import Reader
from tests.e2e.driving import PATIENCE_MS
from tests.e2e.writing import Composer

ZONE: Final = ZoneInfo("Europe/Berlin")
NORTHWIND: Final = "Northwind Coffee Roasters"
PAGE, INSTAGRAM, LINKEDIN = "Northwind Careers", "northwind.wholesale", "Northwind Coffee"
ON_FACEBOOK, ON_INSTAGRAM, ON_LINKEDIN = f"{PAGE} · Facebook", f"{INSTAGRAM} · Instagram", f"{LINKEDIN} · LinkedIn"
IMAGE: Final = "cup.jpg"
IMAGE_WORDS: Final = "A cup of coffee on a wooden table in front of a blue wall."
FIRST: Final = "Open day at the roastery: taste six coffees and meet the people who roast them."
BETTER: Final = "Open day at the roastery, this Saturday from 10: taste six coffees and meet the people who roast them."
FOR_LINKEDIN: Final = "Twelve people roast for forty shops. This Saturday from 10 we show how. #roastery #openday"
ASKED: Final = "Please say when it is."
PICTURES: Final = (
    "facebook",
    "choose",
    "accounts",
    "problem",
    "own-words",
    "request-changes",
    "home",
    "approve",
    "calendar",
    "published",
    "live",
    "needs-you",
)
_GOES_OUT_IN: Final = timedelta(seconds=100)
_PUBLISHED_WITHIN_MS: Final = 240_000


def walk(someone: Callable[[], Reader], album: Album) -> None:
    """From the first account to the live posts, and the one post that nobody is sure of."""
    (album.folder / IMAGE).write_bytes(picture.drawn())
    maya, sara, ivo = someone(), someone(), someone()
    maya.sign_in("Maya Okafor")
    connect(maya, album)
    sara.sign_in("Sara Lund")
    compose(sara, album)
    ivo.sign_in("Ivo Brandt")
    send_back(ivo, album)
    mend(sara, album)
    approve(ivo, album)
    move(sara, album)
    publish(sara, album)
    decide(ivo, album)


def connect(maya: Reader, album: Album) -> None:
    """A Page and an Instagram account by Meta, then a Page of LinkedIn's."""
    maya.work_in(NORTHWIND)
    maya.press("Accounts")
    maya.press("Connect")
    maya.press("Facebook and Instagram")
    maya.press("Maya Okafor")
    album.take(maya.page, "facebook", height=440)
    maya.press("Continue as Maya")
    maya.tick(PAGE)
    maya.tick(INSTAGRAM)
    album.take(maya.page, "choose")
    maya.press("Connect the chosen ones")
    maya.see("accounts connected")
    maya.press("Connect")
    maya.press("LinkedIn Pages")
    maya.press("Maya Okafor")
    maya.tick(LINKEDIN)
    maya.press("Connect the chosen ones")
    maya.see("connected")
    album.take(maya.page, "accounts")


def compose(sara: Reader, album: Album) -> None:
    """One post for three accounts, with other words and another time for one of them."""
    sara.press("Compose")
    sara.press(ON_FACEBOOK)
    sara.press(ON_INSTAGRAM)
    sara.press(ON_LINKEDIN)
    composer = Composer(sara)
    composer.write(FIRST)
    sara.see("Instagram needs an image.")
    album.take(sara.page, "problem", height=900)
    composer.choose_image((album.folder / IMAGE).read_bytes(), name=IMAGE, mime="image/jpeg")
    composer.description.fill(IMAGE_WORDS)
    composer.saved()
    sara.press(LINKEDIN, role="tab")
    sara.press("Write differently for this account")
    composer.text.fill(FOR_LINKEDIN)
    composer.saved()
    sara.fill_parts("Day", f"{tomorrow():%Y%m%d}")
    sara.fill_parts("Time", "1000")
    sara.press("Own time")
    sara.press(ON_LINKEDIN, role="menuitem")
    sara.fill_parts("Own day", f"{tomorrow():%Y%m%d}")
    sara.fill_parts("Own time", "1200")
    composer.saved()
    sara.press(LINKEDIN, role="tab")
    album.take(sara.page, "own-words", height=1100)
    sara.press("Send for approval")
    sara.see("In review")


def send_back(ivo: Reader, album: Album) -> None:
    """The approver wants a change."""
    ivo.press("Approvals")
    ivo.press(FIRST)
    ivo.page.get_by_label("Comment").first.fill(ASKED)
    album.take(ivo.page, "request-changes", height=1090)
    ivo.press("Request changes")
    ivo.see("Sent back")


def mend(sara: Reader, album: Album) -> None:
    """The author reads what is asked, changes the words and sends them again."""
    sara.press("Home")
    sara.see(ASKED)
    album.take(sara.page, "home", height=780)
    sara.press("Edit", beside=FIRST)
    sara.see(ASKED)
    composer = Composer(sara)
    composer.text.fill(BETTER)
    composer.saved()
    sara.press("Send for approval")
    sara.see("In review")


def approve(ivo: Reader, album: Album) -> None:
    """The approver sees what became different, and approves."""
    ivo.press("Approvals")
    ivo.press(BETTER)
    ivo.page.get_by_text("Since the last round").click()
    ivo.see("[added]")
    album.take(ivo.page, "approve", height=1420)
    ivo.press("Approve and schedule")
    ivo.see("Approved and scheduled")


def move(sara: Reader, album: Album) -> None:
    """To another day in the calendar, and back."""
    sara.press("Calendar")
    expect(sara.page.locator("[data-k^='d:']").first).to_be_visible(timeout=PATIENCE_MS)
    if not cell(sara, tomorrow()).count():
        sara.page.keyboard.press("ArrowRight")
        sara.settled()
    chip = cell(sara, tomorrow()).get_by_role("link").filter(has_text=BETTER[:30]).first
    expect(chip).to_be_visible(timeout=PATIENCE_MS)
    chip.drag_to(another_day(sara))
    expect(sara.key("undo_bar")).to_be_visible(timeout=PATIENCE_MS)
    sara.settled()
    album.take(sara.page, "calendar", height=1120)
    sara.press("Undo")
    expect(chip).to_be_visible(timeout=PATIENCE_MS)


def publish(sara: Reader, album: Album) -> None:
    """A time in a moment, and the post as its followers see it."""
    cell(sara, tomorrow()).get_by_role("link").filter(has_text=BETTER[:30]).first.click()
    sara.see("History")
    sara.press("Reschedule")
    soon = datetime.now(ZONE) + _GOES_OUT_IN
    sara.fill_parts("Day", f"{soon:%Y%m%d}")
    sara.fill_parts("Time", f"{soon:%H%M}")
    sara.page.get_by_role("dialog").get_by_role("button", name="Reschedule").click()
    sara.settled()
    live = sara.page.get_by_role("link", name=re.compile("Open live post"))
    expect(live).to_have_count(3, timeout=_PUBLISHED_WITHIN_MS)
    sara.settled()
    album.take(sara.page, "published", height=1000)
    with sara.context.expect_page() as opened:
        live.nth(1).click()
    opened.value.wait_for_load_state()
    album.take(opened.value, "live", height=820)


def decide(ivo: Reader, album: Album) -> None:
    """What Masthead isn't sure of: it asks a person, with the evidence."""
    ivo.press("Home")
    ivo.press("Decide")
    ivo.see("It is not live")
    album.take(ivo.page, "needs-you", height=820)


def tomorrow() -> date:
    """In the organization's zone."""
    return datetime.now(ZONE).date() + timedelta(days=1)


def cell(reader: Reader, day: date) -> Locator:
    """A day of the calendar."""
    return reader.page.locator(f'[data-k="d:{day}"]')


def another_day(reader: Reader) -> Locator:
    """The day after tomorrow, or tomorrow's neighbour today where the month ends in between."""
    after = cell(reader, tomorrow() + timedelta(days=1))
    return after if after.count() else cell(reader, tomorrow() - timedelta(days=1))
