"""All SQL of files and uploads. Takes a session in the organization; never commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or
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


def insert_upload(
    session: Session,
    organization_id: UUID,
    *,
    file_name: str,
    size: int,
    created_by: UUID,
    address: str | None = None,
) -> UUID:
    """A new upload of which nothing has arrived; with an address, one that a worker fetches (its size is 0)."""
    upload_id = new_id()
    session.execute(
        insert(Upload).values(
            organization_id=organization_id,
            id=upload_id,
            file_name=file_name,
            size=size,
            received=0,
            created_by=created_by,
            address=address,
            queued_at=None if address is None else _clock(),
        )
    )
    return upload_id


def crowded_out(
    session: Session, organization_id: UUID, within: timedelta, newest: int, bytes_in_all: int
) -> list[UUID]:
    """The organization's unfinished uploads within a time, but for the `newest` and so many bytes of them.

    Under the lock of `uploads_lately`. What waits for a worker is no longer unfinished.
    """
    before = func.sum(Upload.size, type_=BigInteger).over(
        order_by=(Upload.created_at.desc(), Upload.id.desc()), rows=(None, -1)
    )
    number = func.row_number().over(order_by=(Upload.created_at.desc(), Upload.id.desc()))
    unfinished = (
        select(Upload.id, number.label("number"), before.label("before"))
        .where(
            Upload.organization_id == organization_id,
            Upload.created_at > _clock() - within,
            Upload.finished_at.is_(None),
            Upload.queued_at.is_(None),
        )
        .subquery()
    )
    too_many = unfinished.c.number > newest
    return list(session.scalars(select(unfinished.c.id).where(too_many | (unfinished.c.before > bytes_in_all))))


def upload(session: Session, upload_id: UUID, *, lock: bool = False) -> Upload | None:
    """An upload, as it stands now."""
    query = select(Upload).where(Upload.id == upload_id).execution_options(populate_existing=True)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def open_uploads(session: Session, member_id: UUID, within: timedelta) -> list[Upload]:
    """A member's uploads within a time that are no file of the organization, newest first; at most a page of them."""
    mine = select(Upload).where(
        Upload.organization_id == func.masthead.ctx_organization(),
        Upload.created_at > _clock() - within,
        Upload.created_by == member_id,
        Upload.media_id.is_(None),
    )
    return list(session.scalars(mine.order_by(Upload.created_at.desc(), Upload.id.desc()).limit(20)))


def has_received(session: Session, upload_id: UUID, received: int) -> None:
    """So many bytes of a locked upload lie in storage."""
    _change(session, upload_id, received=received)


def has_become(session: Session, upload_id: UUID, media_id: UUID) -> None:
    """A locked upload is a file of the organization now."""
    _change(session, upload_id, finished_at=_clock(), media_id=media_id)


def is_queued(session: Session, upload_id: UUID) -> None:
    """A locked upload may be prepared by a worker."""
    _change(session, upload_id, queued_at=_clock())


def claim_uploads(session: Session, at_most: int, lease_s: float) -> list[tuple[UUID, UUID, int]]:
    """Organization, id and epoch of uploads that are ours to prepare for so long; outside any organization."""
    found = session.execute(
        text("select organization_id, upload_id, epoch from masthead.claim_uploads(:at_most, :lease)"),
        {"at_most": at_most, "lease": timedelta(seconds=lease_s)},
    )
    return [(row.organization_id, row.upload_id, row.epoch) for row in found]


def extend_lease(session: Session, upload_id: UUID, epoch: int, lease_s: float) -> bool:
    """Hold a claimed upload for so much longer; False when it is somebody else's or finished."""
    held = session.scalars(
        update(Upload)
        .where(Upload.id == upload_id, Upload.epoch == epoch, Upload.finished_at.is_(None))
        .values(lease_until=_clock() + timedelta(seconds=lease_s))
        .returning(Upload.id)
        .execution_options(synchronize_session=False)
    )
    return held.one_or_none() is not None


def give_back(session: Session, upload_id: UUID, epoch: int, after_s: float) -> None:
    """Let a claimed upload go, to be claimed again after so long; that it was tried doesn't count."""
    session.execute(
        update(Upload)
        .where(Upload.id == upload_id, Upload.epoch == epoch, Upload.finished_at.is_(None))
        .values(lease_until=_clock() + timedelta(seconds=after_s), tries=func.greatest(Upload.tries - 1, 0))
        .execution_options(synchronize_session=False)
    )


def has_failed(session: Session, upload_id: UUID, because: str) -> None:
    """A locked upload can't be posted; why, in words."""
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


def old_uploads(session: Session, older_than: timedelta, at_most: int) -> list[tuple[UUID, UUID]]:
    """Organization and id of uploads that ended long ago and hold nothing; outside any organization."""
    found = session.execute(
        text("select organization_id, upload_id from masthead.old_uploads(:older_than, :at_most)"),
        {"older_than": older_than, "at_most": at_most},
    )
    return [(row.organization_id, row.upload_id) for row in found]


def forget_uploads(session: Session, upload_ids: Collection[UUID]) -> int:
    """Throw these rows away; gives how many there were."""
    gone = session.scalars(delete(Upload).where(Upload.id.in_(upload_ids)).returning(Upload.id))
    return len(gone.all())


def insert_media(session: Session, values: dict[str, Any], renditions: Iterable[dict[str, Any]]) -> UUID:
    """A file with what each network gets of it; the values but for the ids."""
    media_id = new_id()
    session.execute(insert(Media).values(id=media_id, **values))
    add_renditions(session, values["organization_id"], media_id, renditions)
    return media_id


def add_renditions(
    session: Session, organization_id: UUID, media_id: UUID, renditions: Iterable[dict[str, Any]]
) -> None:
    """What networks get of a file; where there is something for a network already, that stays."""
    rows = [{"organization_id": organization_id, "media_id": media_id, **each} for each in renditions]
    if rows:
        session.execute(insert_or(Rendition).on_conflict_do_nothing(), rows)


def same_media(session: Session, organization_id: UUID, sha256: bytes, mime: str) -> UUID | None:
    """The organization's file of exactly these bytes; whoever asks of the same bytes waits for this one's end."""
    key = {"key": f"media/{organization_id}/{sha256.hex()}"}
    session.execute(text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), key)
    same = select(Media.id).where(Media.organization_id == organization_id, Media.sha256 == sha256, Media.mime == mime)
    return session.scalars(same.order_by(Media.created_at, Media.id).limit(1)).one_or_none()


def change_media(session: Session, media_id: UUID, **values: Any) -> None:
    """Change what is said of a file; never its bytes."""
    session.execute(
        update(Media).where(Media.id == media_id).values(values).execution_options(synchronize_session=False)
    )


def media(session: Session, media_id: UUID, *, lock: bool = False) -> Media | None:
    """A file, as it stands now."""
    query = select(Media).where(Media.id == media_id).execution_options(populate_existing=True)
    return session.scalars(query.with_for_update() if lock else query).one_or_none()


def several_media(session: Session, media_ids: Collection[UUID]) -> list[Media]:
    """These files, in no order."""
    return list(session.scalars(select(Media).where(Media.id.in_(media_ids))))


def newest_files(session: Session, at_most: int) -> list[bytes]:
    """The hashes of the newest files in the library, newest first."""
    query = select(Media.sha256).where(Media.deleted_at.is_(None)).order_by(Media.id.desc()).limit(at_most)
    return list(session.scalars(query))


def renditions(session: Session, media_id: UUID, networks: Collection[str] | None = None) -> list[Rendition]:
    """What networks get of an image, all of them unless some are named, by name."""
    query = select(Rendition).where(Rendition.media_id == media_id).order_by(Rendition.network)
    return list(session.scalars(query if networks is None else query.where(Rendition.network.in_(networks))))


def renditions_of_several(session: Session, media_ids: Collection[UUID]) -> list[Rendition]:
    """What networks get of these files, by name of the network."""
    query = select(Rendition).where(Rendition.media_id.in_(media_ids)).order_by(Rendition.network)
    return list(session.scalars(query))


def _change(session: Session, upload_id: UUID, **values: Any) -> None:
    session.execute(
        update(Upload).where(Upload.id == upload_id).values(values).execution_options(synchronize_session=False)
    )
