"""What stands between the network and Streamlit: an ASGI middleware that no page needs to know of (CONSOLE 3.1).

1. 127.0.0.1 is sent to localhost, because sign-in works on the configured host alone.
2. The page that somebody wanted survives the sign-in; what went wrong in a sign-in is told on the sign-in page.
3. Addresses that nobody outside needs answer 404; files that pages hand out need a signed-in person.
4. Cookies are Secure on https, every answer carries the security headers, every page is ours (`console.shell`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import override

from console.shell import Shell

NEXT_COOKIE: Final = "masthead_next"
NEXT_MAX_AGE_S: Final = 600
NEXT_MAX_LENGTH: Final = 2_000
NOTICE: Final = "notice"

LOGIN: Final = "/auth/login"
LOGOUT: Final = "/auth/logout"
CALLBACK: Final = "/oauth2callback"
USER_COOKIE: Final = "_streamlit_user"

# Never a place to land on after signing in.
_NOT_A_PAGE: Final = (
    "/_stcore",
    "/auth",
    "/oauth2callback",
    "/media",
    "/static",
    "/component",
    "/app/static",
    "/readyz",
)
# Interfaces of Streamlit that nobody outside needs; uploads never pass through the console (PRODUCT 5).
_CLOSED: Final = ("/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/agent", "/_stcore/upload_file")
# Probes ask by address and must not be sent elsewhere.
_PROBES: Final = ("/readyz", "/_stcore/health")
_LOOPBACK: Final = ("127.0.0.1", "[::1]")
# Sec-Fetch-Site of a click here, of a typed address, and of a browser too old to say.
_OWN_CLICKS: Final = ("same-origin", "none", "")

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class EdgeFacts:
    """What the edge knows: the origin people open, the page and policy, and who may fetch handed-out files."""

    origin: str
    shell: Shell
    may_fetch_media: Callable[[Mapping[str, str]], bool]

    @property
    def secure(self) -> bool:
        """Whether people come by https."""
        return self.origin.startswith("https://")


class Edge:
    """The middleware. A websocket must name our exact origin: Streamlit's check ignores the port, as cookies do."""

    def __init__(self, app: ASGIApp, facts: EdgeFacts) -> None:
        self._app = app
        self._facts = facts
        self._localhost = urlsplit(facts.origin).hostname == "localhost"
        self._fixed = _security_headers(facts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and _origin(scope) not in (None, self._facts.origin):
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(scope)
        early = await self._answer_early(request)
        if early is not None:
            await early(scope, receive, self._guarded(request, send))
            return
        await self._app(scope, receive, self._guarded(request, send))

    async def _answer_early(self, request: _Request) -> Response | None:
        path = request.path
        if self._localhost and request.host_name in _LOOPBACK and path not in _PROBES:
            query = f"?{request.query}" if request.query else ""
            return RedirectResponse(f"{self._facts.origin}{path}{query}", status_code=307)
        if path.startswith(_CLOSED):
            return PlainTextResponse("Not found", status_code=404)
        if path == LOGOUT and request.came_from not in _OWN_CLICKS:
            return RedirectResponse("/", status_code=303)
        if path.startswith("/media/"):
            # The check asks the database, so it must not hold up the event loop.
            allowed = await asyncio.to_thread(self._facts.may_fetch_media, request.cookies)
            if not allowed:
                return PlainTextResponse("Sign in first", status_code=403)
        return None

    def _guarded(self, request: _Request, send: Send) -> Send:
        ours: bytes | None = None
        sent = False

        async def wrapped(message: Message) -> None:
            nonlocal ours, sent
            if message["type"] == "http.response.start":
                message, ours = self._start(request, message)
            elif message["type"] == "http.response.body" and ours is not None:
                # Streamlit's body, compressed or not, is dropped; ours goes out as the first and only part.
                if sent:
                    return
                sent = True
                body = b"" if request.method == "HEAD" else ours
                message = {"type": "http.response.body", "body": body, "more_body": False}
            await send(message)

        return wrapped

    def _start(self, request: _Request, message: Message) -> tuple[Message, bytes | None]:
        headers: Headers = [(name.lower(), value) for name, value in message["headers"]]
        status: int = message["status"]
        body: bytes | None = None
        if status == 200 and _first(headers, b"content-type").startswith(b"text/html"):
            body = self._facts.shell.html
            headers = [*_without_body(headers), (b"content-type", b"text/html; charset=utf-8")]
            headers.append((b"cache-control", b"no-cache"))
        if request.path == LOGIN:
            if status == 400:
                # Streamlit's words for "the identity provider can't be reached" are a bare page.
                status, body = 302, b""
                headers = [*_without_body(headers), (b"location", f"/?{NOTICE}=provider".encode())]
            headers = self._remembering(request, headers)
        if request.path == CALLBACK:
            headers = self._arriving(request, headers)
        if body is not None:
            headers.append((b"content-length", str(len(body)).encode()))
        if self._facts.secure:
            headers = [(name, _secured(value) if name == b"set-cookie" else value) for name, value in headers]
        fixed = {name for name, _ in self._fixed}
        headers = [pair for pair in headers if pair[0] not in fixed] + self._fixed
        return {**message, "status": status, "headers": headers}, body

    def _remembering(self, request: _Request, headers: Headers) -> Headers:
        wanted = wanted_page(request.referer, self._facts.origin)
        if wanted is not None:
            value = f"{NEXT_COOKIE}={quote(wanted, safe='')}; Path={CALLBACK}; Max-Age={NEXT_MAX_AGE_S}"
            return [*headers, (b"set-cookie", f"{value}; HttpOnly; SameSite=Lax".encode())]
        return headers

    def _arriving(self, request: _Request, headers: Headers) -> Headers:
        if _first(headers, b"location") != b"/":
            return headers
        if _signs_in(headers):
            wanted = unquote(request.cookies.get(NEXT_COOKIE, ""))
            location = wanted if is_page(wanted) else "/"
            headers = [*headers, (b"set-cookie", _forgotten(NEXT_COOKIE, CALLBACK))]
        else:
            # The wish is kept: after a refusal or trouble the next try may still lead to it.
            location = f"/?{NOTICE}={_trouble(request.parameters)}"
        return [(name, location.encode() if name == b"location" else value) for name, value in headers]


class WithoutQuery(logging.Filter):
    """Cuts queries off uvicorn's access lines: they hold codes, states and invitations."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and len(record.args) >= 3 and isinstance(record.args[2], str):
            arguments: list[Any] = list(record.args)
            arguments[2] = record.args[2].partition("?")[0]
            record.args = tuple(arguments)
        return True


def is_page(address: str) -> bool:
    """Whether an address is one of our pages: on this origin, of sensible length, not a route of the machinery."""
    return (
        address.startswith("/")
        and not address.startswith("//")
        and len(address) <= NEXT_MAX_LENGTH
        and "\\" not in address
        and address.isprintable()
        and not unquote(address.partition("?")[0]).startswith(_NOT_A_PAGE)
    )


def wanted_page(referer: str, origin: str) -> str | None:
    """The page of ours from which somebody pressed Sign in, without its notice; None when it is just the front door."""
    try:
        parts = urlsplit(referer)
    except ValueError:
        return None
    if f"{parts.scheme}://{parts.netloc}" != origin:
        return None
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != NOTICE]
    address = (parts.path or "/") + (f"?{urlencode(kept)}" if kept else "")
    return address if address != "/" and is_page(address) else None


class _Request:
    """The few things the edge asks of a request."""

    def __init__(self, scope: Scope) -> None:
        self._headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        self.path: str = scope["path"]
        self.method: str = scope["method"]
        self.query: str = scope.get("query_string", b"").decode("latin-1")

    @property
    def host_name(self) -> str:
        host: str = self._headers.get("host", "")
        return host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]

    @property
    def referer(self) -> str:
        referer: str = self._headers.get("referer", "")
        return referer

    @property
    def came_from(self) -> str:
        """What the browser says of the page behind the request: same-origin, cross-site, ... or nothing."""
        site: str = self._headers.get("sec-fetch-site", "")
        return site

    @property
    def parameters(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def cookies(self) -> dict[str, str]:
        return cookie_parser(self._headers.get("cookie", ""))


def _origin(scope: Scope) -> str | None:
    """The origin that a browser names; None where it names none, which no browser does for a websocket."""
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"), None)


def _security_headers(facts: EdgeFacts) -> Headers:
    headers = [
        (b"content-security-policy", facts.shell.policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ]
    if facts.secure:
        headers.append((b"strict-transport-security", b"max-age=31536000"))
    return headers


def _first(headers: Headers, wanted: bytes) -> bytes:
    return next((value for name, value in headers if name == wanted), b"")


def _without_body(headers: Headers) -> Headers:
    of_the_body = {b"content-length", b"content-encoding", b"content-type", b"etag", b"last-modified", b"cache-control"}
    return [pair for pair in headers if pair[0] not in of_the_body]


def _signs_in(headers: Headers) -> bool:
    starts = f"{USER_COOKIE}=".encode()
    return any(
        name == b"set-cookie" and value.startswith(starts) and not value.startswith((starts + b'""', starts + b";"))
        for name, value in headers
    )


def _trouble(parameters: Mapping[str, str]) -> str:
    if parameters.get("error") == "access_denied":
        return "declined"
    return "trouble" if {"error", "code", "state"} & parameters.keys() else "signed-out"


def _secured(cookie: bytes) -> bytes:
    return cookie if b"; secure" in cookie.lower() else cookie + b"; Secure"


def _forgotten(name: str, path: str) -> bytes:
    return f"{name}=; Path={path}; Max-Age=0; HttpOnly; SameSite=Lax".encode()
