"""Tables of notices, of what people want mailed, and of mail on its way (migration 0011 has the rules)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from core.infra.db import Base

_moment = TIMESTAMP(timezone=True)


class NoticeMark(Base):
    """Up to where an organization's news have become notices."""

    __tablename__ = "notice_mark"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    read_until: Mapped[datetime] = mapped_column(_moment)


class Notice(Base):
    """One thing that one member is told. `data` holds the names and words as they were when it happened."""

    __tablename__ = "notice"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID]
    kind: Mapped[str]
    cause: Mapped[str]
    dedupe_key: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    delivery: Mapped[str]
    mail_id: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(_moment)
    seen_at: Mapped[datetime | None] = mapped_column(_moment)


class NoticePreference(Base):
    """What a member chose for one kind; without a row the kind's own default holds."""

    __tablename__ = "notice_preference"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    delivery: Mapped[str]


class Mail(Base):
    """One mail to one member. `digest_on`: the day it sums up, in the member's own zone; None for one sent at once."""

    __tablename__ = "mail"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID]
    digest_on: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str]
    tries: Mapped[int]
    next_try_at: Mapped[datetime] = mapped_column(_moment)
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(_moment)
    closed_at: Mapped[datetime | None] = mapped_column(_moment)
