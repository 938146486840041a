"""The sandbox as the demo's stage: its clock and its faults (PRODUCT 8)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx


class Stage:
    """The control side of a sandbox."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/_sandbox"

    @contextmanager
    def earlier(self, by: timedelta) -> Iterator[None]:
        """Inside the block the sandbox lives `by` earlier."""
        self._post("clock", {"advance_s": -by.total_seconds()})
        try:
            yield
        finally:
            self._post("clock", {"advance_s": by.total_seconds()})

    @contextmanager
    def fault(self, mode: str, **arguments: Any) -> Iterator[None]:
        """Inside the block the next post to any feed meets this fault."""
        route = "POST /graph.facebook.com/*/feed"
        self._post("faults", {"route": route, "mode": mode, "times": 1, "args": arguments})
        try:
            yield
        finally:
            httpx.delete(f"{self._url}/faults", timeout=10).raise_for_status()

    @contextmanager
    def pictures_at_once(self) -> Iterator[None]:
        """Inside the block LinkedIn needs no time for a picture."""
        self._post("options", {"provider": "linkedin", "options": {"processing_s": "0"}})
        try:
            yield
        finally:
            self._post("options", {"provider": "linkedin", "options": {"processing_s": "0.5"}})

    def _post(self, path: str, body: dict[str, Any]) -> None:
        httpx.post(f"{self._url}/{path}", json=body, timeout=10).raise_for_status()
