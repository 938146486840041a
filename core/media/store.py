"""All SQL of images and uploads. Takes a session in the organization; never commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.orm import Session

from core.infra.ids import new_id
from core.media.model import Media, Rendition, Upload

_clock = func.clock_timestamp


def uploads_lately(session: Session, organization_id: UUID, within: timedelta) -> int:
    """How many uploads the organization started within a time; later starts wait for this transaction's end."""
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"upload/{organization_id}"}
    )
    counted = session.execute(
        select(func.count())
        .select_from(Upload)
        .where(Upload.organization_id == organization_id, Upload.created_at > _clock() - within)
    )
    return int(counted.scalar_one())


def insert_upload(session: Session, organization_id: UUID, *, file_name: str, size: int, created_by: UUID) -> UUID:
    """A new upload of which nothing has arrived."""
    upload_id = new_id()
    session.execute(
        insert(Upload).values(
            organization_id=organization_id,
            id=upload_id,
            file_name=file_name,
            size=size,
            received=0,
            created_by=created_by,
        )
    )
    return upload_id


def crowded_out(session: Session, organization_id: UUID, within: timedelta, newest: int) -> list[UUID]:
    """The organization's unfinished uploads within a time, but for the `newest`, under the lock of `uploads_lately`."""
    unfinished = (
        select(Upload.id)
        .where(
            Upload.organization_id == organization_id,
            Upload.created_at > _clock() - within,
            Upload.finished_at.is_(None),
        )
        .order_by(Upload.created_at.desc(), Upload.id.desc())
    )
    return list(session.scalars(unfinished.offset(newest)))


def upload(session: Session, upload_id: UUID, *, lock: bool = False) -> Upload | None:
    """An upload, as it stands now."""
    query = select(Upload).where(Upload.id == upload_id).execution_options(populate_existing=True)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def has_received(session: Session, upload_id: UUID, received: int) -> None:
    """So many bytes of a locked upload lie in storage."""
    _change(session, upload_id, received=received)


def has_become(session: Session, upload_id: UUID, media_id: UUID) -> None:
    """A locked upload is an image now."""
    _change(session, upload_id, finished_at=_clock(), media_id=media_id)


def has_failed(session: Session, upload_id: UUID, because: str) -> None:
    """A locked upload can't become an image; why, in words."""
    _change(session, upload_id, finished_at=_clock(), failed_because=because)


def is_empty(session: Session, upload_id: UUID) -> None:
    """The chunks of an upload are gone from storage."""
    _change(session, upload_id, emptied_at=_clock())


def overdue_uploads(session: Session, older_than: timedelta, at_most: int) -> list[tuple[UUID, UUID]]:
    """Organization and id of uploads whose chunks should be gone; outside any organization."""
    found = session.execute(
        text("select organization_id, upload_id from masthead.overdue_uploads(:older_than, :at_most)"),
        {"older_than": older_than, "at_most": at_most},
    )
    return [(row.organization_id, row.upload_id) for row in found]


def insert_media(session: Session, values: dict[str, Any], renditions: Iterable[dict[str, Any]]) -> UUID:
    """An image with what each network gets of it; the values but for the ids."""
    media_id = new_id()
    session.execute(insert(Media).values(id=media_id, **values))
    rows = [{"organization_id": values["organization_id"], "media_id": media_id, **each} for each in renditions]
    if rows:
        session.execute(insert(Rendition), rows)
    return media_id


def media(session: Session, media_id: UUID) -> Media | None:
    """An image."""
    return session.scalars(select(Media).where(Media.id == media_id)).one_or_none()


def renditions(session: Session, media_id: UUID, networks: Collection[str] | None = None) -> list[Rendition]:
    """What networks get of an image, all of them unless some are named, by name."""
    query = select(Rendition).where(Rendition.media_id == media_id).order_by(Rendition.network)
    return list(session.scalars(query if networks is None else query.where(Rendition.network.in_(networks))))


def _change(session: Session, upload_id: UUID, **values: Any) -> None:
    session.execute(
        update(Upload).where(Upload.id == upload_id).values(values).execution_options(synchronize_session=False)
    )
