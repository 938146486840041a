"""What happens around every call to a stand-in: read it, meet faults, answer, log. Knows no provider."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from pathlib import Path

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from sandbox import clips, connection
from sandbox.answers import Answer, Kind
from sandbox.call import Call
from sandbox.faults.model import AFTER, Fault, Mode
from sandbox.port import StandIn
from sandbox.world import World

BODY_LIMIT = 16 * 1024 * 1024
FILE_LIMIT = 2 * 1024 * 1024 * 1024  # for a body that goes to disk
DEFAULT_LATENCY_MS = 1_000
DEFAULT_SLOW_MS = 60_000
GARBAGE = "<html><head><title>Service Unavailable</title></head><body>Service Unavailable</body></html>"
RESETS = frozenset({Mode.RESET_BEFORE, Mode.RESET_AFTER})


class Frame:
    """The ASGI application of one host of one stand-in."""

    def __init__(self, world: World, stand_in: StandIn, host: str) -> None:
        self.world = world
        self.stand_in = stand_in
        self.host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if self.stand_in.takes_file(scope["method"], self.host, scope["path"][len(self.host) + 1 :]):
            await self._serve_file(scope, receive, send)
            return
        try:
            body = await _read(receive)
        except ClientDisconnect:
            # A call that didn't come in whole was never made, and there is nobody to answer.
            return
        if body is None:
            await self._send(scope, send, Answer(413, b"", "text/plain"))
            return
        await self._serve(self._call(scope, body), scope, receive, send)

    async def _serve_file(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The same, where the body is a file; one that is cut off on its way is taken as far as it came."""
        file = clips.new_file(self.world)
        try:
            if not await _write(receive, file):
                await self._send(scope, send, Answer(413, b"", "text/plain"))
                return
            call = self._call(scope, b"")
            call.file = file
            await self._serve(call, scope, receive, send)
        finally:
            file.unlink(missing_ok=True)

    async def _serve(self, call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        fault, call.conditions = self.world.faults.take(call.line, call.carries)
        if latency := call.conditions.seconds(Mode.LATENCY, DEFAULT_LATENCY_MS):
            await asyncio.sleep(latency)
        answer = await self._answer(call, fault)
        resets = fault is not None and fault.mode in RESETS
        status = 0 if resets else answer.status
        self.world.requests.add(call, status, answer.kind, fault.mode if fault else None)
        if resets:
            await _cut(scope, receive)
            return
        if fault and fault.mode is Mode.SLOW_AFTER:
            await asyncio.sleep(fault.number("ms", DEFAULT_SLOW_MS) / 1000)
        await self._send(scope, send, answer, head=call.method == "HEAD")

    async def _send(self, scope: Scope, send: Send, answer: Answer, head: bool = False) -> None:
        """With the time of this world, as every server says its own."""
        headers = [
            (b"content-type", answer.content_type.encode("latin-1")),
            (b"content-length", str(len(answer.body)).encode()),
            (b"date", formatdate(self.world.now, usegmt=True).encode()),
            *((name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in answer.headers),
        ]
        with connection.in_one_packet(scope):
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if head else answer.body})

    def _call(self, scope: Scope, body: bytes) -> Call:
        path = scope["path"]
        return Call(
            number=self.world.requests.arrive(),
            at=self.world.now,
            method=scope["method"],
            path=path,
            host=self.host,
            rest=path[len(self.host) + 1 :],
            raw_rest=scope["raw_path"].decode("latin-1")[len(self.host) + 1 :],
            query_string=scope["query_string"],
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            body=body,
        )

    async def _answer(self, call: Call, fault: Fault | None) -> Answer:
        """The stand-in's own answer, or the fault's; a fault of AFTER lets the work be done first."""
        if fault is None:
            return await self.stand_in.answer(self.world, call)
        done = await self.stand_in.answer(self.world, call) if fault.mode in AFTER else None
        if fault.mode is Mode.SLOW_AFTER and done is not None:
            return done
        spoiled = self._spoiled(call, fault)
        spoiled.kind = Kind.FAULT
        return spoiled

    def _spoiled(self, call: Call, fault: Fault) -> Answer:
        if fault.mode in RESETS:
            return Answer(0, b"", "")
        if fault.mode is Mode.GARBAGE_BODY:
            body = str(fault.args.get("body", GARBAGE)).encode()
            return Answer(int(fault.number("status", 200)), body, "text/html")
        return self.stand_in.spoil[fault.mode](self.world, call, fault)


async def _read(receive: Receive) -> bytes | None:
    """The whole body, or None when it is larger than anything a network would take here."""
    parts: list[bytes] = []
    size, more = 0, True
    while more and size <= BODY_LIMIT:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
    return b"".join(parts) if size <= BODY_LIMIT else None


async def _write(receive: Receive, file: Path) -> bool:
    """The body into a file as it comes; False when it is larger than anything a network would take here."""
    size, more = 0, True
    with file.open("wb") as open_file:
        while more and size <= FILE_LIMIT:
            message = await receive()
            size += open_file.write(message.get("body", b""))
            more = message.get("more_body", False)
    return size <= FILE_LIMIT


async def _cut(scope: Scope, receive: Receive) -> None:
    """Reset the connection, and wait until uvicorn knows: it must not try to answer."""
    connection.reset(scope)
    while (await receive())["type"] != "http.disconnect":
        pass
