"""Where files lie: content under its own hash, chunks under their upload; each organization in a folder of its own.

    <organization>/<two digits>/<SHA-256>          what is kept
    <organization>/uploads/<upload>/<offset>       what is on its way

By fsspec, so that a store of objects can take the folder's place. A name appears with its whole content or not at all.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Final, cast
from uuid import UUID

import fsspec

from core.infra import installation
from core.media.rules import StorageAway, StorageFull

BLOCK: Final = 64 * 1024
_log = logging.getLogger(__name__)


class Storage:
    """A folder for fsspec, by its address."""

    def __init__(self, url: str) -> None:
        self._files, self._root = fsspec.core.url_to_fs(url)

    def keep(self, organization_id: UUID, content: BinaryIO) -> str:
        """Keep a file under its SHA-256, which is returned in hex; from its beginning, block by block."""
        sha256 = hashlib.sha256()
        for block in _blocks(content):
            sha256.update(block)
        name = sha256.hexdigest()
        place = self._place(organization_id, name)
        content.seek(0)
        # Written anew even if it is there: what lies there may be damaged.
        self._write(place, lambda file: [file.write(block) for block in _blocks(content)])
        return name

    def open(self, organization_id: UUID, sha256: str) -> BinaryIO:
        """A kept file, for reading. Raises FileNotFoundError, StorageAway when all files are, not this one alone."""
        try:
            return cast("BinaryIO", self._files.open(self._place(organization_id, sha256), "rb"))
        except FileNotFoundError:
            self._tell_away(organization_id)
            raise
        except OSError as error:
            raise self._away(error.errno) from None

    def has(self, organization_id: UUID, sha256: str) -> bool:
        """Whether a kept file lies there, without reading it. Raises StorageAway when all files are gone."""
        try:
            if self._files.exists(self._place(organization_id, sha256)):
                return True
            self._tell_away(organization_id)
        except OSError as error:
            raise self._away(error.errno) from None
        return False

    def put_chunk(self, organization_id: UUID, upload_id: UUID, offset: int, content: bytes) -> None:
        """Keep a part of an upload; one that is there already is replaced."""
        self._write(f"{self._folder(organization_id, upload_id)}/{offset:010}", lambda file: file.write(content))

    def chunks(self, organization_id: UUID, upload_id: UUID, size: int) -> Iterator[bytes]:
        """The parts of an upload in their order, one in memory at a time. Raises FileNotFoundError when one is gone."""
        offset = 0
        while offset < size:
            chunk: bytes = self._files.cat_file(f"{self._folder(organization_id, upload_id)}/{offset:010}")
            if not chunk:
                raise FileNotFoundError(offset)
            yield chunk
            offset += len(chunk)

    def drop_chunks(self, organization_id: UUID, upload_id: UUID) -> None:
        """Throw an upload's parts away."""
        with suppress(FileNotFoundError):
            self._files.rm(self._folder(organization_id, upload_id), recursive=True)

    def _tell_away(self, organization_id: UUID) -> None:
        """Raise StorageAway where it isn't one file that is missing.

        Who has a file has a folder: without it this is another place than the one it was kept in.
        """
        if not self._files.isdir(f"{self._root}/{organization_id}"):
            raise self._away(errno.ENOENT)

    def _away(self, code: int | None) -> StorageAway:
        _log.error("storage_unreadable", extra={"folder": self._root, "errno": code})
        return StorageAway()

    def _place(self, organization_id: UUID, sha256: str) -> str:
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise ValueError("not a SHA-256 in lower-case hex")
        return f"{self._root}/{organization_id}/{sha256[:2]}/{sha256}"

    def _folder(self, organization_id: UUID, upload_id: UUID) -> str:
        return f"{self._root}/{organization_id}/uploads/{upload_id}"

    def _write(self, place: str, fill: Callable[[Any], object]) -> None:
        """Beside its place under another name, safe on the disk, readable by nobody else; then it takes its name.

        Raises StorageFull.
        """
        new = f"{place}.{secrets.token_hex(8)}.new"
        try:
            self._write_beside(place, new, fill)
        except OSError as error:
            _log.error("storage_unwritable", extra={"kind": type(error).__name__, "errno": error.errno})
            with suppress(OSError):
                self._files.rm_file(new)
            raise StorageFull from None

    def _write_beside(self, place: str, new: str, fill: Callable[[Any], object]) -> None:
        folder = str(PurePosixPath(place).parent)
        self._files.makedirs(folder, exist_ok=True)
        with self._files.open(new, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        self._files.mv(new, place)
        _sync_folder(folder)


def current() -> Storage:
    """The storage of this installation."""
    return _made(installation.settings().storage_url)


@cache
def _made(url: str) -> Storage:
    return Storage(url)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
