"""`POST /{app}/uploads`, then `POST` and `GET /upload:…` (meta 4.5)."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from typing import Any, Final

from sandbox import clips
from sandbox.meta import arriving, uploads
from sandbox.meta.arriving import Lost
from sandbox.meta.errors import GraphError, invalid, malformed, missing_object, upload_problem
from sandbox.meta.facts import FILE_TYPES
from sandbox.meta.graph.nodes import PROVIDER
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.tokens import PAGE, USER
from sandbox.meta.uploads import PREFIX, Upload
from sandbox.port import App
from sandbox.seeding import digest, opaque

START_PARAMETERS: Final = frozenset({"file_name", "file_length", "file_type"})


def start(request: GraphRequest, app: App) -> dict[str, Any]:
    """A session for one file."""
    _require(request)
    for name in START_PARAMETERS:
        if not request.text(name):
            raise malformed(f"The parameter {name} is required")
    length = request.parameters["file_length"]
    if not re.fullmatch(r"[1-9][0-9]{0,14}", length):
        raise malformed("Param file_length must be a number of bytes")
    if request.parameters["file_type"] not in FILE_TYPES:
        raise invalid(f"Param file_type must be one of {sorted(FILE_TYPES)}")
    world = request.world
    with world.write():
        name = base64.urlsafe_b64encode(digest(world.seed, f"meta upload {world.count('meta upload')}")).decode()
        upload = Upload(
            id=PREFIX + "MTphdHRhY2" + name.rstrip("="),
            person_id=request.caller.bearer.person_id,
            app_id=app.client_id,
            file_name=request.parameters["file_name"],
            file_size=int(length),
            file_type=request.parameters["file_type"],
            received=0,
            sha256=None,
            handle=None,
            created_at=world.now,
        )
        uploads.add(world, upload)
    return {"id": upload.id}


async def send(request: GraphRequest, upload: Upload) -> dict[str, Any]:
    """A piece, from `file_offset` on; with the last one the file's handle."""
    _own(request, upload)
    world, file = request.world, request.call.file
    offset = request.call.headers.get("file_offset", "")
    if not re.fullmatch(r"[0-9]{1,15}", offset):
        raise malformed("The header file_offset must be a number")
    if int(offset) != upload.received:
        raise upload_problem(f"The offset is {upload.received}")
    came = file.stat().st_size if file else 0
    if upload.received + came > upload.file_size:
        raise malformed(f"There are more bytes than the {upload.file_size} of file_length")
    try:
        if came and file is not None:
            upload = replace(upload, received=arriving.append(world, _place(upload), upload.received, file))
            with world.write():
                uploads.save(world, upload)
        if upload.received < upload.file_size:
            raise upload_problem(f"{upload.received} of {upload.file_size} bytes have been received", transient=True)
        if upload.handle is None:
            upload = await _whole(request, upload)
    except Lost as problem:
        raise upload_problem("The upload has to begin again", 1363041) from problem
    return {"h": upload.handle}


async def _whole(request: GraphRequest, upload: Upload) -> Upload:
    world = request.world
    arrived = await arriving.complete(world, clips.on_the_way(world, _place(upload)))
    name = base64.b64encode(upload.file_name.encode()).decode()
    handle = f"2:{name}:{opaque(world.seed, f'meta handle {upload.id}')}"
    whole = replace(upload, sha256=arrived.sha256, handle=handle)
    with world.write():
        arrived.keep(world)
        uploads.save(world, whole)
    return whole


def offset(request: GraphRequest, upload: Upload) -> dict[str, Any]:
    """How far it is, for one that was interrupted."""
    _own(request, upload)
    return {"id": upload.id, "file_offset": upload.received}


def _place(upload: Upload) -> str:
    return upload.id.removeprefix(PREFIX)


def _own(request: GraphRequest, upload: Upload) -> None:
    _require(request)
    if request.caller.bearer.person_id != upload.person_id:
        raise missing_object(request.method, upload.id)


def _require(request: GraphRequest) -> None:
    """The guide names a user token; whether a Page's is taken too isn't documented."""
    by_pages = request.world.option(PROVIDER, "uploads_by_pages") == "true"
    if request.caller.kind != USER and not (by_pages and request.caller.kind == PAGE):
        raise GraphError(100, "(#100) Uploads need a user access token")
