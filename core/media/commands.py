"""Uploading: start, chunks, finish; and throwing away what was never finished.

The chunks of one upload are one command for the audit trail: its start and its end each write a line.
"""

from __future__ import annotations

from datetime import timedelta
from typing import BinaryIO, Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.orm import Session

from core.audit import commands as audit
from core.infra import clock, db, installation
from core.infra.actor import Actor, ProgramActor
from core.infra.errors import Conflict, Invalid, NotFound, Refused
from core.media import ending, fetching, making, model, preparing, queries, rules, storage, store
from core.media.changing import describe
from core.media.inputs import UploadInput
from core.media.rules import (
    LARGEST_CHUNK,
    LARGEST_FILE,
    MOST_UNFINISHED,
    MOST_UNFINISHED_VIDEOS,
    SMALLEST_CHUNK,
    UPLOAD_LIFETIME,
    UPLOADS_PER_MINUTE,
    BeingPrepared,
    Family,
    NotTaken,
    TooManyUploads,
    WrongOffset,
)
from core.media.views import MediaView, Upload
from core.organizations.rules import Permission, require

__all__ = [
    "add_chunk",
    "describe",
    "drop_overdue_uploads",
    "fetch",
    "finish_upload",
    "start_upload",
    "upload",
    "uploads",
]

_START: Final = "media.start_upload"
_FETCH: Final = "media.fetch"
_NEVER_FINISHED: Final = "It was not finished within a day. Upload it again."
_CROWDED_OUT: Final = "Many uploads were begun here and not finished, and newer ones took its place. Upload it again."


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
        most = MOST_UNFINISHED_VIDEOS * installation.settings().largest_video
        crowded_out = store.crowded_out(session, actor.organization_id, UPLOAD_LIFETIME, MOST_UNFINISHED, most)
        for each in crowded_out:
            ending.fail(session, actor, each, _CROWDED_OUT)
        started = _view(_own(session, actor, upload_id))
    for each in crowded_out:
        ending.empty(actor, each)
    return started


def fetch(actor: Actor, action_id: UUID, *, address: str) -> Upload:
    """Have a worker fetch a file from an address on the web; it is an upload that is being prepared.

    Raises NotAllowed, Invalid for what is no such address, TooManyUploads. What else is wrong the upload says later.
    """
    require(actor, Permission.WRITE)
    try:
        checked = fetching.checked_address(address)
    except NotTaken as refusal:
        raise Invalid([str(refusal)]) from None
    with db.transaction(actor) as session:
        if not audit.first_time(session, actor, action_id, _FETCH):
            return _view(_own(session, actor, UUID(audit.earlier_result(session, actor, action_id)["upload_id"])))
        if store.uploads_lately(session, actor.organization_id, timedelta(minutes=1)) >= UPLOADS_PER_MINUTE:
            raise TooManyUploads
        upload_id = store.insert_upload(
            session,
            actor.organization_id,
            file_name=fetching.name_of(checked),
            size=0,
            created_by=actor.member_id,
            address=checked,
        )
        after = {"host": urlsplit(checked).hostname, "file_name": fetching.name_of(checked)}
        audit.record(session, actor, "media.fetch", "upload", upload_id, after=after)
        audit.remember(session, actor, action_id, {"upload_id": upload_id})
        return _view(_own(session, actor, upload_id))


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
        if offset == 0 and upload.size > LARGEST_FILE:
            _refuse_early(upload.size, chunk)
        # Inside the transaction, for the lock keeps two senders of one upload from writing different bytes here.
        storage.current().put_chunk(actor.organization_id, upload_id, offset, chunk)
        store.has_received(session, upload_id, end)
        return _view(_own(session, actor, upload_id))


def upload(actor: Actor, upload_id: UUID) -> Upload:
    """How far an upload of one's own is. Raises NotAllowed, NotFound."""
    require(actor, Permission.WRITE)
    with db.transaction(actor) as session:
        return _view(_own(session, actor, upload_id))


def uploads(actor: Actor) -> tuple[Upload, ...]:
    """One's own uploads of the last day that aren't a file yet: under way, being prepared or refused; newest first."""
    require(actor, Permission.WRITE)
    with db.transaction(actor) as session:
        return tuple(_view(row) for row in store.open_uploads(session, actor.member_id, UPLOAD_LIFETIME))


def finish_upload(actor: Actor, upload_id: UUID) -> MediaView:
    """Make a file of the organization of what has arrived; asked again, it gives the same one.

    An image is there at once. A video or document is prepared by a worker: raises BeingPrepared until that is done;
    ask again then. Raises NotAllowed, NotFound, WrongOffset while parts are missing, Invalid with the reason when it
    is none that can be taken, Busy when this machine decodes as many as it can.
    """
    require(actor, Permission.WRITE)
    with db.transaction(actor) as session:
        seen = _own(session, actor, upload_id)
        if seen.media_id is not None:
            return queries.view(session, seen.media_id)
        _refuse_ended(seen)
        if seen.queued_at is not None:
            raise BeingPrepared
        if seen.received < seen.size:
            raise WrongOffset(seen.received)
    # No database while a child decodes (ARCHITECTURE 4); what it makes has its own hash for a name.
    refused, made = "", None
    try:
        family = _family(actor, seen)
        if family is not Family.IMAGE:
            _queue(actor, upload_id)
            raise BeingPrepared
        made = making.make(actor.organization_id, storage.current().chunks(actor.organization_id, upload_id, seen.size))
    except FileNotFoundError:
        refused = preparing.GONE
    except NotTaken as refusal:
        refused = str(refusal)
    with db.transaction(actor) as session:
        upload = _own(session, actor, upload_id, lock=True)
        if upload.media_id is None and upload.finished_at is None:
            if made is None:
                ending.fail(session, actor, upload_id, refused)
            else:
                ending.finish(session, actor, upload, made)
    ending.empty(actor, upload_id)
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
        actor = ProgramActor(organization_id, preparing.PROGRAM, f"upload-{upload_id.hex}")
        with db.transaction(actor) as session:
            found = store.upload(session, upload_id, lock=True)
            if found is not None and found.finished_at is None:
                if found.lease_until is not None and found.lease_until > clock.now():
                    continue  # somebody is at it right now
                ending.fail(session, actor, upload_id, _NEVER_FINISHED)
        ending.empty(actor, upload_id)
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
        raise Conflict("This upload is finished; its file is there.")


def _refuse_early(size: int, beginning: bytes) -> None:
    """Tell at the first part what can be told, so that nobody sends a gigabyte for nothing. Raises Invalid."""
    try:
        rules.refuse_larger(rules.family(beginning[:64]), size, installation.settings().largest_video)
    except NotTaken as refusal:
        raise Invalid([str(refusal)]) from None


def _family(actor: Actor, upload: model.Upload) -> Family:
    """What has arrived, by its beginning. Raises NotTaken, FileNotFoundError."""
    found = rules.family(storage.current().beginning(actor.organization_id, upload.id))
    rules.refuse_larger(found, upload.size, installation.settings().largest_video)
    return found


def _queue(actor: Actor, upload_id: UUID) -> None:
    with db.transaction(actor) as session:
        upload = _own(session, actor, upload_id, lock=True)
        if upload.finished_at is None and upload.queued_at is None:
            store.is_queued(session, upload_id)


def _view(row: model.Upload) -> Upload:
    preparing_now = row.queued_at is not None and row.finished_at is None
    return Upload(row.id, row.file_name, row.size, row.received, row.media_id, row.failed_because, preparing_now)
