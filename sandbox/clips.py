"""The bytes of every video that a network was given: files beside the world, named by their SHA-256, shown by pages.

A file is whole before its row is written, and never changes after that: a kill -9 leaves at most a file without a name.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

if TYPE_CHECKING:
    from sandbox.world import World

TABLES = """
create table clip (sha256 text primary key, content_type text not null, size integer not null) without rowid;
"""


def folder(world: World) -> Path:
    """Where the files lie, those that are still on their way too."""
    place = world.settings.data / "sandbox-videos"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def on_the_way(world: World, upload_id: str) -> Path:
    """The file of an upload that isn't complete."""
    return folder(world) / f"{upload_id}.part"


def new_file(world: World) -> Path:
    """An empty file for what comes in; whoever asks for it takes it away or moves it."""
    handle, name = tempfile.mkstemp(suffix=".body", dir=folder(world))
    os.close(handle)
    return Path(name)


async def settle(world: World, path: Path) -> str:
    """Move a complete file to its place and give its SHA-256; `keep` must follow. The same bytes are kept once."""
    sha256 = await asyncio.to_thread(_digest, path)
    path.replace(folder(world) / sha256)
    return sha256


def keep(world: World, sha256: str, content_type: str) -> None:
    """Know a settled file inside the caller's transaction."""
    size = (folder(world) / sha256).stat().st_size
    world.db.execute("insert or ignore into clip values (?, ?, ?)", (sha256, content_type, size))


def find(world: World, sha256: str) -> tuple[Path, str] | None:
    """File and content type of a video."""
    row = world.db.execute("select content_type from clip where sha256 = ?", (sha256,)).fetchone()
    path = folder(world) / sha256
    return (path, str(row[0])) if row is not None and path.exists() else None


def clip_route(world: World) -> BaseRoute:
    """`/videos/<sha256>`, for the pages of the sandbox itself; browsers ask for parts."""

    async def endpoint(request: Request) -> Any:
        found = find(world, request.path_params["sha256"])
        if found is None:
            return Response("There is no such video.\n", 404, media_type="text/plain")
        return FileResponse(found[0], media_type=found[1], headers={"X-Content-Type-Options": "nosniff"})

    return Route("/videos/{sha256}", endpoint)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
