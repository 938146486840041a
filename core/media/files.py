"""Kept files: their bytes, checked against their hash, and their public addresses, signed and good for a day.

An address names organization, hash, kind and end, and is authenticated with a key of this installation: nothing is
looked up to answer it, nothing can be asked for that was not signed here.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import struct
import threading
import time
from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Final
from uuid import UUID

from core.infra import installation
from core.infra.crypto import keyed_digest, urlsafe
from core.media import storage
from core.media.rules import ADDRESS_LIFETIME, ENDINGS, MIMES, AddressExpired, FileUnknown, StorageAway
from core.media.storage import Stamp
from core.provider_kit.errors import NotSent, Rejected

_PURPOSE: Final = "file-address"
_LAYOUT: Final = struct.Struct(">B16s32sQ")  # kind, organization, SHA-256, end in seconds since 1970
_DIGEST: Final = 32
_TOKEN_LENGTH: Final = -(-(_DIGEST + _LAYOUT.size) * 4 // 3)
_HOUR_S: Final = 3600
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Named:
    """The file that an address names."""

    organization_id: UUID
    sha256: str
    mime: str


def read(organization_id: UUID, sha256_hex: str) -> bytes:
    """A kept file, whole, for a network. Raises Rejected when it is gone or not what it was, NotSent."""
    with for_a_network(organization_id, sha256_hex) as file:
        return file.read()


def address_to_fetch(organization_id: UUID, sha256_hex: str, mime: str) -> str:
    """As `address`, for a network, which would only say that it got nothing. Raises Rejected when it is gone, NotSent.

    A video is a gigabyte, so its bytes aren't read here: ingest compares them before it gives the first.
    Where the operator says that networks reach the store of objects, its own signed address, so that a video goes from
    there to the network and not through ingest; what goes past us is compared before, as `served` does.
    """
    with _told_to_a_network():
        if not installation.settings().storage_signs:
            _stamp(organization_id, sha256_hex)
            return address(organization_id, sha256_hex, mime)
        _compare(organization_id, sha256_hex)
        name = f"{sha256_hex[:12]}.{ENDINGS[mime]}"
        lifetime_s = int(ADDRESS_LIFETIME.total_seconds())
        own = storage.current().signed(organization_id, sha256_hex, mime, name, lifetime_s)
        return own or address(organization_id, sha256_hex, mime)


def for_a_network(organization_id: UUID, sha256_hex: str) -> BinaryIO:
    """As `opened`, in a provider's terms. Raises as `read` does."""
    with _told_to_a_network():
        return opened(organization_id, sha256_hex)


@contextmanager
def _told_to_a_network() -> Iterator[None]:
    try:
        yield
    except FileUnknown:
        raise Rejected(
            "A file of this post is gone from Masthead's storage or was changed there.",
            how_to_fix="Upload it again, then have the post approved again.",
        ) from None
    except StorageAway as away:
        raise NotSent(away.message, how_to_fix="Ask your operator: `masthead doctor` looks at the storage.") from None


def lost(organization_id: UUID, sha256s: Iterable[str]) -> frozenset[str]:
    """Those of these files (SHA-256 in hex) that storage doesn't have; their bytes aren't read.

    Of a storage that is away as a whole nothing is said: it comes back with its files.
    """
    here = storage.current()
    try:
        return frozenset(each for each in sha256s if not here.has(organization_id, each))
    except StorageAway:
        return frozenset()


def opened(organization_id: UUID, sha256_hex: str) -> BinaryIO:
    """A kept file at its beginning, after all of it was compared with its hash. Raises FileUnknown, StorageAway."""
    here = storage.current()
    try:
        file = here.open(organization_id, sha256_hex)
    except (FileNotFoundError, ValueError):
        _log.warning("file_gone", extra={"organization_id": str(organization_id), "sha256": sha256_hex[:64]})
        raise FileUnknown from None
    found = hashlib.sha256()
    try:
        while block := file.read(storage.BLOCK):
            found.update(block)
    except here.away as error:
        file.close()
        _log.error("storage_unreadable", extra={"kind": type(error).__name__, "sha256": sha256_hex})
        raise StorageAway from None
    if found.hexdigest() != sha256_hex:
        file.close()
        _log.error("file_changed", extra={"organization_id": str(organization_id), "sha256": sha256_hex})
        raise FileUnknown
    file.seek(0)
    return file


def served(organization_id: UUID, sha256_hex: str) -> tuple[BinaryIO, int]:
    """As `opened`, with the size in bytes; compared with its hash once, as long as storage says that it is the same.

    A player asks for a video in dozens of parts, and each time reading all of it would take minutes. Raises as it.
    """
    stamp = _compare(organization_id, sha256_hex)
    try:
        return storage.current().open(organization_id, sha256_hex), stamp.size
    except FileNotFoundError:
        raise FileUnknown from None


def _compare(organization_id: UUID, sha256_hex: str) -> Stamp:
    key, stamp = (organization_id, sha256_hex), _stamp(organization_id, sha256_hex)
    if _compared.get(key) != stamp:
        opened(organization_id, sha256_hex).close()
        _compared.put(key, stamp)
    return stamp


def _stamp(organization_id: UUID, sha256_hex: str) -> Stamp:
    try:
        return storage.current().stamp(organization_id, sha256_hex)
    except (FileNotFoundError, ValueError):
        raise FileUnknown from None


class _Compared:
    """What files looked like when they were compared with their hash; the newest thousands."""

    def __init__(self, most: int = 4_096) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._stamps: OrderedDict[tuple[UUID, str], Stamp] = OrderedDict()

    def get(self, key: tuple[UUID, str]) -> Stamp | None:
        with self._lock:
            return self._stamps.get(key)

    def put(self, key: tuple[UUID, str], stamp: Stamp) -> None:
        with self._lock:
            self._stamps[key] = stamp
            self._stamps.move_to_end(key)
            while len(self._stamps) > self._most:
                self._stamps.popitem(last=False)


_compared: Final = _Compared()


def address(organization_id: UUID, sha256_hex: str, mime: str) -> str:
    """Where anybody who has it can fetch the file for the next 24 to 25 hours.

    The end is a full hour, so that a page that is drawn again shows the same address and the browser's copy.
    """
    whole_hours = (int(time.time() + ADDRESS_LIFETIME.total_seconds()) // _HOUR_S + 1) * _HOUR_S
    body = _LAYOUT.pack(MIMES.index(mime), organization_id.bytes, bytes.fromhex(sha256_hex), whole_hours)
    return f"{installation.settings().ingest_url}/files/{urlsafe(keyed_digest(_PURPOSE, body) + body)}"


def named_by(token: str) -> Named:
    """The file an address of ours names. Raises FileUnknown for any other, AddressExpired after its day."""
    data = _decoded(token)
    digest, body = data[:_DIGEST], data[_DIGEST:]
    genuine = hmac.compare_digest(digest, keyed_digest(_PURPOSE, body))
    if not genuine or len(body) != _LAYOUT.size or token != urlsafe(data):
        raise FileUnknown
    kind, organization, sha256, end = _LAYOUT.unpack(body)
    if end < time.time():
        raise AddressExpired
    return Named(UUID(bytes=organization), sha256.hex(), MIMES[kind])


def _decoded(token: str) -> bytes:
    if len(token) != _TOKEN_LENGTH or not token.isascii():
        return b""
    try:
        return urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return b""
