"""The token endpoint and userinfo: what a code is worth."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from joserfc import jwt

from sandbox import people
from sandbox.answers import Answer, as_json
from sandbox.call import FORM, Call
from sandbox.oidc import store
from sandbox.oidc.errors import NO_STORE, OpenIdError

if TYPE_CHECKING:
    from sandbox.world import World

TOKEN_LIFETIME_S = 3_600
PARAMETERS = frozenset({"grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier"})


def issuer(world: World) -> str:
    """The name of this provider; every address of it begins so."""
    return f"{world.settings.own_url}/oidc"


def token(world: World, call: Call) -> Answer:
    """Exchange a code for an id token and an access token."""
    if call.media_type != FORM:
        raise OpenIdError("invalid_request", f"The body must be {FORM}.")
    form: Mapping[str, str] = call.form
    _authenticate(world, call, form)
    if form.get("grant_type") != "authorization_code":
        raise OpenIdError("unsupported_grant_type", "Only grant_type=authorization_code is offered.")
    if missing := {"code", "redirect_uri"} - form.keys():
        raise OpenIdError("invalid_request", f"Missing: {', '.join(sorted(missing))}.")
    # The person signs in on the real clock: the console checks iat and exp against it, whatever the networks' time is.
    now = world.clock.real()
    with world.write():
        grant = store.use_code(world, form["code"], now)
    if grant is None:
        raise OpenIdError("invalid_grant", "The code is unknown, expired or was used before.")
    if form["redirect_uri"] != grant.redirect_uri:
        raise OpenIdError("invalid_grant", "The redirect_uri differs from the one of the authorization request.")
    _check_verifier(grant, form.get("code_verifier"))
    with world.write():
        access_token = store.new_token(world, form["code"], grant, now + TOKEN_LIFETIME_S)
    answer = {
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": TOKEN_LIFETIME_S,
        "scope": grant.scope,
        "id_token": _id_token(world, grant, int(now)),
    }
    return as_json(answer, headers=NO_STORE)


def userinfo(world: World, call: Call) -> Answer:
    """Who the bearer of an access token is."""
    scheme, _, value = call.headers.get("authorization", "").partition(" ")
    row = store.find_token(world, value, world.clock.real()) if scheme.lower() == "bearer" else None
    if row is None:
        raise OpenIdError("invalid_token", "The access token is missing, unknown or expired.", 401)
    return as_json(claims(world, row["person_id"], row["scope"]), headers=NO_STORE)


def claims(world: World, person_id: str, scope: str) -> dict[str, Any]:
    """What a scope tells about a person (OpenID Connect Core 5.4)."""
    person = people.find(world.db, person_id)
    if person is None:
        raise OpenIdError("invalid_token", "The person is gone.", 401)
    scopes = scope.split()
    told: dict[str, Any] = {"sub": person.id}
    if "email" in scopes:
        told |= {"email": person.email, "email_verified": person.email_verified}
    if "profile" in scopes:
        told |= {"name": person.name, "preferred_username": person.email.partition("@")[0]}
    return told


def _id_token(world: World, grant: store.Grant, now: int) -> str:
    key = store.signing_key(world)
    content = {
        "iss": issuer(world),
        "aud": store.CLIENT_ID,
        "iat": now,
        "exp": now + TOKEN_LIFETIME_S,
        **({} if grant.asked_at is None else {"auth_time": int(grant.asked_at)}),
        **({"nonce": grant.nonce} if grant.nonce else {}),
        **claims(world, grant.person_id, grant.scope),
    }
    return jwt.encode({"alg": "RS256", "kid": key.kid}, content, key)


def _authenticate(world: World, call: Call, form: Mapping[str, str]) -> None:
    """client_secret_basic or client_secret_post, never both (RFC 6749 2.3)."""
    if unknown := form.keys() - PARAMETERS:
        raise OpenIdError("invalid_request", f"Unknown parameters: {', '.join(sorted(unknown))}.")
    header = call.headers.get("authorization")
    if header and "client_secret" in form:
        raise OpenIdError("invalid_request", "The client authenticates in two ways at once.")
    client_id, secret = _basic(header) if header else (form.get("client_id", ""), form.get("client_secret", ""))
    app = store.app(world)
    known = hmac.compare_digest(secret.encode(), app.client_secret.encode()) and client_id == app.client_id
    if not known or form.get("client_id", client_id) != client_id:
        raise OpenIdError("invalid_client", "The client is unknown or its secret is wrong.", 401)


def _basic(header: str) -> tuple[str, str]:
    scheme, _, value = header.partition(" ")
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as problem:
        raise OpenIdError("invalid_client", "The Authorization header can't be read.", 401) from problem
    if scheme.lower() != "basic":
        raise OpenIdError("invalid_client", "Only Basic is understood here.", 401)
    return unquote_plus(user), unquote_plus(password)


def _check_verifier(grant: store.Grant, verifier: str | None) -> None:
    """PKCE, S256 only (RFC 7636 4.6); a verifier without a challenge means that the request was tampered with."""
    expected = grant.challenge
    given = base64.urlsafe_b64encode(hashlib.sha256((verifier or "").encode()).digest()).rstrip(b"=").decode()
    if bool(expected) != bool(verifier) or (expected and not hmac.compare_digest(given, expected)):
        raise OpenIdError("invalid_grant", "The code_verifier doesn't fit the code_challenge.")
