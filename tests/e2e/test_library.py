"""The library in a browser: files dropped, sent in parts, prepared, found again after a reload, shown and deleted."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.driving import PATIENCE_MS, Someone
from tests.factories import clips
from tests.factories.media import picture

PREPARED_WITHIN_MS = 60_000
DROP = """([content, name, type]) => {
  const bytes = Uint8Array.from(atob(content), each => each.charCodeAt(0))
  const transfer = new DataTransfer()
  transfer.items.add(new File([bytes], name, { type }))
  return transfer
}"""


@pytest.fixture
def sara(someone: Callable[..., Someone]) -> Someone:
    """An editor."""
    return someone("Sara Lund", at="/library")


def tile(person: Someone, name: str) -> Locator:
    return person.page.locator(".tile", has_text=name).first


def choose(page: Page, *files: Path) -> None:
    page.locator("input[type=file]").first.set_input_files([str(each) for each in files])


def test_files_are_dropped_and_chosen_prepared_and_shown(sara: Someone, tmp_path: Path) -> None:
    page = sara.page
    sara.go("/library")
    photo = picture("PNG", (700, 500), mode="RGB") + b""
    dropped = [base64.b64encode(photo).decode(), "drop.png", "image/png"]
    transfer = page.evaluate_handle(DROP, dropped)
    page.locator(".drop").first.dispatch_event("drop", {"dataTransfer": transfer})
    expect(tile(sara, "drop.png")).to_be_visible(timeout=PATIENCE_MS)

    film, paper, fake = tmp_path / "walk.mp4", tmp_path / "paper.pdf", tmp_path / "fake.mp4"
    film.write_bytes(clips.clip(seconds=3, size=(640, 360), rate=24, index_first=False, shade=77))
    paper.write_bytes(clips.pdf(4))
    fake.write_bytes(b"not a film at all")
    choose(page, film, paper, fake)
    expect(page.get_by_text("no file of a kind that can be posted").first).to_be_visible(timeout=PATIENCE_MS)
    expect(tile(sara, "walk.mp4")).to_be_visible(timeout=PREPARED_WITHIN_MS)
    expect(tile(sara, "paper.pdf")).to_contain_text("PDF, 4 pages", timeout=PREPARED_WITHIN_MS)
    picture_of_it = tile(sara, "walk.mp4").locator("img")
    expect(picture_of_it).to_have_js_property("complete", value=True, timeout=PATIENCE_MS)
    assert picture_of_it.evaluate("image => image.naturalWidth") > 100

    shoot(page, "library")
    tile(sara, "walk.mp4").click()
    sara.settled()
    player = page.locator("video")
    expect(player).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_timeout(500)
    shoot(page, "library-file")
    lasts = player.evaluate(
        """video => new Promise((resolve, reject) => {
          video.onloadedmetadata = () => resolve(video.duration)
          video.onerror = () => reject(new Error(video.error?.message ?? 'it does not play'))
          video.preload = 'auto'
          video.load()
        })"""
    )
    assert 2.9 < lasts < 3.3, "the console's policy lets the browser play it, by ranges"

    page.get_by_role("textbox", name="Description for people who can't see it").fill("A walk through the woods")
    page.get_by_role("textbox", name="Rights").fill("Jo Doe")
    page.get_by_role("textbox", name="Rights").blur()
    page.get_by_role("button", name="Save", exact=True).click()
    sara.settled()
    page.keyboard.press("Escape")
    sara.settled()
    sara.go("/library?q=through+the+woods")
    expect(page.locator(".tile")).to_have_count(1)
    tile(sara, "walk.mp4").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    sara.see("walk.mp4 was deleted")
    expect(page.locator(".tile")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(tile(sara, "walk.mp4")).to_be_visible(timeout=PATIENCE_MS)


def test_after_a_reload_the_same_file_goes_on_where_it_stopped(sara: Someone, tmp_path: Path) -> None:
    page = sara.page
    sara.go("/library")
    film = tmp_path / "long.mp4"
    film.write_bytes(clips.clip(seconds=2, size=(320, 240), shade=99) + free_box(2_500_000))
    parts: list[int] = []

    def slow(route: Route) -> None:
        at = int(route.request.headers.get("upload-offset", "-1"))
        if route.request.method != "PATCH":
            route.continue_()
        elif len(parts) < 2 or at in parts:
            parts.append(at)
            route.continue_()
        else:
            route.abort("connectionreset")

    page.route("**/api/uploads/**", slow)
    choose(page, film)
    expect(page.get_by_text("Sending").first).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_timeout(2_500)
    page.reload()
    page.unroute("**/api/uploads/**")
    sara.settled()
    expect(page.get_by_text("Choose the same file again").first).to_be_visible(timeout=PATIENCE_MS)
    shoot(page, "library-resume")

    sent: list[int] = []
    page.on("request", lambda request: sent.append(int(request.headers.get("upload-offset", "-1"))))
    choose(page, film)
    expect(tile(sara, "long.mp4")).to_be_visible(timeout=PREPARED_WITHIN_MS)
    offsets = [each for each in sent if each >= 0]
    assert min(offsets) > 0, "what had arrived is not sent again"


def free_box(size: int) -> bytes:
    """A box that players skip, to make a small film a large file."""
    return size.to_bytes(4, "big") + b"free" + os.urandom(size - 8)


def shoot(page: Page, name: str) -> None:
    """A picture for whoever asked for pictures."""
    folder = os.environ.get("LIBRARY_PICTURES")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
        page.set_viewport_size({"width": 800, "height": 900})
        page.wait_for_timeout(500)
        page.screenshot(path=f"{folder}/{name}-800.png", full_page=True)
        page.emulate_media(color_scheme="dark")
        page.wait_for_timeout(700)
        page.screenshot(path=f"{folder}/{name}-dark.png", full_page=True)
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1440, "height": 900})
        page.wait_for_timeout(500)
