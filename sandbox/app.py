"""The sandbox as one ASGI application: every host a path prefix, the control interface, the public feed, mail."""

from __future__ import annotations

import asyncio
import logging
import socket
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.clips import clip_route
from sandbox.control.routes import control_routes
from sandbox.frame import Frame
from sandbox.guard import Guard
from sandbox.mail import server as mail_server
from sandbox.mail.pages import mail_routes
from sandbox.pictures import picture_route
from sandbox.public_feed import public_feed
from sandbox.world import World

FLUSH_S = 0.5
LOG = logging.getLogger("uvicorn.error")


class Hosts:
    """Leads a call to the host that its path begins with: one look, where a router would try one host after another."""

    def __init__(self, frames: Mapping[str, ASGIApp], others: ASGIApp) -> None:
        self._frames = frames
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what is of no host is the sandbox's own."""
        host, slash, _ = scope.get("path", "")[1:].partition("/")
        app = self._frames.get(host, self._others) if slash else self._others
        await app(scope, receive, send)


def build(world: World, mail_listener: socket.socket) -> ASGIApp:
    """Put the world on the wire; mail comes in at a socket of its own."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        flushing = asyncio.create_task(_flush_for_ever(world))
        mail = await mail_server.serve(world, mail_listener)
        yield
        mail.close()
        flushing.cancel()
        with suppress(asyncio.CancelledError):
            await flushing
        world.close()

    frames = {host: Frame(world, stand_in, host) for stand_in in world.stand_ins for host in stand_in.hosts}
    routes: list[BaseRoute] = [
        Mount("/_sandbox", routes=control_routes(world)),
        *mail_routes(world),
        picture_route(world),
        clip_route(world),
        Route("/", public_feed(world)),
    ]
    return Guard(Hosts(frames, Starlette(routes=routes, lifespan=lifespan)))


async def _flush_for_ever(world: World) -> None:
    while True:
        await asyncio.sleep(FLUSH_S)
        try:
            world.flush()
        except sqlite3.Error:
            # A full disk, say: answering goes on, and the log in memory stays complete.
            LOG.exception("the request log can't be written")
