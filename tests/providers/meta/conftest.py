"""The sandbox as Meta, and a web server from which it fetches pictures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fixtures.programs import RunningSandbox
from tests.providers.meta.at_sandbox import World, meta_at
from tests.sandbox.shelf import Shelf


@pytest.fixture
def world(sandbox: RunningSandbox) -> World:
    app = next(app for app in sandbox.get("/_sandbox/world")["apps"] if app["provider"] == "meta")
    return World(sandbox, meta_at(sandbox), app["redirect_uris"][0])


@pytest.fixture(scope="session")
def shelf() -> Iterator[Shelf]:
    shelf = Shelf()
    yield shelf
    shelf.close()
