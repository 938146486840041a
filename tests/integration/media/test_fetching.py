"""A file from an address, over HTTP: redirects, limits, words, and never anything inside."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpcore
import pytest

from core.infra import db
from core.infra.actor import Actor, Role
from core.infra.errors import Invalid
from core.media import commands, fetching, queries
from core.media.making import Stopped
from core.media.rules import Family, NotTaken
from tests.factories import clips
from tests.factories.media import picture, prepare_all
from tests.factories.organizations import make_actor

PHOTO = picture()
LARGEST = 50_000_000


class Web(BaseHTTPRequestHandler):
    """A few servers of the internet in one; what was asked of which is kept."""

    asked: list[tuple[str, str]] = []  # noqa: RUF012 - one server a test
    film = b""

    def do_GET(self) -> None:
        self.asked.append((self.headers["Host"], self.path))
        kind, _, rest = self.path.lstrip("/").partition("/")
        getattr(self, f"_{kind}", self._missing)(rest)

    def _photo(self, _rest: str) -> None:
        self._give(PHOTO)

    def _film(self, _rest: str) -> None:
        self._give(self.film)

    def _page(self, _rest: str) -> None:
        self._give(b"<!doctype html><title>A page</title>" + b" " * 100)

    def _to(self, rest: str) -> None:
        self.send_response(302)
        self.send_header("Location", rest)
        self.end_headers()

    def _loop(self, _rest: str) -> None:
        self._to("/loop")

    def _status(self, rest: str) -> None:
        self.send_response(int(rest))
        self.end_headers()

    def _half(self, _rest: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(PHOTO)))
        self.end_headers()
        self.wfile.write(PHOTO[: len(PHOTO) // 2])

    def _promises(self, _rest: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "99999999999")
        self.end_headers()
        self.wfile.write(PHOTO)

    def _endless(self, _rest: str) -> None:
        self.send_response(200)
        self.end_headers()
        sent = 0
        while sent < 30_000_000:
            self.wfile.write(PHOTO[:4] + bytes(1 << 20))
            sent += 1 << 20

    def _packed(self, _rest: str) -> None:
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(PHOTO)

    def _slow(self, _rest: str) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(200):
            self.wfile.write(PHOTO[:100])
            time.sleep(0.05)

    def _missing(self, _rest: str) -> None:
        self.send_error(404)

    def _give(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Web]]:
    """Every name leads to a public address but `inside.example`, and public addresses are this server."""
    Web.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    real = httpcore.SyncBackend.connect_tcp
    looked_up = socket.getaddrinfo

    def look_up(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if str(host).endswith(".example"):
            address = "10.0.0.5" if host == "inside.example" else "93.184.216.34"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]
        return looked_up(host, port, *rest, **more)

    def connect(self: Any, host: str, port: int, *rest: Any) -> Any:
        assert host == "93.184.216.34"
        return real(self, "127.0.0.1", server.server_port, *rest)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    yield Web
    server.shutdown()
    server.server_close()


def fetch(address: str, place: Path, **more: Any) -> Family:
    return fetching.fetch(address, place, largest_video=LARGEST, stop=more.get("stop", lambda: False))


def test_a_file_is_fetched_through_redirects(web: type[Web], tmp_path: Path) -> None:
    place = tmp_path / "source"
    assert fetch("http://a.example/to/http://b.example/photo/1", place) is Family.IMAGE
    assert place.read_bytes() == PHOTO
    assert [host for host, _ in web.asked] == ["a.example", "b.example"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("to/http://inside.example/photo", "public internet"),
        ("to/http://127.0.0.1/photo", "public internet"),
        ("to/http://[::1]/photo", "public internet"),
        ("to/http://2130706433/photo", "public internet"),
        ("to/http://localhost/photo", "public internet"),
        ("to/http://169.254.169.254/latest/meta-data/", "public internet"),
        ("to/file://localhost/etc/passwd", "no address of a file"),
        ("to/ftp://a.example/x", "no address of a file"),
        ("to/http://a.example:22/x", "web's own ports"),
        ("loop", "without an end"),
        ("page", "leads to a web page"),
        ("status/401", "asks for a sign-in"),
        ("status/404", "has nothing there"),
        ("status/500", "answers with 500"),
        ("half", "no answer from this address"),
        ("promises", "at most 10 MB"),
        ("endless", "at most 10 MB"),
        ("packed", "gives the file packed"),
    ],
)
def test_what_can_not_be_fetched_is_told_in_words(web: type[Web], tmp_path: Path, path: str, words: str) -> None:
    with pytest.raises(NotTaken, match=words):
        fetch(f"http://a.example/{path}", tmp_path / "source")
    assert {host for host, _ in web.asked} == {"a.example"}, "nothing else was asked"


def test_it_is_given_up_when_it_takes_too_long_or_is_to_stop(
    web: type[Web], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Stopped):
        fetch("http://a.example/slow", tmp_path / "source", stop=lambda: True)
    monkeypatch.setattr(fetching, "_WITHIN_S", 0.3)
    with pytest.raises(NotTaken, match="too long"):
        fetch("http://a.example/slow", tmp_path / "source")


@pytest.fixture
def author(committed_database: db.Database, storage: Path) -> Actor:
    return make_actor(role=Role.EDITOR)


def test_an_address_becomes_a_file_of_the_organization(
    web: type[Web], author: Actor, worker_database: db.Database
) -> None:
    web.film = clips.clip()
    click = uuid4()
    photo = commands.fetch(author, click, address=" http://a.example/photo/old%20oak.jpg ")
    assert commands.fetch(author, click, address="http://a.example/photo/old%20oak.jpg").id == photo.id
    film = commands.fetch(author, uuid4(), address="http://a.example/film/walk.mp4")
    assert (photo.file_name, photo.preparing) == ("old oak.jpg", True)
    assert prepare_all(worker_database) == 2
    made = commands.finish_upload(author, photo.id)
    assert (made.kind, made.file_name, {each.network for each in made.renditions}) == (
        "image",
        "old oak.jpg",
        {"any", "jpeg", "few_pixels"},
    )
    assert commands.finish_upload(author, film.id).codec == "h264"
    assert queries.media(author, made.id).thumbnail


def test_an_address_that_leads_inside_is_refused_to_its_person(
    web: type[Web], author: Actor, worker_database: db.Database
) -> None:
    upload = commands.fetch(author, uuid4(), address="http://inside.example/secret.jpg")
    prepare_all(worker_database)
    assert "public internet" in (commands.upload(author, upload.id).failed_because or "")
    assert web.asked == []
    with pytest.raises(Invalid, match="begins with https"):
        commands.fetch(author, uuid4(), address="file://localhost/etc/passwd")
