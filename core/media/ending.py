"""How an upload ends: as a file of the organization, or refused in words. Inside the caller's transaction."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.audit import commands as audit
from core.infra import db
from core.infra.db import ActsInOrganization
from core.media import model, storage, store
from core.media.making import Kept, Made
from core.media.rules import StorageAway, StorageFull

_log = logging.getLogger(__name__)


def finish(session: Session, actor: ActsInOrganization, upload: model.Upload, made: Made) -> UUID:
    """Make a file of a locked upload; one that is here already, of exactly the same bytes, is that one again."""
    kept = made.kept
    renditions = [{"network": network, **_of_rendition(each)} for network, each in sorted(made.renditions.items())]
    after: dict[str, Any] = {"file_name": upload.file_name, "sha256": kept.sha256.hex(), "upload": upload.id}
    known = store.same_media(session, actor.organization_id, kept.sha256, kept.mime)
    if known is not None:
        store.change_media(session, known, deleted_at=None, packing=kept.packing, **_stand_ins(made))
        store.add_renditions(session, actor.organization_id, known, renditions)
        store.has_become(session, upload.id, known)
        audit.record(session, actor, "media.add_again", "media", known, after=after)
        return known
    values = {
        "organization_id": actor.organization_id,
        "file_name": upload.file_name,
        "uploaded_by": upload.created_by,
        "kind": _kind(kept.mime),
        **_of_file(kept),
        **_stand_ins(made),
    }
    media_id = store.insert_media(session, values, renditions)
    store.has_become(session, upload.id, media_id)
    audit.record(session, actor, "media.add", "media", media_id, after=after)
    return media_id


def fail(session: Session, actor: ActsInOrganization, upload_id: UUID, because: str) -> None:
    """A locked upload can't be posted, and why."""
    store.has_failed(session, upload_id, because)
    audit.record(session, actor, "media.refuse", "upload", upload_id, after={"because": because})


def empty(actor: ActsInOrganization, upload_id: UUID) -> None:
    """Chunks are of no use any more. If this fails, the low queue does it a day later. In a transaction of its own."""
    try:
        storage.current().drop_chunks(actor.organization_id, upload_id)
    except (OSError, StorageAway, StorageFull) as error:
        _log.warning("chunks_left", extra={"upload_id": str(upload_id), "kind": type(error).__name__})
        return
    with db.transaction(actor) as session:
        store.is_empty(session, upload_id)


def _kind(mime: str) -> str:
    family = mime.partition("/")[0]
    return family if family in ("image", "video") else "document"


def _of_rendition(kept: Kept) -> dict[str, Any]:
    return {
        "sha256": kept.sha256,
        "mime": kept.mime,
        "width": kept.width,
        "height": kept.height,
        "size": kept.size,
        "duration_ms": kept.duration_ms,
        "bit_rate": kept.bit_rate,
    }


def _of_file(kept: Kept) -> dict[str, Any]:
    return _of_rendition(kept) | {
        "codec": kept.codec,
        "audio_codec": kept.audio_codec,
        "frame_rate": kept.frame_rate,
        "pages": kept.pages,
        "packing": kept.packing,
    }


def _stand_ins(made: Made) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    if made.thumbnail is not None:
        found |= {"thumbnail_sha256": made.thumbnail.sha256}
    if made.poster is not None:
        found |= {
            "poster_sha256": made.poster.sha256,
            "poster_width": made.poster.width,
            "poster_height": made.poster.height,
            "poster_size": made.poster.size,
        }
    return found
