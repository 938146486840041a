"""Tables of connections, accounts, credentials and consents under way (migration 0002 has the rules)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Computed, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from core.infra.db import Base

_moment = TIMESTAMP(timezone=True)


class Connection(Base):
    """One grant of one person at a network. `give_back_at`: when to try next to revoke it there; null when done.

    `consent_ends_at`: when the person must consent anew, however often its token is renewed; null where nobody said.
    """

    __tablename__ = "connection"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    provider: Mapped[str]
    provider_user_id: Mapped[str]
    name: Mapped[str]
    state: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    declined: Mapped[list[str]] = mapped_column(ARRAY(Text))
    connected_by: Mapped[UUID]
    choose_until: Mapped[datetime | None] = mapped_column(_moment)
    give_back_at: Mapped[datetime | None] = mapped_column(_moment)
    expires_at: Mapped[datetime | None] = mapped_column(_moment)
    data_access_expires_at: Mapped[datetime | None] = mapped_column(_moment)
    consented_at: Mapped[datetime] = mapped_column(_moment)
    consent_ends_at: Mapped[datetime | None] = mapped_column(_moment)
    last_error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(_moment)
    updated_at: Mapped[datetime] = mapped_column(_moment)


class Account(Base):
    """Where publications go: a Page and its like. Its row outlives disconnecting, so that history keeps its account.

    `heals`: a look at its grant holds it, not a refused call, and may let it go again.
    """

    __tablename__ = "account"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    connection_id: Mapped[UUID]
    provider: Mapped[str]
    network: Mapped[str]
    provider_account_id: Mapped[str]
    name: Mapped[str]
    url: Mapped[str | None]
    picture_url: Mapped[str | None]
    state: Mapped[str]
    state_reason: Mapped[str | None]
    heals: Mapped[bool]
    window_s: Mapped[int]
    next_send_at: Mapped[datetime | None] = mapped_column(_moment)
    usage: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(_moment)
    updated_at: Mapped[datetime] = mapped_column(_moment)


class Credential(Base):
    """A sealed token (`core.infra.crypto`) of a connection or of one account; a revoked one is emptied."""

    __tablename__ = "credential"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    connection_id: Mapped[UUID]
    account_id: Mapped[UUID | None]
    purpose: Mapped[str]
    state: Mapped[str]
    key_id: Mapped[str]
    wrapped_key: Mapped[bytes]
    nonce: Mapped[bytes]
    ciphertext: Mapped[bytes]
    expires_at: Mapped[datetime | None] = mapped_column(_moment)
    last_used_at: Mapped[datetime | None] = mapped_column(_moment)
    created_at: Mapped[datetime] = mapped_column(_moment)


class Consent(Base):
    """One visit to a network's consent page, from the press of the button to its callback; used once."""

    __tablename__ = "consent"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    state_sha256: Mapped[bytes]
    intent_sha256: Mapped[bytes]
    session_id: Mapped[UUID]
    person_id: Mapped[UUID]
    member_id: Mapped[UUID]
    provider: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    redirect_uri: Mapped[str]
    code_challenge: Mapped[str | None]
    connection_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(_moment)
    expires_at: Mapped[datetime] = mapped_column(_moment)
    used_at: Mapped[datetime | None] = mapped_column(_moment)
    outcome: Mapped[str | None]


class TokenCare(Base):
    """When a grant in use is looked at and renewed next, and what came of it; `due_at` is the earlier of both.

    `renewal_began_at`: set while nobody knows what became of a call that renews it.
    """

    __tablename__ = "token_care"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    connection_id: Mapped[UUID] = mapped_column(primary_key=True)
    next_check_at: Mapped[datetime | None] = mapped_column(_moment)
    next_renewal_at: Mapped[datetime | None] = mapped_column(_moment)
    due_at: Mapped[datetime | None] = mapped_column(_moment, Computed("least(next_check_at, next_renewal_at)"))
    lease_until: Mapped[datetime | None] = mapped_column(_moment)
    epoch: Mapped[int]
    checked_at: Mapped[datetime | None] = mapped_column(_moment)
    check_failures: Mapped[int]
    check_error: Mapped[str | None]
    reached_at: Mapped[datetime | None] = mapped_column(_moment)
    renewed_at: Mapped[datetime | None] = mapped_column(_moment)
    renewal_began_at: Mapped[datetime | None] = mapped_column(_moment)
    renewal_failures: Mapped[int]
    renewal_error: Mapped[str | None]
    renewal_refused_at: Mapped[datetime | None] = mapped_column(_moment)
