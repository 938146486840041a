"""What stands before every address: the sandbox is for programs and people of this machine.

Any page in the world can make a browser send requests to a port of this machine, and a name of its own can be made to
lead here. So only names of this machine are served, nobody's page may frame ours or run scripts in them, and the
control interface is for tools: what a page of another origin sends there is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OWN_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
CONTROL: Final = "/_sandbox/"
_OWN_PAGES: Final = frozenset({"same-origin", "none"})
# No form-action: a form here leads to the console's or ingest's callback, which browsers count as its target too.
_FOR_PAGES: Final = (
    (
        b"content-security-policy",
        (
            b"default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'; base-uri 'none';"
            b" frame-ancestors 'none'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)


class Guard:
    """The middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        refused = _refusal(scope["method"], scope["path"], headers)
        await (refused or self._app)(scope, receive, _with_headers(send))


def _refusal(method: str, path: str, headers: Mapping[bytes, str]) -> PlainTextResponse | None:
    name = headers.get(b"host", "")
    name = name.partition("]")[0] + "]" if name.startswith("[") else name.partition(":")[0]
    if name.lower() not in OWN_NAMES:
        return PlainTextResponse("Ask for localhost.\n", 421)
    by_a_page = headers.get(b"sec-fetch-site", "none") not in _OWN_PAGES
    if path.startswith(CONTROL) and method not in ("GET", "HEAD") and by_a_page:
        return PlainTextResponse("The control interface is for tools, not for pages.\n", 403)
    return None


def _with_headers(send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            kind = next((value for name, value in message["headers"] if name == b"content-type"), b"")
            if kind.startswith(b"text/html"):
                message = {**message, "headers": [*message["headers"], *_FOR_PAGES]}
        await send(message)

    return wrapped
