"""What pages, ingest and higher nouns see of images and uploads. Sizes in bytes and pixels, hashes in hex."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way here. `media_id` once it is an image, `failed_because` in words when it can't become one."""

    id: UUID
    file_name: str
    size: int
    received: int
    media_id: UUID | None = None
    failed_because: str | None = None


@dataclass(frozen=True, slots=True)
class RenditionView:
    """What one network gets. `as_kept`: the very bytes that are kept; `address` shows it for a day."""

    network: str
    sha256: str
    mime: str
    width: int
    height: int
    size: int
    as_kept: bool
    address: str


@dataclass(frozen=True, slots=True)
class MediaView:
    """An image of the organization. `address` shows it for a day, to whoever has the address."""

    id: UUID
    file_name: str
    sha256: str
    mime: str
    width: int
    height: int
    size: int
    address: str
    renditions: tuple[RenditionView, ...]
