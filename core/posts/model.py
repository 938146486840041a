"""Tables of posts and publications (migrations 0003, 0004, 0008 and 0023 have the rules that Postgres holds)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Enum, FetchedValue, Identity, Uuid
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from core.infra.db import Base
from core.posts.rules import CommentKind, Needs, PublicationState

_moment = TIMESTAMP(timezone=True)
_json = JSONB(none_as_null=True)


def _words(states: type[StrEnum]) -> Enum:
    return Enum(
        states, native_enum=False, create_constraint=False, values_callable=lambda each: [s.value for s in each]
    )


class Post(Base):
    """What somebody wrote. `revision` moves with every save, `submitted_version` with every submit.

    `writers` are the members, besides the author, who changed what it says.
    """

    __tablename__ = "post"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    author_id: Mapped[UUID]
    text: Mapped[str]
    link: Mapped[str | None]
    cover_id: Mapped[UUID | None]
    format: Mapped[str | None]
    options: Mapped[dict[str, Any]] = mapped_column(_json, default=dict)
    comment: Mapped[str] = mapped_column(default="")
    slot_at: Mapped[datetime | None] = mapped_column(_moment)
    revision: Mapped[int] = mapped_column(default=1)
    submitted_version: Mapped[int] = mapped_column(default=0)
    submitted_by: Mapped[UUID | None]
    submitted_at: Mapped[datetime | None] = mapped_column(_moment)
    reviewer_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(_moment, server_default=FetchedValue())
    updated_at: Mapped[datetime] = mapped_column(_moment, server_default=FetchedValue())
    updated_by: Mapped[UUID]
    writers: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), default=list)
    deleted_at: Mapped[datetime | None] = mapped_column(_moment)


class PostVariant(Base):
    """What one account gets instead of the post's own; null, or an option that isn't there, is the post's.

    `own_files`: its files are those of `PostMedia` with its id, none where there are none.
    """

    __tablename__ = "post_variant"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    post_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    text: Mapped[str | None]
    own_files: Mapped[bool] = mapped_column(default=False)
    cover_id: Mapped[UUID | None]
    format: Mapped[str | None]
    options: Mapped[dict[str, Any]] = mapped_column(_json, default=dict)
    comment: Mapped[str | None]


class PostMedia(Base):
    """A file of a post (`account_id` null) or of one account's own list; `place` null: it was taken off."""

    __tablename__ = "post_media"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    post_id: Mapped[UUID]
    account_id: Mapped[UUID | None]
    media_id: Mapped[UUID]
    place: Mapped[int | None]
    alt: Mapped[str] = mapped_column(default="")


class PostVersion(Base):
    """A post as it was submitted; `besides` is everything but text and link (`content.besides_as_json`). Unchanging."""

    __tablename__ = "post_version"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    post_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    link: Mapped[str | None]
    besides: Mapped[dict[str, Any]] = mapped_column(_json)
    submitted_by: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(_moment, server_default=FetchedValue())


class ReviewComment(Base):
    """One line of a review; it stays with its version."""

    __tablename__ = "review_comment"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    post_id: Mapped[UUID]
    version: Mapped[int]
    kind: Mapped[CommentKind] = mapped_column(_words(CommentKind))
    text: Mapped[str]
    author_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(_moment, server_default=FetchedValue())


class Publication(Base):
    """One post going to one account, once.

    The approved columns keep the last approval after an edit, for the redline; it holds while the hashes are equal.
    `removed_at`: a draft whose account is no longer chosen. `deleted_at`: when it was taken away at the network.
    `version` and `updated_at` are moved by a trigger; so is the column `told_by`, which only SQL reads.
    """

    __tablename__ = "publication"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    post_id: Mapped[UUID]
    account_id: Mapped[UUID]
    occurrence: Mapped[int] = mapped_column(default=1)
    intent_key: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(_json)
    payload_sha256: Mapped[bytes]
    approved_payload: Mapped[dict[str, Any] | None] = mapped_column(_json)
    approved_sha256: Mapped[bytes | None]
    approved_at: Mapped[datetime | None] = mapped_column(_moment)
    approved_by: Mapped[UUID | None]
    approved_until: Mapped[datetime | None] = mapped_column(_moment)
    self_approved: Mapped[bool] = mapped_column(default=False)
    due_at: Mapped[datetime | None] = mapped_column(_moment)
    not_after: Mapped[datetime | None] = mapped_column(_moment)
    state: Mapped[PublicationState] = mapped_column(_words(PublicationState), default=PublicationState.DRAFT)
    needs: Mapped[Needs | None] = mapped_column(_words(Needs))
    epoch: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None] = mapped_column(_moment)
    attempt_count: Mapped[int] = mapped_column(default=0)
    next_action_at: Mapped[datetime | None] = mapped_column(_moment)
    provider_post_id: Mapped[str | None]
    proof: Mapped[dict[str, Any] | None] = mapped_column(_json)
    published_at: Mapped[datetime | None] = mapped_column(_moment)
    deleted_at: Mapped[datetime | None] = mapped_column(_moment)
    last_error: Mapped[dict[str, Any] | None] = mapped_column(_json)
    correlation_id: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(server_default=FetchedValue(), server_onupdate=FetchedValue())
    removed_at: Mapped[datetime | None] = mapped_column(_moment)
    created_at: Mapped[datetime] = mapped_column(_moment, server_default=FetchedValue())
    updated_at: Mapped[datetime] = mapped_column(_moment, server_default=FetchedValue(), server_onupdate=FetchedValue())


class Preflight(Base):
    """What the last look ahead found against a publication, as it stood at `version`; empty when nothing."""

    __tablename__ = "preflight"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    publication_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    due_at: Mapped[datetime] = mapped_column(_moment)
    looked_at: Mapped[datetime] = mapped_column(_moment, server_default=FetchedValue())
    findings: Mapped[list[dict[str, Any]]] = mapped_column(_json)


class PublicationEvent(Base):
    """One move of a publication, written by the trigger alone."""

    __tablename__ = "publication_event"

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    publication_id: Mapped[UUID]
    at: Mapped[datetime] = mapped_column(_moment, server_default=FetchedValue())
    from_state: Mapped[PublicationState | None] = mapped_column(_words(PublicationState))
    to_state: Mapped[PublicationState] = mapped_column(_words(PublicationState))
    epoch: Mapped[int]
    actor: Mapped[str]
    correlation_id: Mapped[str]
    why: Mapped[dict[str, Any] | None] = mapped_column(_json)
