"""The sandbox as one ASGI application: every host a path prefix, the control interface, the public feed, mail."""

from __future__ import annotations

import asyncio
import logging
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route

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


def build(world: World, mail_listener: socket.socket) -> Starlette:
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

    hosts: list[BaseRoute] = [
        Mount(f"/{host}", app=Frame(world, stand_in, host)) for stand_in in world.stand_ins for host in stand_in.hosts
    ]
    routes = [
        *hosts,
        Mount("/_sandbox", routes=control_routes(world)),
        *mail_routes(world),
        picture_route(world),
        clip_route(world),
        Route("/", public_feed(world)),
    ]
    return Starlette(routes=routes, middleware=[Middleware(Guard)], lifespan=lifespan)


async def _flush_for_ever(world: World) -> None:
    while True:
        await asyncio.sleep(FLUSH_S)
        try:
            world.flush()
        except sqlite3.Error:
            # A full disk, say: answering goes on, and the log in memory stays complete.
            LOG.exception("the request log can't be written")
