"""Servers for provider tests: a scripted one below HTTP, and the sandbox as the network would be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.providers.scripted import Scripted, scripted


@pytest.fixture
def stand_in() -> Iterator[Scripted]:
    """A server that says what the test tells it to."""
    with scripted() as server:
        yield server
