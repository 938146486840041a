"""The OpenID provider as the sandbox sees it: its endpoints by path, and its words for faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sandbox.answers import HTML, Answer, Kind, as_json, as_page, redirect
from sandbox.call import Call
from sandbox.encoding import BadEncoding
from sandbox.faults.model import Fault, Mode
from sandbox.look.templates import render
from sandbox.oidc import store, tokens
from sandbox.oidc.authorize import SESSION_COOKIE, authorize
from sandbox.oidc.errors import OpenIdError, UnsafeRedirect, with_parameters
from sandbox.port import StandIn

if TYPE_CHECKING:
    from sandbox.world import World

FORGET = f"{SESSION_COOKIE}=; Path=/oidc; Max-Age=0; HttpOnly; SameSite=Lax"


def discovery(world: World, call: Call) -> Answer:
    """OpenID Connect Discovery 3."""
    issuer = tokens.issuer(world)
    return as_json(
        {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "jwks_uri": f"{issuer}/jwks",
            "end_session_endpoint": f"{issuer}/end_session",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
            "claims_supported": [
                "sub",
                "iss",
                "aud",
                "exp",
                "iat",
                "auth_time",
                "nonce",
                "email",
                "email_verified",
                "name",
            ],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "prompt_values_supported": ["none", "login", "select_account"],
        }
    )


def jwks(world: World, call: Call) -> Answer:
    """The public half of the signing key."""
    return as_json({"keys": [store.signing_key(world).as_dict(private=False)]})


def end_session(world: World, call: Call) -> Answer:
    """Sign out here, and go back where the client asked if that is a place of the console (RP-Initiated Logout 1.0)."""
    parameters = call.query or call.form
    back = parameters.get("post_logout_redirect_uri")
    console = world.settings.console_url
    if back is not None and back != console and not back.startswith(f"{console}/"):
        raise UnsafeRedirect(f"The post_logout_redirect_uri must lie under {console}")
    with world.write():
        store.end_session(world, call.cookies.get(SESSION_COOKIE, ""))
    state = {"state": parameters["state"]} if "state" in parameters else {}
    if back is None:
        answer = as_page(render("oidc/notice.html", title="You are signed out", text="You can close this window."))
    else:
        answer = redirect(with_parameters(back, state) if state else back)
    answer.headers.append(("Set-Cookie", FORGET))
    return answer


ENDPOINTS: Mapping[str, tuple[frozenset[str], Callable[[World, Call], Answer]]] = {
    "/.well-known/openid-configuration": (frozenset({"GET"}), discovery),
    "/authorize": (frozenset({"GET", "POST"}), authorize),
    "/token": (frozenset({"POST"}), tokens.token),
    "/userinfo": (frozenset({"GET", "POST"}), tokens.userinfo),
    "/jwks": (frozenset({"GET"}), jwks),
    "/end_session": (frozenset({"GET", "POST"}), end_session),
}


async def answer(world: World, call: Call) -> Answer:
    """Answer one call to the provider."""
    methods, endpoint = ENDPOINTS.get(call.rest, (frozenset[str](), discovery))
    if not methods:
        return Answer(404, b"Not found", HTML, kind=Kind.PROTOCOL)
    if call.method not in methods:
        return Answer(405, b"Method not allowed", HTML, [("Allow", ", ".join(sorted(methods)))], Kind.PROTOCOL)
    try:
        return endpoint(world, call)
    except OpenIdError as error:
        return error.as_json()
    except UnsafeRedirect as problem:
        return problem.as_page()
    except BadEncoding as problem:
        return OpenIdError("invalid_request", str(problem)).as_json()


def _refused(world: World, call: Call, fault: Fault) -> Answer:
    message = str(fault.args.get("message", "The provider refuses, as asked."))
    return OpenIdError("access_denied", message, int(fault.number("status", 400))).as_json()


def _server_error(world: World, call: Call, fault: Fault) -> Answer:
    message = str(fault.args.get("message", "The provider failed, as asked."))
    return OpenIdError("server_error", message, int(fault.number("status", 500))).as_json()


def _busy(world: World, call: Call, fault: Fault) -> Answer:
    return OpenIdError("temporarily_unavailable", "Too many requests.", int(fault.number("status", 429))).as_json()


def _dead_token(world: World, call: Call, fault: Fault) -> Answer:
    return OpenIdError("invalid_token", "The access token was revoked.", 401).as_json()


def _not_found(world: World, call: Call, fault: Fault) -> Answer:
    return Answer(404, b"Not found", HTML)


STAND_IN = StandIn(
    key="oidc",
    hosts=("oidc",),
    tables=store.TABLES,
    make=store.make,
    apps=lambda world: (store.app(world),),
    answer=answer,
    spoil={
        Mode.REFUSE: _refused,
        Mode.REFUSED_BUT_LIVE: _refused,
        Mode.DUPLICATE_REFUSED: _refused,
        Mode.SCOPE_MISSING: _refused,
        Mode.ERROR_BEFORE: _server_error,
        Mode.ERROR_AFTER: _server_error,
        Mode.RATE_LIMITED: _busy,
        Mode.TOKEN_REVOKED: _dead_token,
        Mode.NOT_FOUND_ONCE: _not_found,
    },
)
