"""Addresses of networks in settings."""

from __future__ import annotations

import pytest

from core.provider_kit.configuring import base_address


@pytest.mark.parametrize("address", ["https://api.example.com/", "http://localhost:8503/api.example.com"])
def test_an_address_loses_its_last_slash(address: str) -> None:
    assert base_address(address) == address.rstrip("/")


@pytest.mark.parametrize(
    "address", ["http://api.example.com", "https://u:p@example.com", "https://example.com?x=1", "example.com", ""]
)
def test_an_address_that_could_send_tokens_astray_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="must"):
        base_address(address)
