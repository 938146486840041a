"""Tables of files, their renditions and uploads under way (migrations 0007 and 0020 have the rules)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from core.infra.db import Base
from core.provider_kit.types import Packing

_moment = TIMESTAMP(timezone=True)


class Media(Base):
    """A file as it is kept, its bytes never changed: an image decoded, without metadata, upright, in sRGB.

    `poster` stands for a video, `thumbnail` for any file in lists. `revision` moves when what people say of it changes.
    `packing` is a video's, empty for one from before it was looked at (`provider_kit.types.Packing`).
    """

    __tablename__ = "media"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    file_name: Mapped[str]
    sha256: Mapped[bytes]
    mime: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int]
    uploaded_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(_moment)
    kind: Mapped[str] = mapped_column(default="image")
    duration_ms: Mapped[int] = mapped_column(default=0)
    codec: Mapped[str] = mapped_column(default="")
    audio_codec: Mapped[str] = mapped_column(default="")
    frame_rate: Mapped[float] = mapped_column(default=0.0)
    bit_rate: Mapped[int] = mapped_column(default=0)
    pages: Mapped[int] = mapped_column(default=0)
    packing: Mapped[Packing] = mapped_column(Text, default="")
    poster_sha256: Mapped[bytes | None]
    poster_width: Mapped[int] = mapped_column(default=0)
    poster_height: Mapped[int] = mapped_column(default=0)
    poster_size: Mapped[int] = mapped_column(default=0)
    thumbnail_sha256: Mapped[bytes | None]
    alt: Mapped[str] = mapped_column(default="")
    rights: Mapped[str] = mapped_column(default="")
    revision: Mapped[int] = mapped_column(default=1)
    deleted_at: Mapped[datetime | None] = mapped_column(_moment)


class Rendition(Base):
    """What one network gets, made at upload: of an image, often the very bytes that are kept, or of a video.

    A video has one only where it is kept with an edit list and the network takes none: the same pictures and sound.
    """

    __tablename__ = "rendition"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    media_id: Mapped[UUID] = mapped_column(primary_key=True)
    network: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[bytes]
    mime: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int]
    duration_ms: Mapped[int] = mapped_column(default=0)
    bit_rate: Mapped[int] = mapped_column(default=0)


class Upload(Base):
    """A file on its way here, chunk by chunk or from an `address`. `emptied_at`: when its chunks were thrown away.

    `queued_at`: it waits for a worker, who holds it until `lease_until` and is fenced by `epoch`.
    """

    __tablename__ = "upload"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    file_name: Mapped[str]
    size: Mapped[int]
    received: Mapped[int]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(_moment)
    finished_at: Mapped[datetime | None] = mapped_column(_moment)
    media_id: Mapped[UUID | None]
    failed_because: Mapped[str | None]
    emptied_at: Mapped[datetime | None] = mapped_column(_moment)
    address: Mapped[str | None]
    queued_at: Mapped[datetime | None] = mapped_column(_moment)
    epoch: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(_moment)
