"""The authorization endpoint: checks the request, lets somebody pick a person, sends the browser back with a code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox import people
from sandbox.answers import Answer, as_page, redirect
from sandbox.call import Call
from sandbox.look.templates import render
from sandbox.oidc import store
from sandbox.oidc.errors import OpenIdError, UnsafeRedirect, with_parameters

if TYPE_CHECKING:
    from sandbox.world import World

SESSION_COOKIE = "sandbox_oidc"
CODE_LIFETIME_S = 60
MAX_AGE = re.compile(r"[0-9]{1,9}")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
PROMPTS = frozenset({"none", "login", "consent", "select_account"})
SHOWS_PICKER = frozenset({"login", "select_account", "consent"})


@dataclass(frozen=True, slots=True)
class Request:
    """A checked authorization request."""

    redirect_uri: str
    state: str | None
    scope: str
    nonce: str | None
    challenge: str | None
    prompts: frozenset[str]
    max_age: int | None


def authorize(world: World, call: Call) -> Answer:
    """GET shows the picker, or goes straight on when a session may be used; POST is the choice made on the picker."""
    parameters = call.query
    redirect_uri = _redirect_uri(world, parameters)
    state = parameters.get("state")
    try:
        request = _read(parameters, redirect_uri)
        session = _chosen(world, call, request)
    except OpenIdError as error:
        return error.as_redirect(redirect_uri, state)
    if session is None:
        return as_page(render("oidc/picker.html", client="Masthead", people=people.everybody(world.db)))
    return _send_back(world, request, session)


def _redirect_uri(world: World, parameters: Mapping[str, str]) -> str:
    """Before anything else: an address that isn't registered must never receive a redirect."""
    app = store.app(world)
    if parameters.get("client_id") != app.client_id:
        raise UnsafeRedirect("The client_id is not one that is registered here.")
    if parameters.get("redirect_uri") not in app.redirect_uris:
        raise UnsafeRedirect(f"The redirect_uri must be exactly {app.redirect_uris[0]}")
    return parameters["redirect_uri"]


def _read(parameters: Mapping[str, str], redirect_uri: str) -> Request:
    if parameters.get("response_type") != "code":
        raise OpenIdError("unsupported_response_type", "Only response_type=code is offered.")
    scope = parameters.get("scope", "")
    if "openid" not in scope.split():
        raise OpenIdError("invalid_scope", "The scope must contain openid.")
    challenge = parameters.get("code_challenge")
    method = parameters.get("code_challenge_method")
    if (challenge or method) and (method != "S256" or not CHALLENGE.fullmatch(challenge or "")):
        raise OpenIdError("invalid_request", "PKCE needs code_challenge_method=S256 and a 43 character challenge.")
    prompts = frozenset(parameters.get("prompt", "").split())
    if not prompts <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise OpenIdError("invalid_request", "This prompt is not one that OpenID Connect knows.")
    max_age = parameters.get("max_age")
    if max_age is not None and not MAX_AGE.fullmatch(max_age):
        raise OpenIdError("invalid_request", "The max_age must be a number of seconds.")
    return Request(
        redirect_uri=redirect_uri,
        state=parameters.get("state"),
        scope=scope,
        nonce=parameters.get("nonce"),
        challenge=challenge,
        prompts=prompts,
        max_age=None if max_age is None else int(max_age),
    )


def _chosen(world: World, call: Call, request: Request) -> store.Session | None:
    """The person to go on with, and when they were asked; None asks somebody to pick.

    Like `iat`, that is the real time, whatever the networks' time is.
    """
    now = world.clock.real()
    if call.method == "POST":
        if "cancel" in call.form:
            raise OpenIdError("access_denied", "The sign-in was cancelled.")
        person = people.find(world.db, str(call.form.get("person", "")))
        if person is None:
            raise OpenIdError("access_denied", "There is no such person.")
        return store.Session(person.id, now)
    known = store.find_session(world, call.cookies.get(SESSION_COOKIE, ""))
    if known is not None and request.max_age is not None and now - known.asked_at >= request.max_age:
        known = None
    if "none" in request.prompts and known is None:
        raise OpenIdError("login_required", "Nobody is signed in, or it is too long ago.")
    return None if request.prompts & SHOWS_PICKER else known


def _send_back(world: World, request: Request, session: store.Session) -> Answer:
    grant = store.Grant(
        person_id=session.person_id,
        redirect_uri=request.redirect_uri,
        scope=request.scope,
        nonce=request.nonce,
        challenge=request.challenge,
        asked_at=None if request.max_age is None else session.asked_at,  # OpenID Connect Core 2
    )
    with world.write():
        code = store.new_code(world, grant, world.clock.real() + CODE_LIFETIME_S)
        key = store.new_session(world, session)
    parameters = {"code": code, **({"state": request.state} if request.state is not None else {})}
    answer = redirect(with_parameters(request.redirect_uri, parameters))
    answer.headers.append(("Set-Cookie", f"{SESSION_COOKIE}={key}; Path=/oidc; HttpOnly; SameSite=Lax"))
    return answer
