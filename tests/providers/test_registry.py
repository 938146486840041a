"""The registry lists the folders that are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core import providers


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PROVIDER_META_CLIENT_ID", "777")
    monkeypatch.setenv("PROVIDER_META_CLIENT_SECRET", "canary-secret-1")
    providers.providers.cache_clear()
    yield
    providers.providers.cache_clear()


def test_every_folder_is_a_provider_with_its_own_settings() -> None:
    folders = {path.parent.name for path in Path(providers.__file__).parent.glob("*/__init__.py")}
    assert set(providers.providers()) == folders
    for key, provider in providers.providers().items():
        assert provider.key == key
    assert providers.provider("meta").configured


def test_a_network_leads_to_its_publisher() -> None:
    assert set(providers.networks()) == {
        network for provider in providers.providers().values() for network in provider.publishers
    }
    assert providers.publisher("facebook") is providers.provider("meta").publishers["facebook"]


@pytest.mark.parametrize("find", [providers.provider, providers.publisher])
def test_what_is_not_there_is_a_key_error(find: object) -> None:
    with pytest.raises(KeyError):
        find("myspace")  # type: ignore[operator]
