"""The TCP side of a call: the one thing an ASGI application can't normally reach, and resets need it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import cast

from starlette.types import Scope
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

TRANSPORT = "sandbox.transport"
# l_onoff=1, l_linger=0: close() sends RST instead of FIN, which is what a crashed proxy looks like to a client.
LINGER_NONE = struct.pack("ii", 1, 0)


class ResettableProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which also hands its transport to the application."""

    @override
    def on_message_begin(self) -> None:
        """Put the transport into the scope of the request that begins."""
        super().on_message_begin()
        scope = cast("MutableMapping[str, object]", self.scope)
        scope[TRANSPORT] = self.transport


@contextmanager
def in_one_packet(scope: Scope) -> Iterator[None]:
    """Let head and body of an answer leave together: each packet wakes the client, which costs most of a write."""
    _cork(scope, on=True)
    try:
        yield
    finally:
        _cork(scope, on=False)


def _cork(scope: Scope, *, on: bool) -> None:
    """Hold back what is written, or let it go; a connection that closes lets it go by itself."""
    transport: asyncio.Transport = scope[TRANSPORT]
    if not transport.is_closing():
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, on)


def reset(scope: Scope) -> None:
    """Cut the connection with a TCP reset; the client sees ECONNRESET and no byte of an answer."""
    transport: asyncio.Transport = scope[TRANSPORT]
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
    transport.abort()
