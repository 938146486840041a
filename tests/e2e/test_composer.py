"""Writing together with somebody else, and through the end of the console."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.driving import Product, Someone
from tests.e2e.writing import Composer

PAGE, INSTAGRAM = "Northwind Coffee", "northwind.coffee"
COMES_BACK_WITHIN_S = 60


@pytest.fixture
def sara(someone: Callable[..., Someone]) -> Someone:
    """An editor of an organization with a Page and its Instagram account."""
    return someone("Sara Lund")


def test_two_people_write_the_same_words_and_neither_loses_theirs(
    sara: Someone, someone: Callable[..., Someone]
) -> None:
    mine = Composer(sara).open()
    mine.choose(PAGE, INSTAGRAM)
    path = mine.write(f"Beans on Monday. {uuid4().hex[:8]}")
    ivo = someone("Ivo Brandt")
    theirs = Composer(ivo).open(path)
    theirs.write_differently(INSTAGRAM, "Words by Ivo")
    theirs.saved()

    mine.write_differently(INSTAGRAM, "Words by Sara")
    sara.see("Ivo Brandt saved this post")
    for part in ("Ivo", "Sara"):
        expect(sara.page.get_by_text(re.compile(part)).first).to_be_visible()
    sara.page.get_by_role("button", name="Keep mine").click()
    sara.settled()
    mine.look_at(INSTAGRAM)
    expect(mine.text).to_have_value("Words by Sara")
    sara.page.get_by_role("button", name="Undo").click()
    sara.settled()
    expect(mine.text).to_have_value("Words by Ivo")


def test_the_console_dies_while_somebody_writes_and_a_reload_shows_all_but_the_last_second(
    product: Product, sara: Someone
) -> None:
    composer = Composer(sara).open()
    composer.choose(PAGE)
    path = composer.write("Begun. ")
    typed = type_on(composer, 80)
    died = time.monotonic()
    kill_console(product)
    sara.page.goto("about:blank")
    await_console(product)

    composer.open(path).saved()
    kept = composer.text.input_value()
    (*_, asked) = [said for at, said in typed if at <= died - 1]
    assert typed[-1][1].startswith(kept)
    assert kept.startswith(asked), f"{len(typed[-1][1]) - len(kept)} characters are lost"


def test_what_is_written_while_the_console_is_away_is_saved_when_it_is_back(product: Product, sara: Someone) -> None:
    composer = Composer(sara).open()
    composer.choose(PAGE)
    path = composer.write("Begun. ")
    kill_console(product)
    ((_, words),) = type_on(composer, 1)
    await_console(product)
    composer.saved()
    composer.open(path)
    expect(composer.text).to_have_value(words)


def type_on(composer: Composer, times: int) -> list[tuple[float, str]]:
    """Write at the end, without a pause; gives when what stood there."""
    words, seen = composer.text.input_value(), []
    composer.text.press("Control+End")
    for _ in range(times):
        composer.page.keyboard.type("w ")
        words += "w "
        seen.append((time.monotonic(), words))
        composer.page.wait_for_timeout(40)
    return seen


def kill_console(product: Product) -> None:
    """SIGKILL for this product's console, as when memory runs out."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
            environment = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"console" in command and f"MASTHEAD_DATA={product.data}".encode() in environment:
            os.kill(int(process.name), signal.SIGKILL)
            return
    raise AssertionError("no console runs")


def await_console(product: Product) -> None:
    """Wait until the supervisor has started it again."""
    until = time.monotonic() + COMES_BACK_WITHIN_S
    while time.monotonic() < until:
        try:
            if httpx.get(f"{product.url}/_stcore/health", timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.3)
    pytest.fail("the console did not come back")
