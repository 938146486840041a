"""The TCP side of a call: the one thing an ASGI application can't normally reach, and resets need it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import MutableMapping
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


def reset(scope: Scope) -> None:
    """Cut the connection with a TCP reset; the client sees ECONNRESET and no byte of an answer."""
    transport: asyncio.Transport = scope[TRANSPORT]
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
    transport.abort()
