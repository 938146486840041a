"""Files in a folder: a name appears with its whole content, safe on the disk, readable by nobody else."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import fsspec

ENDING: Final = ".new"
AWAY: Final = (OSError,)


class LocalFiles:
    """A folder of this machine, or one that is mounted here."""

    away: Final[tuple[type[Exception], ...]] = AWAY

    def __init__(self, url: str) -> None:
        self.files, self.root = fsspec.core.url_to_fs(url)

    def open(self, place: str) -> BinaryIO:
        """For reading. Raises FileNotFoundError, OSError."""
        return cast("BinaryIO", self.files.open(place, "rb"))

    def write(self, place: str, fill: Callable[[Any], object]) -> None:
        """Beside its place under another name first; then it takes its name. Raises OSError."""
        new = f"{place}.{secrets.token_hex(8)}{ENDING}"
        try:
            self._write_beside(place, new, fill)
        except OSError:
            with suppress(OSError):
                self.files.rm_file(new)
            raise

    def signed(self, place: str, mime: str, name: str, lifetime_s: int) -> str | None:
        """A folder has no addresses of its own."""

    def drop_leftovers(self, older_than_s: float) -> int:
        """Throw away what writers that were killed left unfinished; gives how many."""
        dropped = 0
        for each in self._unfinished():
            with suppress(OSError):  # it may have got its name, or be another sweep's
                if time.time() - each.stat().st_mtime > older_than_s:
                    each.unlink()
                    dropped += 1
        return dropped

    def _unfinished(self) -> Iterator[Path]:
        return Path(self.root).rglob(f"*{ENDING}")

    def _write_beside(self, place: str, new: str, fill: Callable[[Any], object]) -> None:
        folder = Path(place).parent
        self.files.makedirs(str(folder), exist_ok=True)
        with self.files.open(new, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        self.files.mv(new, place)
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
