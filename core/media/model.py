"""Tables of images, their renditions and uploads under way (migration 0007 has the rules)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from core.infra.db import Base

_moment = TIMESTAMP(timezone=True)


class Media(Base):
    """An image as it is kept: decoded, without metadata, upright, in sRGB. Never changed."""

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


class Rendition(Base):
    """What one network gets of an image, made at upload; often the very bytes that are kept."""

    __tablename__ = "rendition"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    media_id: Mapped[UUID] = mapped_column(primary_key=True)
    network: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[bytes]
    mime: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int]


class Upload(Base):
    """A file on its way here, chunk by chunk. `emptied_at`: when its chunks were thrown away."""

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
