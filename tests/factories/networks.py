"""Networks by their declared data alone, for what no real network happens to declare."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from core import providers
from core.provider_kit import checks
from core.provider_kit.types import Network, Payload, Problem


class Declared:
    """What a network says of payloads when it has no rules beyond its data."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def problems(self, payload: Payload) -> list[Problem]:
        return checks.problems(self.network, payload)


def declare(monkeypatch: pytest.MonkeyPatch, networks: Mapping[str, Network]) -> None:
    """Let posts and images know exactly these networks."""
    monkeypatch.setattr(providers, "networks", lambda: networks)
    monkeypatch.setattr(providers, "publisher", lambda key: Declared(networks[key]))
