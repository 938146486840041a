"""What components know of a network: its declared data, as the registry has it. No network is named in here."""

from __future__ import annotations

from typing import Any

from core.provider_kit.types import Network
from core.providers import networks

_UNKNOWN_COLOR = "#667085"


def network_data(key: str) -> dict[str, Any]:
    """Title, colour, text rules and actions of a network, for a component."""
    network: Network | None = networks().get(key)
    if network is None:  # its folder was taken out of this installation
        rules = {"counter": "codepoints", "max_length": 100_000, "fold_at": None, "escaped": ""}
        return {
            "key": key,
            "title": key.capitalize(),
            "color": _UNKNOWN_COLOR,
            "text": rules,
            "takes_link": True,
            "actions": [],
        }
    rules = {
        "counter": network.text.counter,
        "max_length": network.text.max_length,
        "fold_at": network.text.fold_at,
        "escaped": network.text.escaped,
    }
    images = network.images and {"max_alt": network.images.max_alt, "ratio": network.images.ratio}
    return {
        "key": key,
        "title": network.title,
        "color": network.color,
        "text": rules,
        "actions": list(network.actions),
        "takes_link": network.takes_link,
        "needs_media": network.needs_media,
        "images": images,
    }


def network_title(key: str) -> str:
    """How people call a network."""
    return str(network_data(key)["title"])
