"""SMTP: takes every message, or meets it with a fault whose route is `MAIL <recipients>`."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.faults.model import AFTER, Fault, Mode
from sandbox.mail import store

if TYPE_CHECKING:
    from sandbox.world import World

# A name that is told instead of looked up: this machine's may take seconds to find.
HOSTNAME = "sandbox.localhost"
SIZE_LIMIT = 10 * 1024 * 1024
DEFAULT_LATENCY_MS, DEFAULT_SLOW_MS = 1_000, 60_000
TAKEN = "250 2.0.0 Taken"
REFUSED, LATER = (550, "5.7.1 Refused"), (451, "4.3.0 Try again later")
CUT = frozenset({Mode.ERROR_AFTER, Mode.RESET_AFTER, Mode.RESET_BEFORE, Mode.GARBAGE_BODY})


class Handler:
    """What is done with a message once it has come."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd)
        """Keep the message, or do what a fault says."""
        fault, conditions = self.world.faults.take(f"MAIL {','.join(envelope.rcpt_tos)}")
        await asyncio.sleep(conditions.seconds(Mode.LATENCY, DEFAULT_LATENCY_MS))
        if fault is None or fault.mode in AFTER:
            content = envelope.content or b""
            content = content.encode() if isinstance(content, str) else content
            store.take(self.world, envelope.mail_from or "", envelope.rcpt_tos, content)
        if fault is None:
            return TAKEN
        if fault.mode is Mode.SLOW_AFTER:
            await asyncio.sleep(fault.number("ms", DEFAULT_SLOW_MS) / 1000)
            return TAKEN
        if fault.mode in CUT:
            await _cut(server)
        return _refusal(fault)


def _refusal(fault: Fault) -> str:
    """For good with `refuse` and `refused_but_live`, else for now; `status` and `message` say it otherwise."""
    for_good = fault.mode in (Mode.REFUSE, Mode.REFUSED_BUT_LIVE)
    status, message = REFUSED if for_good else LATER
    return f"{int(fault.number('status', status))} {fault.args.get('message', message)}"


async def _cut(server: SMTP) -> None:
    """Close the connection without a word, and wait: aiosmtpd cancels this once it is closed."""
    # A type by contract alone: uvloop's transports are no subclass of it.
    transport = cast("asyncio.WriteTransport | None", server.transport)
    if transport is not None:
        transport.abort()
    await asyncio.Event().wait()


async def serve(world: World, listener: socket.socket) -> asyncio.Server:
    """Take mail on a bound socket, in the loop that owns the world."""
    loop = asyncio.get_running_loop()
    # It writes a line for every command.
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    handler = Handler(world)
    return await loop.create_server(
        lambda: SMTP(handler, data_size_limit=SIZE_LIMIT, enable_SMTPUTF8=True, hostname=HOSTNAME, loop=loop),
        sock=listener,
    )
