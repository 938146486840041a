"""The bytes of every picture that a network was given, kept by their SHA-256, and where pages show them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

if TYPE_CHECKING:
    from sandbox.world import World

TABLES = """
create table picture (sha256 text primary key, content_type text not null, content blob not null) without rowid;
"""


def keep(world: World, content: bytes, content_type: str) -> str:
    """Keep a picture inside the caller's transaction and return its SHA-256; the same bytes are kept once."""
    sha256 = hashlib.sha256(content).hexdigest()
    world.db.execute("insert or ignore into picture values (?, ?, ?)", (sha256, content_type, content))
    return sha256


def find(world: World, sha256: str) -> tuple[bytes, str] | None:
    """Content and content type of a picture."""
    row = world.db.execute("select content, content_type from picture where sha256 = ?", (sha256,)).fetchone()
    return (bytes(row[0]), str(row[1])) if row is not None else None


def picture_route(world: World) -> BaseRoute:
    """`/pictures/<sha256>`, for the pages of the sandbox itself."""

    async def endpoint(request: Request) -> Any:
        found = find(world, request.path_params["sha256"])
        if found is None:
            return Response("There is no such picture.\n", 404, media_type="text/plain")
        # The type was told by the content when it was taken; a browser must not guess another.
        return Response(found[0], media_type=found[1], headers={"X-Content-Type-Options": "nosniff"})

    return Route("/pictures/{sha256}", endpoint)
