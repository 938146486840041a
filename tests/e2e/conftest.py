"""The whole product, started the way README says, and people with a browser each."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from core.infra.programs import tied_to_parent
from tests.e2e.driving import Product, Someone
from tests.fixtures.programs import PROJECT

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
READY_WITHIN_S = 120


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """`make run` in a folder of its own; Ctrl-C at the end must leave nobody behind."""
    data = tmp_path_factory.mktemp("product")
    port = _four_ports_in_a_row()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MASTHEAD_", "PROVIDER_"))}
    environment = {
        **{name: value for name, value in kept.items() if name not in ("DATABASE_URL", "REDIS_URL")},
        "MASTHEAD_PORT": str(port),
        "MASTHEAD_DATA": str(data / "data"),
    }
    command = [sys.executable, "-m", "core.cli", "run", "--embedded", "--with-sandbox"]
    log = data / "log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            tied_to_parent(command),
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        _await_words(process, log)
        running = Product(port, log, data / "data")
        yield running
        assert running.malformed_requests() == []
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert process.returncode in (0, 130), log.read_text()[-2000:]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def signed_in() -> dict[str, Any]:
    """The cookies of whoever signed in before, by name."""
    return {}


@pytest.fixture
def someone(product: Product, browser: Browser, signed_in: dict[str, Any]) -> Iterator[Callable[..., Someone]]:
    """`someone("Maya Okafor")`: a person in a browser of their own, signed in.

    A sign-in is kept for the tests that follow; `anew=True` is one of the test's own, to look at it or to end it.
    """
    opened: list[Someone] = []

    def open_for(name: str, *, organization: str | None = None, at: str = "/", anew: bool = False) -> Someone:
        person = Someone(
            product,
            browser.new_context(viewport={"width": 1440, "height": 900}, timezone_id="Europe/Berlin", locale="en-GB"),
        )
        opened.append(person)
        if name in signed_in and not anew:
            person.context.add_cookies(signed_in[name])
            person.go(at)
        else:
            person.sign_in(name, at=at)
            if not anew:
                signed_in[name] = person.context.cookies()
        if organization is not None:
            person.work_in(organization)
        return person

    yield open_for
    for each in opened:
        each.context.close()


def _four_ports_in_a_row() -> int:
    # Below those that Linux gives to connections that go out: such a one may take a free port at any moment.
    for port in random.sample(range(20_000, 32_000, 4), 50):
        if all(_is_free(each) for each in range(port, port + 4)):
            return port
    raise AssertionError("no four free ports in a row")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _await_words(process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        if "Masthead runs" in log.read_text(errors="replace"):
            return
        time.sleep(0.2)
    pytest.fail(f"the product did not start:\n{log.read_text(errors='replace')[-3000:]}")
