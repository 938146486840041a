"""HTTP to networks against a real socket: deadlines, sent or not, sizes, silence about secrets."""

from __future__ import annotations

import gzip
import logging
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from core.provider_kit import wire
from core.provider_kit.begin_by import BeginBy
from core.provider_kit.errors import NotSent, OutcomeUnknown, ProviderFailure
from core.provider_kit.http import Answer, FilePart, Http, Request
from tests.providers.scripted import Said, Scripted, answer, scripted

TOKEN = "canary-token-91b2"
SLACK_S = 0.35


def post(url: str, **more: Any) -> Request:
    return Request("POST", f"{url}/v1/posts", form={"text": "Grüße & more"}, token=SecretStr(TOKEN), **more)


def send(server: Scripted, *, timeout_s: float = 2.0, **more: Any) -> Answer:
    return Http([server.url]).send(post(server.url), timeout_s=timeout_s, **more)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds + SLACK_S


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


# --- a good call ------------------------------------------------------------------------------------------------------


def test_a_call_sends_form_and_token_and_gives_the_answer(server: Scripted) -> None:
    server.say(answer(201, {"id": "1"}, {"X-Restli-Id": "urn:1"}))
    request = post(server.url, query={"proof": "p"}, headers={"X-Extra": "1"})
    given = Http([server.url]).send(request, timeout_s=2)
    assert (given.status, given.body, given.headers["x-restli-id"]) == (201, b'{"id":"1"}', "urn:1")
    heard = server.received[0]
    assert heard.method == "POST"
    assert heard.target == "/v1/posts?proof=p"
    assert heard.form == {"text": "Grüße & more"}
    assert heard.headers["authorization"] == f"Bearer {TOKEN}"
    assert heard.headers["x-extra"] == "1"


def test_a_connection_is_kept_and_used_again(server: Scripted) -> None:
    for _ in range(5):
        send(server)
    assert server.connections == 1


@pytest.mark.parametrize("status", [204, 301, 302, 307, 401, 429, 500, 503])
def test_any_status_is_an_answer_and_nothing_is_followed_or_tried_again(server: Scripted, status: int) -> None:
    server.say(answer(status, b"", {"Location": f"{server.url}/elsewhere", "Retry-After": "0"}))
    assert send(server).status == status
    assert len(server.received) == 1


def test_the_body_of_a_redirect_obeys_the_size_limit_too(server: Scripted) -> None:
    server.say(answer(302, b"x" * 100_000, {"Location": "/elsewhere"}))
    with pytest.raises(OutcomeUnknown):
        Http([server.url], max_answer_bytes=1000).send(post(server.url), timeout_s=2)


def test_cookies_are_not_kept(server: Scripted) -> None:
    server.say(answer(200, {}, {"Set-Cookie": "session=1; Path=/"}))
    send(server)
    send(server)
    assert "cookie" not in server.received[1].headers


def test_proxies_and_passwords_of_the_environment_are_not_used(
    server: Scripted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    with scripted() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        given = Http([server.url]).send(Request("GET", f"{server.url}/a"), timeout_s=2)
        assert given.status == 200
        assert not proxy.received
    assert "authorization" not in server.received[0].headers


def test_sixteen_at_once_each_get_their_own_answer(server: Scripted) -> None:
    http = Http([server.url])
    server._next = lambda request: (
        server.received.append(request)
        or answer(  # type: ignore[method-assign, func-returns-value]
            200, {"you": request.query["me"]}, delay_s=0.01
        )
    )

    def one(number: int) -> bool:
        given = http.send(Request("GET", f"{server.url}/a", query={"me": str(number)}), timeout_s=5)
        return bool(orjson.loads(given.body)["you"] == str(number))

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(one, range(160)))
    assert server.connections <= 16


# --- provably not sent ------------------------------------------------------------------------------------------------


def test_refused_is_not_sent() -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    with pytest.raises(NotSent, match="refused") as failure:
        Http([url]).send(post(url), timeout_s=2)
    assert failure.value.provider_health


def test_an_unknown_name_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(NotSent, match="name could not be looked up"):
        Http(["https://graph.example"]).send(post("https://graph.example"), timeout_s=2)


@pytest.mark.parametrize("host", ["xn--a.example", "a" * 70 + ".example", "a..b"])
def test_a_name_that_is_none_is_not_sent(host: str) -> None:
    url = f"http://{host}"
    with pytest.raises(NotSent):
        Http([url]).send(post(url), timeout_s=2)


def test_a_slow_name_server_does_not_hold_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(1) or [])
    with within(0.2), pytest.raises(NotSent, match="in time"):
        Http(["http://graph.example"], connect_timeout_s=0.2).send(post("http://graph.example"), timeout_s=5)


def test_a_host_that_drops_packets_is_not_sent() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        queue = [socket.socket() for _ in range(4)]
        try:
            for waiting in queue:  # fills the accept queue; Linux then drops further connection requests
                waiting.setblocking(False)
                waiting.connect_ex(listener.getsockname())
            with within(0.3), pytest.raises(NotSent, match="in time"):
                Http([url], connect_timeout_s=0.3).send(post(url), timeout_s=5)
        finally:
            for waiting in queue:
                waiting.close()


def test_the_next_address_is_tried_within_the_same_time(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    port = int(server.url.rsplit(":", 1)[1])
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", closed_port())),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    url = f"http://graph.example:{port}"
    assert Http([url]).send(post(url), timeout_s=2).status == 200


def test_too_late_to_begin_is_not_sent(server: Scripted) -> None:
    with pytest.raises(NotSent, match="could not begin in time") as failure:
        send(server, begin_by=BeginBy.within(-0.001))
    assert not failure.value.provider_health
    with pytest.raises(NotSent):
        send(server, timeout_s=0)
    assert not server.received
    assert send(server, begin_by=BeginBy.within(5)).status == 200


def test_an_address_of_nobody_is_not_sent(server: Scripted) -> None:
    http = Http([f"{server.url}/graph.facebook.com"])
    for url in (
        f"{server.url}/graph.facebook.com.evil/x",
        server.url.replace("127.0.0.1", "127.0.0.1@evil"),
        "http://169.254.169.254/graph.facebook.com/",
        "FILE:/etc/hostname",
    ):
        with pytest.raises(NotSent, match="not an address of this network"):
            http.send(Request("GET", url), timeout_s=2)
    assert not server.received


def test_a_header_that_cannot_be_sent_is_not_sent(server: Scripted) -> None:
    with pytest.raises(NotSent) as failure:
        Http([server.url]).send(Request("GET", f"{server.url}/", token=SecretStr(f"{TOKEN}\r\nX: y")), timeout_s=2)
    assert TOKEN not in str(failure.value)
    assert not server.received


# --- TLS --------------------------------------------------------------------------------------------------------------


def test_tls_works_with_a_trusted_certificate(secure_server: Scripted, certificate: Path) -> None:
    http = Http([secure_server.url], certificates=str(certificate))
    secure_server.say(answer(200, {"n": 1}), answer(200, {"n": 2}))
    assert http.send(post(secure_server.url), timeout_s=3).body == b'{"n":1}'
    assert http.send(post(secure_server.url), timeout_s=3).body == b'{"n":2}'
    assert secure_server.connections == 1


def test_an_untrusted_certificate_is_not_sent(secure_server: Scripted) -> None:
    with pytest.raises(NotSent, match="certificate could not be verified"):
        send(secure_server)
    assert not secure_server.received


def test_a_certificate_for_another_name_is_not_sent(
    secure_server: Scripted, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(secure_server.url.rsplit(":", 1)[1])
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    url = f"https://graph.example:{port}"
    with pytest.raises(NotSent, match="certificate could not be verified"):
        Http([url], certificates=str(certificate)).send(post(url), timeout_s=2)
    assert not secure_server.received


def test_a_peer_that_speaks_no_tls_is_not_sent(server: Scripted) -> None:
    url = server.url.replace("http://", "https://")
    with within(2), pytest.raises(NotSent):
        Http([url]).send(post(url), timeout_s=2)


def test_a_peer_that_never_negotiates_tls_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        with within(0.3), pytest.raises(NotSent):
            Http([url], connect_timeout_s=0.3).send(post(url), timeout_s=5)


def test_the_deadline_holds_over_tls(secure_server: Scripted, certificate: Path) -> None:
    secure_server.say(Said(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + b"x" * 60, piece=1, pause_s=0.05))
    with within(0.5), pytest.raises(OutcomeUnknown):
        Http([secure_server.url], certificates=str(certificate)).send(post(secure_server.url), timeout_s=0.5)


# --- sent, and in doubt -----------------------------------------------------------------------------------------------

DRIBBLES = {
    "status line": b"HTTP/1.1 200 " + b"O" * 200,
    "headers": b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(40)),
    "continue": b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
    "body": b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + b"x" * 200,
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 60,
    "body without length": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200,
}


@pytest.mark.parametrize("part", DRIBBLES)
def test_the_deadline_is_total_however_the_peer_dribbles(server: Scripted, part: str) -> None:
    server.say(Said(DRIBBLES[part], piece=4, pause_s=0.05))
    with within(0.4), pytest.raises(OutcomeUnknown) as failure:
        send(server, timeout_s=0.4)
    assert failure.value.provider_health


def test_a_peer_that_does_not_read_is_in_doubt_by_the_deadline(server: Scripted) -> None:
    server.otherwise = Said(before_body=True, delay_s=4)
    request = Request("POST", f"{server.url}/a", form={"text": "x" * 15_000_000})
    with within(1.5), pytest.raises(OutcomeUnknown):
        Http([server.url]).send(request, timeout_s=1.5)


def test_silence_is_in_doubt(server: Scripted) -> None:
    server.say(Said(delay_s=2))
    with within(0.3), pytest.raises(OutcomeUnknown, match="no answer in time") as failure:
        send(server, timeout_s=0.3)
    assert failure.value.trace.http_status is None


@pytest.mark.parametrize("then", ["close", "reset"])
@pytest.mark.parametrize("before_body", [True, False])
def test_a_connection_that_ends_without_an_answer_is_in_doubt(server: Scripted, then: str, before_body: bool) -> None:
    server.say(Said(then=then, before_body=before_body))
    with pytest.raises(OutcomeUnknown):
        send(server)
    assert len(server.received) == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 200 OK\r\nContent-Le",
    ],
)
def test_an_answer_that_breaks_off_is_in_doubt(server: Scripted, raw: bytes) -> None:
    server.say(Said(raw, then="close"))
    with pytest.raises(OutcomeUnknown):
        send(server)


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-OpenSSH_9\r\n",
        b"\x00\xff\x00\xff\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    ],
)
def test_an_answer_that_is_not_http_is_in_doubt(server: Scripted, raw: bytes) -> None:
    server.say(Said(raw, then="close"))
    with pytest.raises(OutcomeUnknown):
        send(server)


def test_a_kept_connection_that_was_closed_in_time_is_replaced(server: Scripted) -> None:
    send(server)
    server.close_idle()
    time.sleep(0.05)
    assert send(server).status == 200
    assert (server.connections, len(server.received)) == (2, 2)


@pytest.mark.parametrize("reset", [False, True])
def test_a_kept_connection_that_turns_out_closed_is_in_doubt(
    server: Scripted, monkeypatch: pytest.MonkeyPatch, reset: bool
) -> None:
    """The peer's close and our write cross: what we wrote may have been read."""
    send(server)
    server.close_idle(reset=reset)
    time.sleep(0.05)
    monkeypatch.setattr(wire.Connection, "is_connected", True)
    with pytest.raises(OutcomeUnknown):
        send(server)
    assert len(server.received) == 1


def test_a_connection_that_idled_is_not_used_again(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_IDLE_S", 0.05)
    send(server)
    time.sleep(0.1)
    send(server)
    assert server.connections == 2


def test_a_failed_call_leaves_nothing_for_the_next(server: Scripted) -> None:
    server.say(answer(200, {"late": True}, delay_s=0.4), answer(200, {"mine": True}))
    with pytest.raises(OutcomeUnknown):
        send(server, timeout_s=0.2)
    assert send(server).body == b'{"mine":true}'


# --- sizes ------------------------------------------------------------------------------------------------------------


def bomb() -> bytes:
    return gzip.compress(b"\0" * 50_000_000)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 2_000_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 30,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2_000_000,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb()) + bomb(),
    ],
    ids=["length", "chunked", "until close", "compressed"],
)
def test_an_answer_that_is_too_long_is_in_doubt_and_not_kept(server: Scripted, raw: bytes) -> None:
    server.say(Said(raw, then="close"))
    with pytest.raises(OutcomeUnknown, match="longer than 1000000 bytes") as failure:
        Http([server.url], max_answer_bytes=1_000_000).send(post(server.url), timeout_s=5)
    assert failure.value.trace.http_status == 200


def test_a_compressed_answer_is_read(server: Scripted) -> None:
    server.say(answer(200, gzip.compress(b'{"id":"1"}'), {"Content-Encoding": "gzip"}))
    assert send(server).body == b'{"id":"1"}'


# --- silence ----------------------------------------------------------------------------------------------------------


def test_nothing_shows_the_token(server: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.say(answer(200, {"access_token": TOKEN}), Said(then="reset"), Said(b"HTTP/1.1 200 OK\r\nbroken\r\n\r\n{}"))
    request = post(server.url, query={"client_secret": TOKEN}, correlation_id="cid-9")
    given = Http([server.url]).send(request, timeout_s=2)
    with pytest.raises(ProviderFailure) as failure:
        Http([server.url]).send(request, timeout_s=2)
    said = f"{request!r} {given!r} {failure.value!r} {failure.value.__context__!r} {failure.value.__cause__!r}"
    logged = " ".join(f"{record.getMessage()} {record.args} {record.exc_text}" for record in caplog.records)
    assert TOKEN not in said + logged
    assert "/v1/posts" in logged
    assert any(getattr(record, "correlation_id", "") == "cid-9" for record in caplog.records)


# --- a body out of a file ---------------------------------------------------------------------------------------------


def test_a_part_of_a_file_goes_out_between_its_frame(server: Scripted) -> None:
    server.say(answer(200, {}))
    part = FilePart(BytesIO(b"0123456789" * 50_000), 100_000, 300_000, b"--b\r\n", b"\r\n--b--")
    Http([server.url]).send(Request("POST", f"{server.url}/up", body=part, content_type="video/mp4"), timeout_s=5)
    (heard,) = server.received
    assert heard.headers["content-length"] == "300012"
    assert "transfer-encoding" not in heard.headers
    assert heard.body == b"--b\r\n" + b"0123456789" * 30_000 + b"\r\n--b--"


def test_a_file_that_ends_early_breaks_the_call_off(server: Scripted) -> None:
    part = FilePart(BytesIO(b"short"), 0, 500_000)
    with pytest.raises(OutcomeUnknown):
        Http([server.url]).send(Request("POST", f"{server.url}/up", body=part), timeout_s=2)
    assert server.received == []


def test_a_file_is_read_in_blocks_while_it_is_sent(server: Scripted) -> None:
    class Counted(BytesIO):
        most = 0

        def read(self, size: int | None = -1) -> bytes:
            self.most = max(self.most, -1 if size is None else size)
            return super().read(size)

    server.say(answer(200, {}))
    file = Counted(bytes(2_000_000))
    Http([server.url]).send(Request("POST", f"{server.url}/up", body=FilePart(file, 0, 2_000_000)), timeout_s=5)
    assert 0 < file.most <= 65_536


def test_a_slow_reader_of_a_file_meets_the_deadline(server: Scripted) -> None:
    server.say(Said(delay_s=2.0, before_body=True))
    part = FilePart(BytesIO(bytes(50_000_000)), 0, 50_000_000)
    with within(0.5), pytest.raises(OutcomeUnknown):
        Http([server.url]).send(Request("POST", f"{server.url}/up", body=part), timeout_s=0.5)
