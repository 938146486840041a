"""A raw-socket HTTP server that does exactly what a test says, faults below HTTP included.

It answers with what `say` queued, in that order, then with its `otherwise`, and keeps what it received. Bytes are sent
as given, so a test can break off, dribble, reset or speak nonsense.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson


@dataclass(frozen=True)
class Received:
    """One request as it came in, complete or not."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass(frozen=True)
class Said:
    """What the server does with one request.

    `raw` goes out as it is, in pieces of `piece` bytes with `pause_s` between them where given; then the connection is
    kept, closed or reset. `before_body` acts as soon as the head is read.
    """

    raw: bytes = b""
    piece: int = 0
    pause_s: float = 0.0
    delay_s: float = 0.0
    then: str = "keep"
    before_body: bool = False


def answer(
    status: int, body: Any = b"", headers: Mapping[str, str] | None = None, *, then: str = "keep", delay_s: float = 0.0
) -> Said:
    """A well-formed answer; anything but bytes becomes JSON."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    head = {"Content-Length": str(len(content)), "Content-Type": "application/json; charset=UTF-8", **(headers or {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return Said(f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + content, then=then, delay_s=delay_s)


@dataclass
class Scripted:
    """The server; make it with `scripted()`."""

    url: str
    otherwise: Said = field(default_factory=lambda: answer(200, {}))
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    _script: deque[Said] = field(default_factory=deque)
    _open: list[socket.socket] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def say(self, *said: Said) -> None:
        """Queue answers."""
        self._script.extend(said)

    def reply(self, status: int, body: bytes, headers: Mapping[str, str] | None = None, *, delay_s: float = 0) -> None:
        """Queue one well-formed answer (`provider_kit.contract.StandIn`)."""
        self.say(answer(status, body, headers, delay_s=delay_s))

    def hang_up(self, *, reset: bool) -> None:
        """Queue: read the request, answer nothing, close or reset."""
        self.say(Said(then="reset" if reset else "close"))

    def forget(self) -> None:
        """Forget what is queued and what came in."""
        self._script.clear()
        self.received.clear()

    def close_idle(self, *, reset: bool = False) -> None:
        """Close every connection that is open now, as a server does with idle ones."""
        with self._lock:
            for connection in self._open:
                _end(connection, reset=reset)
            self._open.clear()

    def _next(self, request: Received) -> Said:
        with self._lock:
            self.received.append(request)
            return self._script.popleft() if self._script else self.otherwise

    def _peek(self) -> Said:
        return self._script[0] if self._script else self.otherwise

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection, connection.makefile("rb") as reader:
            while request := self._read(reader):
                said = self._next(request)
                time.sleep(said.delay_s)
                self._speak(connection, said)
                if said.then != "keep":
                    _end(connection, reset=said.then == "reset")
                    return

    def _read(self, reader: Any) -> Received | None:
        start = reader.readline()
        if not start:
            return None
        method, target, _ = start.decode().split(" ", 2)
        headers: dict[str, str] = {}
        while (line := reader.readline().decode().strip()) != "":
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        declared = 0 if self._peek().before_body else int(headers.get("content-length", 0))
        body = reader.read(declared)
        # A request whose body was cut off is none, however much of it came before the connection ended.
        return Received(method, target, headers, body) if len(body) == declared else None

    def _speak(self, connection: socket.socket, said: Said) -> None:
        size = said.piece or max(len(said.raw), 1)
        for start in range(0, len(said.raw), size):
            connection.sendall(said.raw[start : start + size])
            time.sleep(said.pause_s)


def _end(connection: socket.socket, *, reset: bool) -> None:
    """Have the serving thread let go, which closes; with `reset` the kernel sends RST instead of FIN."""
    with contextlib.suppress(OSError):
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.shutdown(socket.SHUT_RD)
        else:
            connection.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def scripted(context: ssl.SSLContext | None = None) -> Iterator[Scripted]:
    """Run a server on a free port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))
    scheme = "https" if context else "http"
    server = Scripted(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}")

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=welcome, args=(connection,), daemon=True).start()

    def welcome(connection: socket.socket) -> None:
        server.connections += 1
        if context:
            try:
                connection = context.wrap_socket(connection, server_side=True)
            except (OSError, ssl.SSLError):
                connection.close()
                return
        with server._lock:
            server._open.append(connection)
        server._serve(connection)

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        server.close_idle()
