"""What the edge does to requests and answers, with a stand-in for Streamlit behind it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from urllib.parse import quote

import httpx
import pytest
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from console.edge import Edge, EdgeFacts, WithoutQuery, is_page, wanted_page
from console.shell import Shell

ORIGIN = "http://localhost:8501"
SHELL = Shell(html=b"<title>Masthead</title>", policy="default-src 'self'")


class Streamlit:
    """Answers as Streamlit does on the addresses that the edge looks at."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.signs_in = True
        self.provider_answers = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(scope["path"])
        await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        path = scope["path"]
        if path == "/auth/login":
            return RedirectResponse("https://id/authorize") if self.provider_answers else PlainTextResponse("x", 400)
        if path == "/oauth2callback":
            answer = RedirectResponse("/", status_code=302)
            if self.signs_in:
                answer.set_cookie("_streamlit_user", "claims", httponly=True)
            else:
                answer.delete_cookie("_streamlit_user")
            return answer
        if path.startswith(("/media", "/_stcore")):
            return PlainTextResponse("bytes")
        return HTMLResponse("<title>Streamlit</title>", headers={"etag": '"theirs"'})


@pytest.fixture
def streamlit() -> Streamlit:
    return Streamlit()


def ask(
    streamlit: Streamlit,
    path: str,
    *,
    origin: str = ORIGIN,
    host: str | None = None,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    may_fetch: bool = False,
) -> httpx.Response:
    edge = Edge(streamlit, EdgeFacts(origin, SHELL, lambda cookies: may_fetch))

    async def call() -> httpx.Response:
        url = f"{origin.partition('://')[0]}://{host}" if host else origin
        async with httpx.AsyncClient(transport=httpx.ASGITransport(edge), base_url=url) as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(call())


def test_every_page_is_ours_whatever_streamlit_sends(streamlit: Streamlit) -> None:
    answer = ask(streamlit, "/posts?state=draft")
    assert answer.text == "<title>Masthead</title>"
    assert answer.headers["content-length"] == str(len(SHELL.html))
    assert "etag" not in answer.headers
    assert answer.headers["cache-control"] == "no-cache"


def test_head_of_a_page_has_our_length_and_no_body(streamlit: Streamlit) -> None:
    answer = ask(streamlit, "/", method="HEAD")
    assert answer.headers["content-length"] == str(len(SHELL.html))
    assert answer.content == b""


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/media/1.png", "/auth/login", "/_stcore/metrics"])
def test_every_answer_carries_the_security_headers(streamlit: Streamlit, path: str) -> None:
    headers = ask(streamlit, path).headers
    assert headers["content-security-policy"] == SHELL.policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert "strict-transport-security" not in headers


def test_on_https_cookies_are_secure_and_the_browser_is_told_to_stay_there(streamlit: Streamlit) -> None:
    answer = ask(streamlit, "/oauth2callback?code=c&state=s", origin="https://console.example")
    assert all("; Secure" in each for each in answer.headers.get_list("set-cookie"))
    assert "max-age" in answer.headers["strict-transport-security"]


def test_on_http_cookies_are_left_as_they_are(streamlit: Streamlit) -> None:
    answer = ask(streamlit, "/oauth2callback?code=c&state=s")
    assert not any("Secure" in each for each in answer.headers.get_list("set-cookie"))


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "[::1]:8501"])
def test_an_address_in_numbers_is_sent_to_localhost_with_path_and_query(streamlit: Streamlit, host: str) -> None:
    answer = ask(streamlit, "/posts?state=draft", host=host)
    assert answer.status_code == 307
    assert answer.headers["location"] == f"{ORIGIN}/posts?state=draft"
    assert streamlit.asked == []


@pytest.mark.parametrize("path", ["/readyz", "/_stcore/health"])
def test_probes_may_come_by_number(streamlit: Streamlit, path: str) -> None:
    assert ask(streamlit, path, host="127.0.0.1:8501").status_code == 200


def test_a_public_origin_redirects_nobody(streamlit: Streamlit) -> None:
    assert ask(streamlit, "/", origin="https://console.example", host="127.0.0.1").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics",
        "/_stcore/script-health-check",
        "/_stcore/agent/interact",
        "/_stcore/agent/openapi.json",
        "/_stcore/upload_file/session/file",
    ],
)
def test_interfaces_that_nobody_outside_needs_are_not_there(streamlit: Streamlit, path: str) -> None:
    assert ask(streamlit, path, method="POST").status_code == 404
    assert streamlit.asked == []


def test_files_that_pages_hand_out_need_a_signed_in_person(streamlit: Streamlit) -> None:
    assert ask(streamlit, "/media/abc.csv").status_code == 403
    assert streamlit.asked == []
    assert ask(streamlit, "/media/abc.csv", may_fetch=True).text == "bytes"


def test_the_page_that_was_wanted_survives_the_sign_in(streamlit: Streamlit) -> None:
    begun = ask(streamlit, "/auth/login?provider=p", headers={"referer": f"{ORIGIN}/post?post=7"})
    (cookie,) = begun.headers.get_list("set-cookie")
    assert "HttpOnly" in cookie
    assert "Path=/oauth2callback" in cookie
    assert "SameSite=Lax" in cookie
    done = ask(streamlit, "/oauth2callback?code=c&state=s", headers={"cookie": cookie.partition(";")[0]})
    assert done.headers["location"] == "/post?post=7"
    assert any(each.startswith("masthead_next=;") for each in done.headers.get_list("set-cookie"))


@pytest.mark.parametrize(
    "referer",
    [
        "https://evil.example/post?post=7",
        f"{ORIGIN}.evil.example/post",
        f"{ORIGIN}/",
        f"{ORIGIN}/?notice=declined",
        f"{ORIGIN}//evil.example",
        f"{ORIGIN}/_stcore/metrics",
        f"{ORIGIN}/{'x' * 3000}",
        "http://[",
        "",
    ],
)
def test_only_pages_of_ours_are_remembered(streamlit: Streamlit, referer: str) -> None:
    assert "set-cookie" not in ask(streamlit, "/auth/login", headers={"referer": referer}).headers


@pytest.mark.parametrize(
    "wish", ["//evil.example", "/\\evil.example", "https://evil.example", "/auth/logout", "/a\r\nb", "", "posts"]
)
def test_a_forged_wish_leads_home(streamlit: Streamlit, wish: str) -> None:
    cookie = f"masthead_next={quote(wish, safe='')}"
    answer = ask(streamlit, "/oauth2callback?code=c&state=s", headers={"cookie": cookie})
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    ("query", "notice"),
    [
        ("?error=access_denied&state=s", "declined"),
        ("?error=server_error&state=s", "trouble"),
        ("?code=c&state=stale", "trouble"),
        ("", "signed-out"),
    ],
)
def test_what_went_wrong_is_told_and_the_wish_kept(streamlit: Streamlit, query: str, notice: str) -> None:
    streamlit.signs_in = False
    answer = ask(streamlit, f"/oauth2callback{query}", headers={"cookie": "masthead_next=%2Fposts"})
    assert answer.headers["location"] == f"/?notice={notice}"
    assert not any(each.startswith("masthead_next=") for each in answer.headers.get_list("set-cookie"))


def test_a_provider_that_does_not_answer_is_told_in_words(streamlit: Streamlit) -> None:
    streamlit.provider_answers = False
    answer = ask(streamlit, "/auth/login", headers={"referer": f"{ORIGIN}/posts"})
    assert answer.status_code == 302
    assert answer.headers["location"] == "/?notice=provider"
    assert answer.content == b""
    assert "masthead_next=%2Fposts" in answer.headers["set-cookie"]


def test_a_notice_is_no_part_of_the_wish() -> None:
    assert wanted_page(f"{ORIGIN}/?notice=declined&invitation=abc", ORIGIN) == "/?invitation=abc"


def test_a_path_that_only_begins_like_a_page_is_none() -> None:
    assert is_page("/posts?state=draft")
    assert not is_page("/media/x")
    assert not is_page("/readyz")


def test_access_lines_lose_code_and_state() -> None:
    record = logging.LogRecord("uvicorn.access", logging.INFO, "", 0, '%s - "%s %s HTTP/%s" %d', (), None)
    record.args = ("127.0.0.1:1", "GET", "/oauth2callback?code=abc&state=def", "1.1", 302)
    assert WithoutQuery().filter(record)
    assert record.getMessage() == '127.0.0.1:1 - "GET /oauth2callback HTTP/1.1" 302'


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_can_sign_nobody_out(streamlit: Streamlit, site: str) -> None:
    answer = ask(streamlit, "/auth/logout", headers={"sec-fetch-site": site})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "/auth/logout" not in streamlit.asked


def test_a_route_in_disguise_is_no_page() -> None:
    assert not is_page("/%61uth/logout")


@pytest.mark.parametrize(("origin", "comes_in"), [(ORIGIN, True), ("http://localhost:8503", False), ("null", False)])
def test_a_websocket_comes_from_our_own_origin(origin: str, comes_in: bool) -> None:
    reached: list[Scope] = []
    sent: list[str] = []

    async def behind(scope: Scope, receive: Receive, send: Send) -> None:
        reached.append(scope)

    async def send(message: Mapping[str, object]) -> None:
        sent.append(str(message["type"]))

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    edge = Edge(behind, EdgeFacts(origin=ORIGIN, shell=SHELL, may_fetch_media=lambda cookies: False))
    scope = {"type": "websocket", "path": "/_stcore/stream", "headers": [(b"origin", origin.encode())]}
    asyncio.run(edge(scope, receive, send))
    assert bool(reached) is comes_in
    assert (sent == ["websocket.close"]) is not comes_in
