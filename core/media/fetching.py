"""A file from an address that somebody pasted: only from the public internet, only so large, only so long.

Every connection, each redirect's too, goes to an address that was looked up and checked here: what a name leads to by
the time of the connection can't be another. No proxy, no cookies, no other protocols.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urljoin, urlsplit

import httpcore
from typing_extensions import override

from core.media import rules
from core.media.making import Stopped
from core.media.rules import Family, NotTaken, cleaned_name
from core.provider_kit import hostile

_PORTS: Final = (80, 443)
_MOST_REDIRECTS: Final = 5
_CONNECT_WITHIN_S: Final = 10.0
_ANSWER_WITHIN_S: Final = 30.0
_WITHIN_S: Final = 900.0
_HEAD: Final = 64
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
# What `ipaddress` takes for public, or does in older releases of Python.
_INSIDE: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",  # IETF's own (RFC 6890); one cloud answers there with its machines' secrets
            "168.63.129.16/32",  # another cloud's own server, which its machines alone reach
            "64:ff9b:1::/48",  # NAT64 of one's own (RFC 8215)
            "3fff::/20",  # documentation (RFC 9637)
            "fec0::/10",  # site-local, which is deprecated and still routed here and there (RFC 3879)
        ),
    )
)
_HEADERS: Final = ((b"User-Agent", b"Masthead"), (b"Accept", b"*/*"), (b"Accept-Encoding", b"identity"))
_NO_ADDRESS: Final = "This is no address of a file on the web. It begins with https:// and leads to the file itself."
_NOT_PUBLIC: Final = "This address doesn't lead to the public internet, so Masthead doesn't fetch from it."
_A_PAGE: Final = "This address leads to a web page and not to a file. Open it and copy the address of the file itself."
_TOO_SLOW: Final = "This takes too long to fetch. Download it and upload the file."
_AWAY: Final = "There is no answer from this address. See whether it opens in a browser, then try again."

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def checked_address(value: object) -> str:
    """An address that may be fetched as far as its form tells. Raises NotTaken with words."""
    address = hostile.web_address(value.strip() if isinstance(value, str) else value)
    if address is None:
        raise NotTaken(_NO_ADDRESS)
    parts = urlsplit(address)
    if (parts.port or (443 if parts.scheme == "https" else 80)) not in _PORTS:
        raise NotTaken("Masthead fetches from the web's own ports alone. Download it and upload the file.")
    try:
        _host(address)
    except UnicodeError:  # no name that can be looked up
        raise NotTaken(_NO_ADDRESS) from None
    return address


def name_of(address: str) -> str:
    """What a file at an address is called: the last part of its path."""
    parts = urlsplit(address)
    return cleaned_name(unquote(parts.path).rstrip("/") or parts.hostname or "")


def fetch(address: str, place: Path, *, largest_video: int, stop: Callable[[], bool]) -> Family:
    """Write what lies there to a place; what it is by its beginning.

    Raises NotTaken with words, Stopped when `stop` says so, OSError when it can't be written.
    """
    patience = _Patience(time.monotonic() + _WITHIN_S, stop)
    try:
        with _answered(address, patience) as answer:
            return _written(answer.iter_stream(), place, _promised(answer), largest_video)
    except (httpcore.TimeoutException, TimeoutError):
        raise NotTaken(_TOO_SLOW) from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, ssl.SSLError):
        raise NotTaken(_AWAY) from None


@dataclass(frozen=True, slots=True)
class _Patience:
    """How long one fetch may take in all, `until` an instant of the monotonic clock, unless `stop` says otherwise."""

    until: float
    stop: Callable[[], bool]

    def left_s(self, at_most: float | None) -> float:
        """Seconds for the next wait. Raises Stopped, TimeoutError."""
        if self.stop():
            raise Stopped
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left if at_most is None else min(left, at_most)


@contextmanager
def _answered(address: str, patience: _Patience) -> Iterator[httpcore.Response]:
    """The answer that is no redirect. Raises NotTaken, and as `_Patience.left_s` does."""
    with httpcore.ConnectionPool(
        ssl_context=ssl.create_default_context(), network_backend=Guarded(patience.left_s), http2=False, retries=0
    ) as pool:
        for _ in range(_MOST_REDIRECTS + 1):
            with pool.stream("GET", _url(address), headers=_headers(address), extensions=_timeouts()) as answer:
                if answer.status not in _REDIRECTS:
                    _refuse_trouble(answer, address)
                    yield answer
                    return
                address = _following(address, answer)
    raise NotTaken("This address leads from one to the next without an end. Copy the address of the file itself.")


def _following(address: str, answer: httpcore.Response) -> str:
    """Where a redirect leads. Raises NotTaken."""
    try:
        following = urljoin(address, _header(answer, b"location"))
    except ValueError:
        raise NotTaken(_NO_ADDRESS) from None
    return checked_address(following)


def _host(address: str) -> bytes:
    """As it is looked up. Raises UnicodeError."""
    return (urlsplit(address).hostname or "").encode("idna")


def _url(address: str) -> httpcore.URL:
    parts = urlsplit(address)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    escaped = "".join(each if each.isascii() else "".join(f"%{byte:02X}" for byte in each.encode()) for each in target)
    return httpcore.URL(scheme=parts.scheme.encode(), host=_host(address), port=parts.port, target=escaped.encode())


def _headers(address: str) -> list[tuple[bytes, bytes]]:
    host, port = _host(address), urlsplit(address).port
    named = b"[%b]" % host if b":" in host else host
    return [(b"Host", named if port is None else b"%b:%d" % (named, port)), *_HEADERS]


def _timeouts() -> dict[str, Any]:
    return {
        "timeout": {
            "connect": _CONNECT_WITHIN_S,
            "read": _ANSWER_WITHIN_S,
            "write": _ANSWER_WITHIN_S,
            "pool": _CONNECT_WITHIN_S,
        }
    }


def _refuse_trouble(answer: httpcore.Response, address: str) -> None:
    if answer.status != 200:
        why = {
            401: "asks for a sign-in",
            403: "doesn't give it to us",
            404: "has nothing there",
            410: "has nothing there any more",
            429: "is asked too often",
        }.get(answer.status, f"answers with {answer.status}")
        host = urlsplit(address).hostname
        raise NotTaken(f"{host} {why}. See whether it opens in a browser, or download it and upload the file.")
    if _header(answer, b"content-encoding") not in ("", "identity"):
        raise NotTaken("This address gives the file packed. Download it and upload the file.")


def _header(answer: httpcore.Response, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in answer.headers if key.lower() == name), "")


def _promised(answer: httpcore.Response) -> int:
    said = _header(answer, b"content-length")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 16 else 0


def _written(blocks: Iterable[bytes], place: Path, promised: int, largest_video: int) -> Family:
    head, size, found = b"", 0, None
    with place.open("wb") as file:
        for block in blocks:
            size += len(block)
            file.write(block)
            if found is None:
                head += block[:_HEAD]
                if len(head) >= _HEAD:
                    found = _family(head, promised, largest_video)
            if found is not None:
                rules.refuse_larger(found, size, largest_video)
    if promised and size < promised:
        raise NotTaken(_AWAY)
    return found or _family(head, promised, largest_video)


def _family(head: bytes, promised: int, largest_video: int) -> Family:
    if head.lstrip()[:1] == b"<":
        raise NotTaken(_A_PAGE)
    found = rules.family(head)
    rules.refuse_larger(found, promised, largest_video)
    return found


# Where connections go


LeftS = Callable[[float | None], float]  # seconds for the next wait, at most so many; raises when there are none


class Guarded(httpcore.NetworkBackend):
    """Connects to public addresses alone: to the very address that was looked up and checked."""

    def __init__(self, left_s: LeftS) -> None:
        self._inner = httpcore.SyncBackend()
        self._left_s = left_s

    @override
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Try what the name leads to, one after the other. Raises NotTaken unless all of it is public."""
        trouble: Exception | None = None
        for address in public_addresses(host, port):
            try:
                stream = self._inner.connect_tcp(
                    str(address), port, self._left_s(timeout), local_address, socket_options
                )
                return _Timed(stream, self._left_s)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                trouble = error
        raise trouble or httpcore.ConnectError("no address")

    @override
    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        """Never."""
        raise NotTaken(_NOT_PUBLIC)

    @override
    def sleep(self, seconds: float) -> None:
        """As the library asks between its tries."""
        self._inner.sleep(seconds)


class _Timed(httpcore.NetworkStream):
    """A connection whose every wait gets what is left of the whole fetch: nobody holds a worker by dribbling."""

    def __init__(self, inner: httpcore.NetworkStream, left_s: LeftS) -> None:
        self._inner = inner
        self._left_s = left_s

    @override
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._left_s(timeout))

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._left_s(timeout))

    @override
    def close(self) -> None:
        self._inner.close()

    @override
    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Timed(self._inner.start_tls(ssl_context, server_hostname, self._left_s(timeout)), self._left_s)

    @override
    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def public_addresses(host: str, port: int) -> list[IpAddress]:
    """What a name leads to. Raises NotTaken when one of it isn't public: who names both is up to something."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotTaken(_AWAY) from None
    addresses = list(dict.fromkeys(ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found))
    if not addresses:
        raise NotTaken(_AWAY)
    if not all(is_public(each) for each in addresses):
        raise NotTaken(_NOT_PUBLIC)
    return addresses


def is_public(address: IpAddress) -> bool:
    """Whether an address is of the internet at large, also where it stands for another one."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if any(address in each for each in _INSIDE):
        return False
    return all(is_public(each) for each in _meant(address))


def _meant(address: IpAddress) -> Iterator[IpAddress]:
    """The addresses of the older kind that one of the newer kind leads to."""
    if isinstance(address, ipaddress.IPv4Address):
        return
    for each in (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())):
        if each is not None:
            yield each
    if address in _NAT64:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
