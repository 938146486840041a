"""Pictures as people have them, and uploads made by the commands that make real ones."""

from __future__ import annotations

import io
import os
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

from PIL import Image

from core.infra import db
from core.infra.actor import Actor
from core.media import commands, preparing, storage, store
from core.media.rules import JPEG, LARGEST_CHUNK, BeingPrepared
from core.media.views import MediaView

HALVES = ((220, 40, 40), (40, 40, 220))


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (800, 500), *, mode: str = "RGB", noise: bool = False, **saving: Any
) -> bytes:
    """An image file: red on the left, blue on the right, or noise, which compresses badly."""
    image = Image.effect_noise(size, 90).convert(mode) if noise else _halves(size).convert(mode)
    written = io.BytesIO()
    image.save(written, kind, **saving)
    return written.getvalue()


def send(
    actor: Actor, content: bytes, *, file_name: str = "autumn.jpg", chunk: int = LARGEST_CHUNK, announced: int = 0
) -> UUID:
    """Everything of an upload but its end; gives its id."""
    upload = commands.start_upload(actor, uuid4(), file_name=file_name, size=announced or len(content))
    for offset in range(0, len(content), chunk):
        commands.add_chunk(actor, upload.id, offset=offset, content=content[offset : offset + chunk])
    return upload.id


def make_media(actor: Actor, content: bytes | None = None, *, file_name: str = "autumn.jpg") -> MediaView:
    """An image of the actor's organization, each time another. Needs `installation.use` with a storage of its own."""
    return commands.finish_upload(actor, send(actor, content or another_picture(), file_name=file_name))


def another_picture() -> bytes:
    """As `picture`, with a stripe that no other one has: the same file sent twice is one file."""
    image = _halves((800, 500))
    image.paste(tuple(os.urandom(3)), (0, 0, 16, 16))
    image.paste(tuple(os.urandom(3)), (16, 0, 32, 16))
    written = io.BytesIO()
    image.save(written, "JPEG")
    return written.getvalue()


def prepare_all(worker: db.Database) -> int:
    """Do what a worker of the queue `media` would until nothing waits, with its database; gives how many it took."""
    web = db.current()
    db.use(worker)
    done = 0
    try:
        while claims := preparing.claim(10, 60):
            for each in claims:
                preparing.prepare(each, lambda: False)
            done += len(claims)
    finally:
        db.use(web)
    return done


def make_prepared(actor: Actor, worker: db.Database, content: bytes, *, file_name: str = "clip.mp4") -> MediaView:
    """A video or document of the actor's organization; needs `committed_database`."""
    upload_id = send(actor, content, file_name=file_name)
    with suppress(BeingPrepared):
        return commands.finish_upload(actor, upload_id)
    prepare_all(worker)
    return commands.finish_upload(actor, upload_id)


def make_kept_image(actor: Actor, *, size: tuple[int, int] = (800, 500)) -> UUID:
    """The row of a JPEG whose file is a few bytes that say nothing, for what only its facts decide.

    Needs `installation.use` with a storage of the test's own.
    """
    kept = storage.current().keep(actor.organization_id, io.BytesIO(os.urandom(16)))
    facts: dict[str, Any] = {
        "sha256": bytes.fromhex(kept),
        "mime": JPEG,
        "width": size[0],
        "height": size[1],
        "size": 90_000,
    }
    with db.transaction(actor) as session:
        about = {"organization_id": actor.organization_id, "uploaded_by": actor.member_id, "file_name": "autumn.jpg"}
        return store.insert_media(session, about | facts, [])


def _halves(size: tuple[int, int]) -> Image.Image:
    image = Image.new("RGB", size, HALVES[0])
    image.paste(HALVES[1], (size[0] // 2, 0, *size))
    return image
