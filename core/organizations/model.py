"""Tables of organizations and people, as migrations/versions/0001 makes them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from core.infra.db import Base

_MOMENT = DateTime(timezone=True)
_NOW = text("clock_timestamp()")


class Organization(Base):
    """A tenant."""

    __tablename__ = "organization"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    timezone: Mapped[str]
    self_approval: Mapped[bool] = mapped_column(server_default=text("false"))
    approval_days: Mapped[int] = mapped_column(server_default=text("30"))
    created_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=_NOW)


class Person(Base):
    """Somebody whom a sign-in service knows. A person may be a member of several organizations, or of none."""

    __tablename__ = "person"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer: Mapped[str]
    subject: Mapped[str]
    email: Mapped[str]
    email_verified: Mapped[bool] = mapped_column(server_default=text("false"))
    name: Mapped[str]
    timezone: Mapped[str | None]
    disabled_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    sessions_valid_from: Mapped[datetime] = mapped_column(_MOMENT, server_default=text("'-infinity'"))
    created_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=_NOW)


class ConsoleSession(Base):
    """One sign-in: Streamlit's cookie alone can be neither ended nor limited (CONSOLE 3)."""

    __tablename__ = "console_session"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    key_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    person_id: Mapped[UUID]
    chosen_organization: Mapped[UUID | None]
    signed_in_at: Mapped[datetime] = mapped_column(_MOMENT)
    authenticated_at: Mapped[datetime] = mapped_column(_MOMENT)
    expires_at: Mapped[datetime] = mapped_column(_MOMENT)
    last_seen_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=_NOW)
    revoked_at: Mapped[datetime | None] = mapped_column(_MOMENT)


class Member(Base):
    """A person in an organization, with a role."""

    __tablename__ = "member"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID]
    role: Mapped[str]
    disabled_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    last_seen_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    created_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=_NOW)


class Invitation(Base):
    """A single-use link into an organization, of which only the hash is kept."""

    __tablename__ = "invitation"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    email: Mapped[str]
    role: Mapped[str]
    invited_by: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=_NOW)
    expires_at: Mapped[datetime] = mapped_column(_MOMENT)
    accepted_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    accepted_by: Mapped[UUID | None]
