"""What pages, ingest and higher nouns see of files and uploads. Sizes in bytes and pixels, hashes in hex."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from core.provider_kit.types import MediaKind


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way here. `media_id` once it can be posted, `failed_because` in words when it can't be.

    `preparing`: all of it is here, and a worker looks into it.
    """

    id: UUID
    file_name: str
    size: int
    received: int
    media_id: UUID | None = None
    failed_because: str | None = None
    preparing: bool = False


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
    """A file of the organization. `address` shows it for a day, to whoever has the address.

    `thumbnail` is the address of a small picture of it, None where it has none (a document without pictures);
    `duration_ms`, `codec`, `audio_codec` and `frame_rate` are a video's, `pages` a document's where it is known.
    `prepared` says in words which networks get something else than what is kept.
    """

    id: UUID
    file_name: str
    sha256: str
    mime: str
    width: int
    height: int
    size: int
    address: str
    renditions: tuple[RenditionView, ...]
    kind: MediaKind = "image"
    duration_ms: int = 0
    codec: str = ""
    audio_codec: str = ""
    frame_rate: float = 0.0
    bit_rate: int = 0
    pages: int = 0
    alt: str = ""
    rights: str = ""
    revision: int = 1
    thumbnail: str | None = None
    poster: str | None = None
    deleted: bool = False
    prepared: str = ""
