"""What the invisible steps of a publication are given: so far every network here publishes in one visible call."""

from __future__ import annotations

from core.provider_kit.errors import Rejected
from core.provider_kit.types import MediaItem


class NoSteps:
    """The steps of a publication that has none. A publisher that asks for one is refused before anything is sent."""

    def get(self, name: str) -> str | None:
        return None

    def keep(self, name: str, reference: str, *, lives_s: float | None = None) -> None:
        raise Rejected(f"This installation can't keep {name!r}.", how_to_fix="Tell your operator.")

    def drop(self, name: str, because: str) -> None:
        """Nothing is kept, so nothing is dropped."""

    def address(self, item: MediaItem) -> str:
        raise Rejected("This installation has no files to send.", how_to_fix="Remove the image.")

    def read(self, item: MediaItem) -> bytes:
        raise Rejected("This installation has no files to send.", how_to_fix="Remove the image.")
