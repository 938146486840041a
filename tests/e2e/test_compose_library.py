"""Files of the library into a post: looked for, chosen in an order, by keyboard alone, for all accounts and for one."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, WebSocketRoute, expect

from core.media import commands as media
from tests.e2e.driving import PATIENCE_MS, Product, Someone
from tests.e2e.inside import acting, as_console
from tests.e2e.writing import Composer
from tests.factories.media import another_picture, make_media

# Faster than the browser tells of the closing.
LEFT_AND_OPENED_AT_ONCE = """dialog => {
  dialog.querySelector('input').dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
  dialog.getRootNode().querySelector('.sources .library').click()
}"""
PAGE, INSTAGRAM = "Northwind Coffee", "northwind.coffee"


@pytest.fixture
def sara(someone: Callable[..., Someone]) -> Someone:
    """An editor."""
    return someone("Sara Lund")


@pytest.fixture
def mark(product: Product) -> str:
    """Three images of the library have this in their names; the newest one is described, with its rights."""
    mark = uuid4().hex[:8]
    with as_console(product):
        editor = acting(product, "northwind", "Sara Lund")
        names = [f"{name} {mark}.jpg" for name in ("one", "two", "three")]
        made = [make_media(editor, another_picture(), file_name=name) for name in names]
        media.describe(editor, made[-1].id, alt="Three cups", rights="Jo Doe, until 2030", revision=1)
    return mark


def test_files_of_the_library_join_a_post_in_the_order_they_were_chosen_in(sara: Someone, mark: str) -> None:
    composer, page = Composer(sara).open(), sara.page
    composer.choose(PAGE, INSTAGRAM)
    path = composer.write(f"Three cups. {mark}")
    way, shelf = page.locator(".sources .library"), page.locator("dialog.shelf")
    way.focus()
    page.keyboard.press("Enter")
    search = shelf.get_by_role("searchbox", name="Search the library")
    expect(search).to_be_focused(timeout=PATIENCE_MS)
    page.keyboard.type(mark)
    tiles = shelf.locator(".tile")
    expect(tiles).to_have_count(3, timeout=PATIENCE_MS)
    expect(tiles.first).to_contain_text("Rights: Jo Doe, until 2030")
    expect(tiles.first).to_contain_text("Not used")

    press(tiles, "ArrowDown", "ArrowRight", "ArrowRight", "Enter", "Home", "Enter")
    expect(tiles.locator(".order")).to_have_text(["2", "", "1"])
    shelf.get_by_role("button", name="Add 2 files").click()
    expect(shelf).to_be_hidden()
    expect(way).to_be_focused()
    assert composer.files == [f"one {mark}.jpg", f"three {mark}.jpg"]
    expect(composer.description.nth(1)).to_have_value("Three cups")
    expect(page.locator(".file").nth(1)).to_contain_text("Rights: Jo Doe, until 2030")
    composer.saved()

    composer.look_at(INSTAGRAM)
    page.get_by_role("button", name="No files").click()
    page.get_by_role("button", name="Own files").click()
    way.click()
    expect(shelf.get_by_role("heading", name=re.compile(f"for {re.escape(INSTAGRAM)}"))).to_be_visible()
    page.keyboard.type("nothing like it")
    expect(shelf.get_by_text("No file of the library fits.")).to_be_visible(timeout=PATIENCE_MS)
    page.keyboard.press("Escape")
    expect(shelf).to_be_hidden()
    expect(way).to_be_focused()
    way.click()
    shelf.evaluate(LEFT_AND_OPENED_AT_ONCE)
    expect(search).to_be_focused()
    page.keyboard.type(f"two {mark}")
    expect(tiles).to_have_count(1, timeout=PATIENCE_MS)
    press(tiles, "ArrowDown", "Space", "Tab", "Enter")
    expect(page.locator(".file .name")).to_have_text([f"two {mark}.jpg"], timeout=PATIENCE_MS)
    composer.saved()

    composer.open(path)
    composer.look_at(None)
    expect(page.locator(".file .name")).to_have_text([f"one {mark}.jpg", f"three {mark}.jpg"])
    way.click()
    page.keyboard.type(mark)
    expect(tiles.filter(has_text="In one post")).to_have_count(3, timeout=PATIENCE_MS)
    expect(tiles.filter(has_text="Here already")).to_have_count(2)


def test_what_is_looked_for_is_asked_again_where_no_answer_comes(sara: Someone, mark: str) -> None:
    page, lost = sara.page, list[bool]()
    asked_once = f'"words":"{mark}"'.encode()

    def relay(of_page: WebSocketRoute) -> None:
        console = of_page.connect_to_server()

        def pass_on(said: str | bytes) -> None:
            if not lost and isinstance(said, bytes) and asked_once in said:
                lost.append(True)
            else:
                console.send(said)

        of_page.on_message(pass_on)

    page.route_web_socket(re.compile("/_stcore/stream"), relay)
    composer = Composer(sara).open()
    composer.choose(PAGE)
    composer.write("Asked twice.")
    page.locator(".sources .library").click()
    page.keyboard.type(mark)
    expect(page.locator("dialog.shelf .tile")).to_have_count(3, timeout=PATIENCE_MS)
    assert lost


def press(tiles: Locator, *keys: str) -> None:
    for key in keys:
        tiles.page.keyboard.press(key)
