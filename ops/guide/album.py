"""Pictures for documents: 1200 pixels wide, small enough to be kept with the text."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Page, expect

WIDTH: Final = 1200
HEIGHT: Final = 800
MOST_BYTES: Final = 80_000
_TOAST_GOES_WITHIN_MS: Final = 20_000
_FORMAT: Final = ".webp"


class PictureTooLarge(RuntimeError):
    """A picture that would weigh down the repository."""


class Album:
    """A folder of pictures with fixed names: those it is made for, each once, and no others of an earlier time."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.missing = list(names)
        self.sizes: dict[str, int] = {}

    def take(self, page: Page, name: str, *, height: int = HEIGHT) -> None:
        """Keep what a page shows now. Raises ValueError when nobody waits for this name, PictureTooLarge."""
        self.missing.remove(name)
        expect(page.get_by_test_id("stToast")).to_have_count(0, timeout=_TOAST_GOES_WITHIN_MS)
        page.set_viewport_size({"width": WIDTH, "height": height})
        page.mouse.move(WIDTH / 2, height / 2)
        page.mouse.wheel(0, -10_000)
        page.mouse.move(WIDTH / 2, 2)  # no tooltip, and nothing lit up
        page.wait_for_timeout(400)
        self._keep(name, shrunk(page.screenshot()))
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})

    def close(self) -> None:
        """Remove pictures that no longer belong here. Raises ValueError when one was never taken."""
        if self.missing:
            raise ValueError(f"never taken: {', '.join(self.missing)}")
        for path in self.folder.glob(f"*{_FORMAT}"):
            if path.stem not in self.sizes:
                path.unlink()

    def _keep(self, name: str, content: bytes) -> None:
        if len(content) > MOST_BYTES:
            raise PictureTooLarge(f"{name} has {len(content):,} bytes, more than {MOST_BYTES:,}")
        (self.folder / f"{name}{_FORMAT}").write_bytes(content)
        self.sizes[name] = len(content)


def shrunk(screenshot: bytes) -> bytes:
    """A PNG as WebP without loss: letters stay sharp, and a console's page is mostly one colour."""
    held = BytesIO()
    Image.open(BytesIO(screenshot)).convert("RGB").save(held, "WEBP", lossless=True, quality=100, method=6)
    return held.getvalue()
