"""The console against a real database, with the sandbox's kind of provider settings."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import pytest
from streamlit.components.v2 import manifest_scanner

from console import places
from core import providers
from core.infra import db
from tests.factories.posts import Team, make_team
from tests.fixtures.servers import SECRET_KEY


@pytest.fixture(scope="session", autouse=True)
def installed_components() -> Iterator[None]:
    """Streamlit looks through every installed package at the first run of each AppTest: half a second; here once."""
    scan = functools.cache(manifest_scanner.scan_component_manifests)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield
    assert scan.cache_info().misses <= 1


@pytest.fixture(autouse=True)
def unmeasured(no_cover: None) -> None:
    """What is covered of core is what core's own tests cover."""


@pytest.fixture(autouse=True)
def settings_of_the_console(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What `python -m console` would find in its environment."""
    monkeypatch.setenv("MASTHEAD_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("PROVIDER_META_CLIENT_ID", "1000000000001")
    monkeypatch.setenv("PROVIDER_META_CLIENT_SECRET", "not-a-secret-but-long-enough-to-be-one")
    providers.providers.cache_clear()
    places.ingest_url.cache_clear()
    places.console_url.cache_clear()
    yield
    providers.providers.cache_clear()
    places.ingest_url.cache_clear()
    places.console_url.cache_clear()


@pytest.fixture
def team(database: db.Database) -> Team:
    """An organization with a person of each role and one account."""
    return make_team()
