"""Tables of sending: attempts, steps, reads, links, heartbeats (migrations 0001, 0004 and 0010 have the rules).

`publication` and `publication_event` belong to `core.posts.model`: the row is written by people before it is sent.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import FetchedValue, Identity, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from core.infra.db import Base

_moment = TIMESTAMP(timezone=True)
_json = JSONB(none_as_null=True)


class Attempt(Base):
    """One try at the network, committed before the call. `open` and `unknown` are unresolved: at most one of those."""

    __tablename__ = "attempt"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    publication_id: Mapped[UUID]
    step: Mapped[str]
    epoch: Mapped[int]
    state: Mapped[str] = mapped_column(server_default=FetchedValue())
    request_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    provider_ref: Mapped[str | None]
    http_status: Mapped[int | None]
    provider_code: Mapped[str | None]
    provider_trace_id: Mapped[str | None]
    message: Mapped[str | None]
    correlation_id: Mapped[str]
    opened_at: Mapped[datetime] = mapped_column(_moment, server_default=FetchedValue())
    send_deadline: Mapped[datetime] = mapped_column(_moment)
    closed_at: Mapped[datetime | None] = mapped_column(_moment)
    verdict_by: Mapped[str | None]


class PublicationStep(Base):
    """What one invisible step made at the network, kept until it is used up or dropped with a reason."""

    __tablename__ = "publication_step"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    publication_id: Mapped[UUID]
    payload_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    name: Mapped[str]
    reference: Mapped[str]
    epoch: Mapped[int]
    correlation_id: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(_moment, server_default=FetchedValue())
    expires_at: Mapped[datetime | None] = mapped_column(_moment)
    dropped_at: Mapped[datetime | None] = mapped_column(_moment)
    dropped_because: Mapped[str | None]


class ReconcileRead(Base):
    """One look at the account's posts, kept for good as evidence; a read that failed is kept too."""

    __tablename__ = "reconcile_read"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    publication_id: Mapped[UUID]
    attempt_id: Mapped[int]
    at: Mapped[datetime] = mapped_column(_moment, server_default=FetchedValue())
    complete: Mapped[bool]
    matches: Mapped[int]
    evidence: Mapped[dict[str, Any]] = mapped_column(_json)


class LinkState(StrEnum):
    """Whether the public address of a live post is known."""

    PENDING = "pending"
    FOUND = "found"
    MISSING = "missing"


class PublicationLink(Base):
    """The public address of a live post: a row of its own, so that no trouble with it can touch the publication."""

    __tablename__ = "publication_link"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    publication_id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(server_default=FetchedValue())
    url: Mapped[str | None]
    tries: Mapped[int] = mapped_column(server_default=FetchedValue())
    next_try_at: Mapped[datetime] = mapped_column(_moment, server_default=FetchedValue())
    updated_at: Mapped[datetime] = mapped_column(_moment, server_default=FetchedValue())


class TickerHeartbeat(Base):
    """When a ticker last looked. It belongs to no organization."""

    __tablename__ = "ticker_heartbeat"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(_moment, server_default=FetchedValue())
