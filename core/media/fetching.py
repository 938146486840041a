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
    return address


def name_of(address: str) -> str:
    """What a file at an address is called: the last part of its path."""
    parts = urlsplit(address)
    return cleaned_name(unquote(parts.path).rstrip("/") or parts.hostname or "")


def fetch(address: str, place: Path, *, largest_video: int, stop: Callable[[], bool]) -> Family:
    """Write what lies there to a place; what it is by its beginning.

    Raises NotTaken with words, Stopped when `stop` says so, OSError when it can't be written.
    """
    until = time.monotonic() + _WITHIN_S
    try:
        with _answered(address) as answer:
            return _written(_blocks(answer, until, stop), place, _promised(answer), largest_video)
    except (httpcore.TimeoutException, TimeoutError):
        raise NotTaken(_TOO_SLOW) from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, ssl.SSLError):
        raise NotTaken(_AWAY) from None


@contextmanager
def _answered(address: str) -> Iterator[httpcore.Response]:
    """The answer that is no redirect. Raises NotTaken."""
    with httpcore.ConnectionPool(
        ssl_context=ssl.create_default_context(), network_backend=Guarded(), http2=False, retries=0
    ) as pool:
        for _ in range(_MOST_REDIRECTS + 1):
            with pool.stream("GET", _url(address), headers=_headers(address), extensions=_timeouts()) as answer:
                if answer.status not in _REDIRECTS:
                    _refuse_trouble(answer, address)
                    yield answer
                    return
                address = checked_address(urljoin(address, _header(answer, b"location")))
    raise NotTaken("This address leads from one to the next without an end. Copy the address of the file itself.")


def _url(address: str) -> httpcore.URL:
    parts = urlsplit(address)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = (parts.hostname or "").encode("idna")
    escaped = "".join(each if each.isascii() else "".join(f"%{byte:02X}" for byte in each.encode()) for each in target)
    return httpcore.URL(scheme=parts.scheme.encode(), host=host, port=parts.port, target=escaped.encode())


def _headers(address: str) -> list[tuple[bytes, bytes]]:
    parts = urlsplit(address)
    host = (parts.hostname or "").encode("idna")
    return [(b"Host", host if parts.port is None else host + b":%d" % parts.port), *_HEADERS]


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


def _blocks(answer: httpcore.Response, until: float, stop: Callable[[], bool]) -> Iterator[bytes]:
    for block in answer.iter_stream():
        if stop():
            raise Stopped
        if time.monotonic() > until:
            raise TimeoutError
        yield block


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


class Guarded(httpcore.NetworkBackend):
    """Connects to public addresses alone: to the very address that was looked up and checked."""

    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

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
                return self._inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
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
