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


def test_every_folder_gives_providers_with_their_own_settings() -> None:
    folders = {path.parent.name for path in Path(providers.__file__).parent.glob("*/__init__.py")}
    assert set(providers.folders()) == folders
    assert {providers.folder(key) for key in providers.providers()} == folders
    for key, provider in providers.providers().items():
        assert provider.key == key
    assert providers.provider("meta").configured
    assert not providers.provider("linkedin").configured


def test_a_folder_may_give_several_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The apps of one company: each by settings of its own, all to the same network."""
    monkeypatch.setenv("PROVIDER_LINKEDIN_MEMBER_CLIENT_ID", "78")
    monkeypatch.setenv("PROVIDER_LINKEDIN_MEMBER_CLIENT_SECRET", "canary-secret-2")
    pages, member = providers.provider("linkedin"), providers.provider("linkedin_member")
    assert not pages.configured
    assert member.configured
    assert providers.folder("linkedin_member") == "linkedin"
    assert pages.publishers["linkedin"] is member.publishers["linkedin"] is providers.publisher("linkedin")


@pytest.mark.parametrize("key", ["linkedinmember", "myspace", "", "oidc"])
def test_a_key_of_no_folder_has_none(key: str) -> None:
    assert providers.folder(key) is None


def test_a_network_leads_to_its_publisher() -> None:
    assert set(providers.networks()) == {
        network for provider in providers.providers().values() for network in provider.publishers
    }
    assert providers.publisher("facebook") is providers.provider("meta").publishers["facebook"]


@pytest.mark.parametrize("find", [providers.provider, providers.publisher])
def test_what_is_not_there_is_a_key_error(find: object) -> None:
    with pytest.raises(KeyError):
        find("myspace")  # type: ignore[operator]
