"""Where files lie: content under its own hash, chunks under their upload; each organization in a folder of its own.

    <organization>/<two digits>/<SHA-256>          what is kept
    <organization>/uploads/<upload>/<offset>       what is on its way

By fsspec, in a folder or in a store of objects. A name appears with its whole content or not at all.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO, Final, Protocol
from uuid import UUID

from core.infra import installation
from core.infra.settings import Settings
from core.media.local_files import LocalFiles
from core.media.rules import StorageAway, StorageFull, StoreAccess

BLOCK: Final = 64 * 1024
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stamp:
    """How a kept file looks without reading it: its size in bytes, and what moves when it is written anew."""

    size: int
    moved: str


class Files(Protocol):
    """What keeps bytes under names: a folder, or a store of objects. `away` is what it raises when it can't."""

    files: Any
    root: str

    @property
    def away(self) -> tuple[type[Exception], ...]: ...

    def open(self, place: str) -> BinaryIO: ...

    def write(self, place: str, fill: Callable[[Any], object]) -> None: ...

    def signed(self, place: str, mime: str, name: str, lifetime_s: int) -> str | None: ...

    def drop_leftovers(self, older_than_s: float) -> int: ...


class Storage:
    """What is kept and what is on its way, by organization."""

    def __init__(self, where: Files) -> None:
        self._where = where
        self._files, self._root = where.files, where.root

    @property
    def away(self) -> tuple[type[Exception], ...]:
        """What reading a file that was opened here may raise on the way."""
        return self._where.away

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
        with self._reading(organization_id):
            return self._where.open(self._place(organization_id, sha256))

    def has(self, organization_id: UUID, sha256: str) -> bool:
        """Whether a kept file lies there, without reading it. Raises StorageAway when all files are gone."""
        try:
            self.stamp(organization_id, sha256)
        except FileNotFoundError:
            return False
        return True

    def stamp(self, organization_id: UUID, sha256: str) -> Stamp:
        """How a kept file looks. Raises as `open` does."""
        with self._reading(organization_id):
            info = self._files.info(self._place(organization_id, sha256))
        return Stamp(info["size"], str(info.get("ETag") or (info.get("mtime"), info.get("ino"))))

    def signed(self, organization_id: UUID, sha256: str, mime: str, name: str, lifetime_s: int) -> str | None:
        """An address of the storage itself for a kept file, None where it gives none. Raises StorageAway."""
        try:
            return self._where.signed(self._place(organization_id, sha256), mime, name, lifetime_s)
        except self._where.away as error:
            raise self._away(error) from None

    def beginning(self, organization_id: UUID, upload_id: UUID) -> bytes:
        """The first bytes of an upload. Raises FileNotFoundError when they are gone, StorageAway."""
        with self._reading(organization_id):
            place = f"{self._folder(organization_id, upload_id)}/{0:010}"
            first: bytes = self._files.cat_file(place, start=0, end=64)
        return first

    def put_chunk(self, organization_id: UUID, upload_id: UUID, offset: int, content: bytes) -> None:
        """Keep a part of an upload; one that is there already is replaced."""
        self._write(f"{self._folder(organization_id, upload_id)}/{offset:010}", lambda file: file.write(content))

    def chunks(self, organization_id: UUID, upload_id: UUID, size: int) -> Iterator[bytes]:
        """The parts of an upload in their order, one in memory at a time. Raises as `beginning` does."""
        offset = 0
        while offset < size:
            with self._reading(organization_id):
                chunk: bytes = self._files.cat_file(f"{self._folder(organization_id, upload_id)}/{offset:010}")
            if not chunk:
                raise FileNotFoundError(offset)
            yield chunk
            offset += len(chunk)

    def drop_chunks(self, organization_id: UUID, upload_id: UUID) -> None:
        """Throw an upload's parts away. Raises StorageAway."""
        try:
            self._files.rm(self._folder(organization_id, upload_id), recursive=True)
        except FileNotFoundError:
            return
        except self._where.away as error:
            raise self._away(error) from None

    def drop_leftovers(self, older_than_s: float) -> int:
        """Throw away what was never written to its end; gives how many. Raises StorageAway."""
        try:
            return self._where.drop_leftovers(older_than_s)
        except self._where.away as error:
            raise self._away(error) from None

    def try_out(self) -> None:
        """Write, read and delete a small file. Raises StorageFull, StorageAway, with the library's words as a cause."""
        place, said = f"{self._root}/.masthead-{secrets.token_hex(8)}", secrets.token_bytes(16)
        try:
            self._where.write(place, lambda file: file.write(said))
        except self._where.away as error:
            raise StorageFull from error
        try:
            with self._where.open(place) as file:
                read = file.read()
            self._files.rm_file(place)
        except self._where.away as error:
            raise StorageAway from error
        if read != said:
            raise StorageAway from ValueError("what was read is not what was written")

    @contextmanager
    def _reading(self, organization_id: UUID) -> Iterator[None]:
        """Tell a file that is missing from a storage that is away."""
        try:
            yield
        except FileNotFoundError:
            self._tell_away(organization_id)
            raise
        except self._where.away as error:
            raise self._away(error) from None

    def _tell_away(self, organization_id: UUID) -> None:
        """Raise StorageAway where it isn't one file that is missing.

        Who has a file has a folder: without it this is another place than the one it was kept in.
        """
        try:
            here = self._files.isdir(f"{self._root}/{organization_id}")
        except self._where.away as error:
            raise self._away(error) from None
        if not here:
            raise self._away(FileNotFoundError(errno.ENOENT, "no folder of this organization"))

    def _away(self, error: Exception) -> StorageAway:
        code = error.errno if isinstance(error, OSError) else None
        extra = {"folder": self._root, "errno": code, "kind": type(error).__name__}
        _log.error("storage_unreadable", extra=extra)
        return StorageAway()

    def _place(self, organization_id: UUID, sha256: str) -> str:
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise ValueError("not a SHA-256 in lower-case hex")
        return f"{self._root}/{organization_id}/{sha256[:2]}/{sha256}"

    def _folder(self, organization_id: UUID, upload_id: UUID) -> str:
        return f"{self._root}/{organization_id}/uploads/{upload_id}"

    def _write(self, place: str, fill: Callable[[Any], object]) -> None:
        """The whole content or nothing. Raises StorageFull."""
        try:
            self._where.write(place, fill)
        except self._where.away as error:
            code = error.errno if isinstance(error, OSError) else None
            _log.error("storage_unwritable", extra={"kind": type(error).__name__, "errno": code})
            raise StorageFull from None


def current() -> Storage:
    """The storage of this installation."""
    return of(installation.settings())


def of(settings: Settings) -> Storage:
    """The storage that these settings name."""
    secret = settings.storage_secret
    access = StoreAccess(
        endpoint=str(settings.storage_endpoint).rstrip("/") if settings.storage_endpoint else None,
        region=settings.storage_region,
        key_id=settings.storage_key_id,
        secret=secret.get_secret_value() if secret is not None else None,
    )
    return _made(settings.storage_url, access)


@cache
def _made(url: str, access: StoreAccess) -> Storage:
    if not url.startswith("s3://"):
        return Storage(LocalFiles(url))
    # Half a second and 30 MB in each program, which only an installation with a store of objects has to pay.
    from core.media.object_store import ObjectStore

    return Storage(ObjectStore(url, access))


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block
