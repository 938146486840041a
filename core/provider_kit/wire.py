"""The connections under `http`: every wait on the socket gets what is left of the call, and the first byte is noted.

urllib3's connection takes one timeout per read and one per address tried, and can't say whether a byte went out. The
call under way stands in a context variable, so a pooled connection always obeys the call that uses it now.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import queue
import socket
import threading
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, cast

from typing_extensions import override
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from core.provider_kit.begin_by import BeginBy

# A peer closes idle connections after a minute or so, and its FIN may be on the way while we write: that call would end
# as OutcomeUnknown and need a person. So we are the side that lets go, well before.
MAX_IDLE_S: Final = 15.0


class OutOfTime(Exception):
    """A deadline of the call has passed."""


@dataclass(slots=True)
class Exchange:
    """One call under way: its deadlines on `time.monotonic()`, and whether its first byte was handed to the socket."""

    deadline: float
    connect_by: float
    begin_by: BeginBy | None = None
    begun: bool = False
    too_late: bool = False

    def left(self) -> float:
        """Seconds until the deadline. Raises OutOfTime."""
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise OutOfTime("the time for this call was over")
        return seconds

    def left_to_connect(self) -> float:
        """Seconds until the connection must stand, name lookup and TLS included. Raises OutOfTime."""
        seconds = self.connect_by - time.monotonic()
        if seconds <= 0:
            raise OutOfTime("no connection in time")
        return seconds

    def begin(self) -> None:
        """Right before the first byte. Raises OutOfTime when it is too late to begin."""
        self.left()
        if self.begin_by is not None and self.begin_by.is_over():
            self.too_late = True
            raise OutOfTime("it could not begin in time")
        self.begun = True


current: ContextVar[Exchange] = ContextVar("current")


class _UntilDeadline(io.RawIOBase):
    """Reads a socket; every receive gets what is left of the call."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._sock = sock
        self._raw = raw
        self._exchange = current.get()
        self.ended = False

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._exchange.left())
        count = cast("int | None", self._raw.readinto(buffer))
        self.ended = count == 0
        return count

    @override
    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """A response whose status line, headers and body are read under the call's deadline."""

    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self._reader = _UntilDeadline(sock, self.fp.detach())
        self.fp = io.BufferedReader(self._reader)

    @override
    def begin(self) -> None:
        super().begin()
        if self._reader.ended:  # http.client takes headers that break off, and an id in one may be cut short
            raise http.client.IncompleteRead(b"")


class Connection(HTTPConnection):
    """A connection that obeys the deadlines of the call that uses it."""

    response_class = _Response
    _used_at = 0.0

    @override
    def _new_conn(self) -> socket.socket:
        exchange = current.get()
        last: OSError = OSError("its name has no address")
        for family, kind, protocol, _, address in _addresses(self._dns_host, self.port, exchange):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(exchange.left_to_connect())
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.connect(address)
                sock.settimeout(exchange.left_to_connect())  # TLS is negotiated under this one
            except OSError as error:
                sock.close()
                last = error
            except BaseException:
                sock.close()
                raise
            else:
                return sock
        raise last

    @property
    @override
    def is_connected(self) -> bool:
        return super().is_connected and time.monotonic() - self._used_at < MAX_IDLE_S

    @override
    def send(self, data: Any) -> None:
        exchange = current.get()
        if self.sock is None:
            if exchange.begun:  # http.client would connect again and send the second half alone
                raise http.client.NotConnected
            self.connect()
        if not exchange.begun:
            exchange.begin()
        rest = memoryview(data)
        while rest:
            self.sock.settimeout(exchange.left())
            rest = rest[self.sock.send(rest) :]

    @override
    def getresponse(self) -> Any:
        self._used_at = time.monotonic()
        return super().getresponse()


class _SecureConnection(Connection, HTTPSConnection):
    """The same over TLS."""


class Pool(HTTPConnectionPool):
    """Pooled connections to one host."""

    ConnectionCls = Connection


class SecurePool(HTTPSConnectionPool):
    """Pooled TLS connections to one host."""

    ConnectionCls = _SecureConnection


def _addresses(host: str, port: int, exchange: Exchange) -> list[Any]:
    """Where a host is. `getaddrinfo` can't be interrupted, so a thread waits for it and we wait for the thread."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found: queue.SimpleQueue[list[Any] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found.put(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except OSError as error:
            found.put(error)
        except UnicodeError:
            found.put(socket.gaierror("not a host name"))

    threading.Thread(target=look_up, name=f"resolve {host}", daemon=True).start()
    try:
        answer = found.get(timeout=exchange.left_to_connect())
    except queue.Empty:
        raise OutOfTime("its name could not be looked up in time") from None
    if isinstance(answer, OSError):
        raise answer
    return answer
