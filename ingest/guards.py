"""Who may ask what: every view is marked `@public`, `@signed_in`, `@called_by_console` or `@signed_address`.

A test walks the URL map.

Before any view: the host must be ours. After: nothing is cached, framed, sniffed or referred.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec
from urllib.parse import urlsplit, urlunsplit

from flask import Flask, Response, current_app, g, redirect, request
from werkzeug.exceptions import Forbidden, MisdirectedRequest
from werkzeug.wrappers import Response as AnyResponse

from core.infra.actor import Actor
from core.infra.errors import NotAllowed, SignedOut
from core.infra.settings import Settings
from core.organizations.claims import session_key
from core.organizations.cookie import claims_from
from core.organizations.queries import signed_in as read_signed_in
from ingest import correlation
from ingest.page import STYLE_SOURCE

Parameters = ParamSpec("Parameters")
View = Callable[Parameters, AnyResponse]

ANY_HOST: Final = "any_host"
CALLED_BY: Final = "X-Masthead-Call"
UPLOAD_OFFSET: Final = "Upload-Offset"
_PERMANENTLY: Final = 308
_LOOPBACK: Final = ("127.0.0.1", "::1")
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src {STYLE_SOURCE}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def install(app: Flask, settings: Settings) -> None:
    """Check the host of every request and put the security headers on every answer."""
    own = {urlsplit(settings.ingest_url).netloc.lower(), f"localhost:{settings.port + 1}"}

    @app.before_request
    def _check_host() -> AnyResponse | None:
        view = app.view_functions.get(request.endpoint or "")
        host = request.host.lower()
        if host in own or getattr(view, "__guard__", None) == ANY_HOST:
            return None
        asked = urlsplit(f"//{host}")
        if asked.hostname in _LOOPBACK and request.method in ("GET", "HEAD"):
            # The console's cookie belongs to `localhost`, so 127.0.0.1 would look signed out (PRODUCT 2).
            there = urlsplit(request.url)._replace(scheme="http", netloc=f"localhost:{settings.port + 1}")
            return redirect(urlunsplit(there), _PERMANENTLY)
        raise MisdirectedRequest

    @app.after_request
    def _harden(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def public(*, any_host: bool = False) -> Callable[[View[Parameters]], View[Parameters]]:
    """Mark a view that anybody may ask; `any_host` for probes, which come by address."""

    def mark(view: View[Parameters]) -> View[Parameters]:
        view.__guard__ = ANY_HOST if any_host else "public"  # type: ignore[attr-defined]
        return view

    return mark


def signed_in(view: Callable[Concatenate[Actor, Parameters], AnyResponse]) -> View[Parameters]:
    """Give the view the actor behind the console's cookie, read anew. Answers SignedOut and NotAllowed in words."""

    @wraps(view)
    def guarded(*positional: Parameters.args, **named: Parameters.kwargs) -> AnyResponse:
        return view(_actor(), *positional, **named)

    guarded.__guard__ = "signed_in"  # type: ignore[attr-defined]
    return guarded


def called_by_console(view: Callable[Concatenate[Actor, Parameters], AnyResponse]) -> View[Parameters]:
    """As `signed_in`, for a script of the console: no other page can make a browser send this request.

    The header makes it one that browsers ask about first, and we allow the console's origin alone (`ingest.api.cors`);
    what changes something must come from there, too. Answers Forbidden.
    """

    @wraps(view)
    def guarded(*positional: Parameters.args, **named: Parameters.kwargs) -> AnyResponse:
        settings: Settings = current_app.config["MASTHEAD"]
        # A browser names no origin when a page reads from its own.
        origin = request.headers.get("Origin", settings.console_url if request.method in ("GET", "HEAD") else "")
        if request.headers.get(CALLED_BY) != "console" or origin != settings.console_url:
            raise Forbidden
        return view(_actor(), *positional, **named)

    guarded.__guard__ = "called_by_console"  # type: ignore[attr-defined]
    return guarded


def signed_address(view: View[Parameters]) -> View[Parameters]:
    """Mark a view whose address is itself the permission, which the view checks before anything else."""
    view.__guard__ = "signed_address"  # type: ignore[attr-defined]
    return view


def navigation(*, from_elsewhere: bool) -> None:
    """Refuse requests that no person's click made: images, frames, scripts, prefetches, HEAD.

    `from_elsewhere`: whether the click may have been on another site's page. Browsers of today say (Fetch Metadata);
    one that doesn't is let through, because this is a second lock. Raises Forbidden.
    """
    sent = request.headers
    purpose = sent.get("Sec-Purpose", "") + sent.get("Purpose", "")
    strange = (
        request.method != "GET"
        or sent.get("Sec-Fetch-Mode", "navigate") != "navigate"
        or sent.get("Sec-Fetch-Dest", "document") != "document"
        or "prefetch" in purpose
        or (not from_elsewhere and sent.get("Sec-Fetch-Site", "none") == "cross-site")
    )
    if strange:
        raise Forbidden


def _actor() -> Actor:
    settings: Settings = current_app.config["MASTHEAD"]
    claims = claims_from(request.cookies, settings)
    if claims is None:
        raise SignedOut
    found = read_signed_in(session_key(claims), correlation.current())
    if found is None:
        raise SignedOut
    if found.actor is None:
        raise NotAllowed("You belong to no organization yet. Ask an admin for an invitation.")
    g.actor = found.actor
    correlation.add(organization_id=found.actor.organization_id, actor=found.actor.label)
    return found.actor
