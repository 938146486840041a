"""One sandbox for the tests of this folder. Each test makes its own person and Pages, so their order doesn't matter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.driver import Box, Instagram, Page
from tests.sandbox.linkedin_driver import Author, LinkedIn
from tests.sandbox.shelf import Shelf


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    box = Box(tmp_path_factory.mktemp("world"))
    yield box
    box.close()


@pytest.fixture
def box(started: Box, request: pytest.FixtureRequest) -> Iterator[Box]:
    """The running sandbox, without faults and at the real time, before and after."""
    yield started
    started.malformed.settle(request.node)
    started.http.cookies.clear()
    started.control("faults", method="DELETE")
    if started.control("clock")["offset_s"]:
        started.control("clock", {"advance_s": -started.control("clock")["offset_s"]})


@pytest.fixture
def page(box: Box) -> Page:
    return box.new_pages()[0]


@pytest.fixture
def account(box: Box) -> Instagram:
    return box.new_instagram()[0]


@pytest.fixture(scope="session")
def shelf() -> Iterator[Shelf]:
    """A web server of this machine, from which the sandbox fetches pictures."""
    shelf = Shelf()
    yield shelf
    shelf.close()


@pytest.fixture
def linkedin(box: Box) -> LinkedIn:
    return LinkedIn(box)


@pytest.fixture
def company(linkedin: LinkedIn) -> Author:
    """An organization and its administrator's token."""
    return linkedin.organization()


@pytest.fixture
def own_box(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Box]:
    """A sandbox of the test's own, to kill and to reset."""
    box = Box(tmp_path / "world")
    yield box
    if box.process.poll() is None:
        box.malformed.settle(request.node)
    box.close()
