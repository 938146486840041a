"""Nothing inside is asked for somebody outside: sixty ways and more, and a listener inside that hears of each try."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpcore
import pytest

from core.media import fetching, making, rules
from core.media.rules import Family, NotTaken
from core.provider_kit.errors import NotSent, OutcomeUnknown
from core.provider_kit.http import Http, Request
from tests.factories.media import picture
from tests.integration.media import inside

PHOTO = picture(size=(40, 30))
ORGANIZATION = uuid4()
LARGEST = 50_000_000
pytestmark = pytest.mark.usefixtures("storage")


class Server(ThreadingHTTPServer):
    """A server of this machine that counts who connects, whatever they ask."""

    hits = 0

    def get_request(self) -> Any:
        self.hits += 1
        return super().get_request()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who gives up on an answer without an end is right."""


class Outside(BaseHTTPRequestHandler):
    """Servers of the internet, all in one."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        way = path.strip("/").replace("-", "_")
        if way.isdigit():
            self._head(int(way), Location=query)
        else:
            getattr(self, f"_{way}", self._missing)(query)

    def do_PUT(self) -> None:
        self._head(302, Location=f"http://127.0.0.1:{self.path.rpartition('/')[2]}/")

    def _photo(self, _query: str) -> None:
        self._head(200)
        self.wfile.write(PHOTO)

    def _to(self, query: str) -> None:
        self._head(302, Location=query)

    def _loop(self, _query: str) -> None:
        self._head(302, Location="/loop")

    def _headers(self, _query: str) -> None:
        there = "http://127.0.0.1/"
        named = {"Refresh": f"0; url={there}", "Content-Location": there, "Link": f"<{there}>; rel=canonical"}
        self._head(200, **named, **{"Alt-Svc": 'h2="127.0.0.1:80"'})
        self.wfile.write(PHOTO)

    def _page(self, _query: str) -> None:
        self._head(200)
        self.wfile.write(b"<!doctype html><meta http-equiv=refresh content='0; url=http://127.0.0.1/'>" + b" " * 99)

    def _endless(self, _query: str) -> None:
        self._head(200)
        while True:
            self.wfile.write(PHOTO[:4] + bytes(1 << 20))

    def _promises(self, _query: str) -> None:
        self._head(200, **{"Content-Length": "99999999999"})
        self.wfile.write(PHOTO)

    def _slow(self, _query: str) -> None:
        self._head(200)
        self._dribble(PHOTO)

    def _slow_head(self, _query: str) -> None:
        self._dribble(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200)

    def _endless_head(self, _query: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            self.wfile.write(b"X: " + b"y" * 4_000 + b"\r\n")

    def _continues(self, _query: str) -> None:
        while True:
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(0.01)

    def _silent(self, _query: str) -> None:
        time.sleep(5)

    def _packed(self, _query: str) -> None:
        self._head(200, **{"Content-Encoding": "gzip"})
        self.wfile.write(PHOTO)

    def _missing(self, _query: str) -> None:
        self._head(404)

    def _dribble(self, content: bytes) -> None:
        for each in content:
            self.wfile.write(bytes([each]))
            time.sleep(0.05)

    def _head(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Inside(BaseHTTPRequestHandler):
    """What must not be asked: it gives an image to anybody who does."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(PHOTO)

    def do_PUT(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@dataclass(frozen=True)
class Wire:
    """What is connected where: one address is the internet, every other one leads inside."""

    outer: Server
    inner: Server

    def named(self, address: str) -> str:
        """An address of the table, with ports."""
        return address.replace("{inner}", str(self.inner.server_port)).replace("{outer}", str(self.outer.server_port))


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    servers = Server(("127.0.0.1", 0), Outside), Server(("127.0.0.1", 0), Inside)
    for each in servers:
        threading.Thread(target=each.serve_forever, args=(0.05,), daemon=True).start()
    outer, inner = servers
    real, looked_up, asked = httpcore.SyncBackend.connect_tcp, socket.getaddrinfo, Counter[str]()

    def look_up(host: Any, port: Any, *_: Any, **__: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        known = inside.NAMES.get(name.lower())
        if known is None:  # an address, in one of its notations; nobody is asked for names
            return looked_up(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        asked[name] += 1
        found = known[min(asked[name], len(known)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    def connect(self: Any, host: str, port: int, *rest: Any) -> Any:
        return real(self, "127.0.0.1", (outer if host == inside.PUBLIC else inner).server_port, *rest)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    # Ports aren't what keeps people out here, and nobody waits for a slow server as long as shipped.
    monkeypatch.setattr(fetching, "_PORTS", (80, 443, inner.server_port))
    monkeypatch.setattr(fetching, "_WITHIN_S", 1.0)
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{inner.server_port}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{inner.server_port}")
    yield Wire(outer, inner)
    for each in servers:
        each.shutdown()
        each.server_close()


def fetch(address: str, folder: Path) -> Family:
    checked = fetching.checked_address(address)
    return fetching.fetch(checked, folder / "source", largest_video=LARGEST, stop=lambda: False)


@pytest.mark.parametrize("name", inside.ADDRESSES)
def test_a_pasted_address_leads_to_nothing_inside(wire: Wire, tmp_path: Path, name: str) -> None:
    address, words = inside.ADDRESSES[name]
    began = time.monotonic()
    if words:
        with pytest.raises(NotTaken, match=words) as refused:
            fetch(wire.named(address), tmp_path)
        assert str(refused.value).endswith(".")
    else:
        assert fetch(wire.named(address), tmp_path) is Family.IMAGE
    assert wire.inner.hits == 0
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("name", inside.NETWORK_ADDRESSES)
def test_an_address_that_a_network_names_leads_to_nothing_inside(wire: Wire, name: str) -> None:
    network = Http([f"http://localhost:{wire.outer.server_port}/uploads"])
    with pytest.raises(NotSent):
        network.send(Request("PUT", wire.named(inside.NETWORK_ADDRESSES[name]), body=b"a video"), timeout_s=3)
    assert (wire.inner.hits, wire.outer.hits) == (0, 0)


def test_a_redirect_of_a_network_leads_to_nothing_inside(wire: Wire) -> None:
    network = Http([f"http://localhost:{wire.outer.server_port}/uploads"])
    there = f"http://localhost:{wire.outer.server_port}/uploads/{wire.inner.server_port}"
    with suppress(OutcomeUnknown):
        assert network.send(Request("PUT", there, body=b"a video"), timeout_s=3).status == 302
    assert (wire.inner.hits, wire.outer.hits) == (0, 1)


@pytest.mark.parametrize("name", inside.FILES)
def test_a_file_that_names_an_address_leads_to_nothing_inside(wire: Wire, name: str) -> None:
    make, words = inside.FILES[name]
    content = make(f"http://127.0.0.1:{wire.inner.server_port}/inside.mp4")
    assert str(wire.inner.server_port).encode() in content or content.startswith(b"PK")
    if words:
        with pytest.raises(NotTaken, match=words):
            look_into(content)
    else:
        look_into(content)
    assert wire.inner.hits == 0


def look_into(content: bytes) -> None:
    family = rules.family(content[:64])
    with making.workspace() as folder:
        (folder / "source").write_bytes(content)
        making.look(ORGANIZATION, folder, family, stop=lambda: False, keep=lambda: None)


def test_there_are_enough_of_them() -> None:
    assert len(inside.ADDRESSES) + len(inside.NETWORK_ADDRESSES) + len(inside.FILES) >= 60
    assert len(set(inside.ADDRESSES.values())) == len(inside.ADDRESSES)


@pytest.mark.parametrize("address", ["http://10.0.0.1/", "http://loopback.example/", inside.AT + "http://[::1]/"])
def test_the_listener_would_hear_of_it(
    wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(fetching, "is_public", lambda _address: True)
    assert fetch(address, tmp_path) is Family.IMAGE
    assert wire.inner.hits == 1
