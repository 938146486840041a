"""Uploading: start, chunks, finish; and throwing away what was never finished.

The chunks of one upload are one command for the audit trail: its start and its end each write a line.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any, BinaryIO, Final
from uuid import UUID

from sqlalchemy.orm import Session

from core.audit import commands as audit
from core.infra import db
from core.infra.actor import Actor, ProgramActor
from core.infra.db import ActsInOrganization
from core.infra.errors import Conflict, Invalid, NotFound, Refused
from core.media import making, model, queries, storage, store
from core.media.inputs import UploadInput
from core.media.making import Kept, Made
from core.media.rules import (
    LARGEST_CHUNK,
    MOST_UNFINISHED,
    SMALLEST_CHUNK,
    UPLOAD_LIFETIME,
    UPLOADS_PER_MINUTE,
    NotAnImage,
    TooManyUploads,
    WrongOffset,
)
from core.media.views import MediaView, Upload
from core.organizations.rules import Permission, require

_PROGRAM: Final = "media"
_START: Final = "media.start_upload"
_NEVER_FINISHED: Final = "It was not finished within a day. Upload it again."
_CROWDED_OUT: Final = "Many uploads were begun here and not finished, and newer ones took its place. Upload it again."
_log = logging.getLogger(__name__)


def start_upload(actor: Actor, action_id: UUID, *, file_name: str, size: int) -> Upload:
    """Say that a file of `size` bytes will be sent; chunks follow by `add_chunk`.

    Of what an organization began and never finished, only the newest are kept, so that nobody fills the disk with it.
    Raises NotAllowed, Invalid for an empty or too large file, TooManyUploads.
    """
    require(actor, Permission.WRITE)
    wanted = UploadInput.read(file_name=file_name, size=size)
    with db.transaction(actor) as session:
        if not audit.first_time(session, actor, action_id, _START):
            return _view(_own(session, actor, UUID(audit.earlier_result(session, actor, action_id)["upload_id"])))
        if store.uploads_lately(session, actor.organization_id, timedelta(minutes=1)) >= UPLOADS_PER_MINUTE:
            raise TooManyUploads
        upload_id = store.insert_upload(
            session,
            actor.organization_id,
            file_name=wanted.file_name,
            size=wanted.size,
            created_by=actor.member_id,
        )
        after = {"file_name": wanted.file_name, "size": wanted.size}
        audit.record(session, actor, "media.start", "upload", upload_id, after=after)
        audit.remember(session, actor, action_id, {"upload_id": upload_id})
        crowded_out = store.crowded_out(session, actor.organization_id, UPLOAD_LIFETIME, MOST_UNFINISHED)
        for each in crowded_out:
            _fail(session, actor, each, _CROWDED_OUT)
        started = _view(_own(session, actor, upload_id))
    for each in crowded_out:
        _empty(actor, each)
    return started


def add_chunk(actor: Actor, upload_id: UUID, *, offset: int, content: bytes | BinaryIO) -> Upload:
    """Take the next part of a file, 64 KB to 1 MB unless it is the last. One that has arrived already is let pass.

    Raises NotAllowed, NotFound, Invalid, WrongOffset with the right one, Refused when the upload is over.
    """
    require(actor, Permission.WRITE)
    chunk = content if isinstance(content, bytes) else content.read(LARGEST_CHUNK + 1)
    if not 0 < len(chunk) <= LARGEST_CHUNK:
        raise Invalid([f"A part of a file has 1 to {LARGEST_CHUNK:,} bytes."])
    with db.transaction(actor) as session:
        upload = _own(session, actor, upload_id, lock=True)
        _refuse_ended(upload)
        end = offset + len(chunk)
        if 0 <= offset < end <= upload.received:
            return _view(upload)
        if offset != upload.received:
            raise WrongOffset(upload.received)
        if end > upload.size:
            raise Invalid([f"This is more than the {upload.size:,} bytes that were announced. Start again."])
        if end < upload.size and len(chunk) < SMALLEST_CHUNK:
            raise Invalid([f"Every part but the last has at least {SMALLEST_CHUNK:,} bytes."])
        # Inside the transaction, for the lock keeps two senders of one upload from writing different bytes here.
        storage.current().put_chunk(actor.organization_id, upload_id, offset, chunk)
        store.has_received(session, upload_id, end)
        return _view(_own(session, actor, upload_id))


def upload(actor: Actor, upload_id: UUID) -> Upload:
    """How far an upload of one's own is. Raises NotAllowed, NotFound."""
    require(actor, Permission.WRITE)
    with db.transaction(actor) as session:
        return _view(_own(session, actor, upload_id))


def finish_upload(actor: Actor, upload_id: UUID) -> MediaView:
    """Make an image of what has arrived; asked again, it gives the same one.

    Raises NotAllowed, NotFound, Conflict while parts are missing, Invalid with the reason when it is no image that can
    be taken, Busy when this machine decodes as many as it can.
    """
    require(actor, Permission.WRITE)
    with db.transaction(actor) as session:
        seen = _own(session, actor, upload_id)
        if seen.media_id is not None:
            return queries.view(session, seen.media_id)
        _refuse_ended(seen)
        if seen.received < seen.size:
            raise WrongOffset(seen.received)
    # No database while a child decodes (ARCHITECTURE 4); what it makes has its own hash for a name.
    try:
        made = making.make(actor.organization_id, storage.current().chunks(actor.organization_id, upload_id, seen.size))
    except FileNotFoundError:
        refused, made = "Parts of it are gone from storage. Upload it again.", None
    except NotAnImage as refusal:
        refused, made = str(refusal), None
    with db.transaction(actor) as session:
        upload = _own(session, actor, upload_id, lock=True)
        if upload.media_id is None and upload.finished_at is None:
            if made is None:
                _fail(session, actor, upload_id, refused)
            else:
                _finish(session, actor, upload, made)
    _empty(actor, upload_id)
    with db.transaction(actor) as session:
        upload = _own(session, actor, upload_id)
        if upload.media_id is None:
            raise Invalid([upload.failed_because or _NEVER_FINISHED])
        return queries.view(session, upload.media_id)


def drop_overdue_uploads(at_most: int = 50) -> int:
    """Throw away the chunks of uploads that are a day old, whatever became of them; returns how many.

    For the low queue, with the worker's database; any number may run at once.
    """
    with db.free_transaction() as session:
        overdue = store.overdue_uploads(session, UPLOAD_LIFETIME, at_most)
    for organization_id, upload_id in overdue:
        actor = ProgramActor(organization_id, _PROGRAM, f"upload-{upload_id.hex}")
        with db.transaction(actor) as session:
            found = store.upload(session, upload_id, lock=True)
            if found is not None and found.finished_at is None:
                _fail(session, actor, upload_id, _NEVER_FINISHED)
        _empty(actor, upload_id)
    return len(overdue)


def _own(session: Session, actor: Actor, upload_id: UUID, *, lock: bool = False) -> model.Upload:
    found = store.upload(session, upload_id, lock=lock)
    if found is None or found.created_by != actor.member_id:
        raise NotFound("There is no such upload of yours. Choose the file again.")
    return found


def _refuse_ended(upload: model.Upload) -> None:
    if upload.failed_because is not None:
        raise Refused(f"This upload is over. {upload.failed_because}")
    if upload.media_id is not None:
        raise Conflict("This upload is finished; its image is there.")


def _finish(session: Session, actor: Actor, upload: model.Upload, made: Made) -> None:
    values = {
        "organization_id": actor.organization_id,
        "file_name": upload.file_name,
        "uploaded_by": actor.member_id,
        **_columns(made.kept),
    }
    renditions = [{"network": network, **_columns(kept)} for network, kept in sorted(made.renditions.items())]
    media_id = store.insert_media(session, values, renditions)
    store.has_become(session, upload.id, media_id)
    after = {"file_name": upload.file_name, "sha256": made.kept.sha256.hex(), "upload": upload.id}
    audit.record(session, actor, "media.add", "media", media_id, after=after)


def _fail(session: Session, actor: ActsInOrganization, upload_id: UUID, because: str) -> None:
    store.has_failed(session, upload_id, because)
    audit.record(session, actor, "media.refuse", "upload", upload_id, after={"because": because})


def _empty(actor: ActsInOrganization, upload_id: UUID) -> None:
    """Chunks are of no use any more. If this fails, the low queue does it a day later."""
    try:
        storage.current().drop_chunks(actor.organization_id, upload_id)
    except OSError as error:
        _log.warning("chunks_left", extra={"upload_id": str(upload_id), "kind": type(error).__name__})
        return
    with db.transaction(actor) as session:
        store.is_empty(session, upload_id)


def _columns(kept: Kept) -> dict[str, Any]:
    return {
        "sha256": kept.sha256,
        "mime": kept.mime,
        "width": kept.width,
        "height": kept.height,
        "size": kept.size,
    }


def _view(row: model.Upload) -> Upload:
    return Upload(row.id, row.file_name, row.size, row.received, row.media_id, row.failed_because)
