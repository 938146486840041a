"""`accessToken`, `introspectToken`, `revoke`: what an app's server asks (linkedin 2.2 to 2.5)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.answers import Answer, Kind, as_json
from sandbox.call import FORM, Call
from sandbox.encoding import BadEncoding
from sandbox.linkedin import apps, tokens
from sandbox.linkedin.errors import EXPIRED, OAuthError
from sandbox.linkedin.oauth.openid import id_token
from sandbox.linkedin.tokens import REFRESH, Token
from sandbox.port import App

if TYPE_CHECKING:
    from sandbox.world import World

NO_STORE = (("Cache-Control", "no-cache, no-store"),)
CODE_PARAMETERS = ("code", "redirect_uri")
STALE = (
    "Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code. Or"
    " authorization code expired. Or external member binding exists"
)


def access_token(world: World, call: Call) -> Answer:
    """A token for a code, or for a refresh token."""
    form = _form(call)
    grant_type = _need(form, "grant_type")
    if grant_type not in ("authorization_code", "refresh_token"):
        raise OAuthError(400, "unsupported_grant_type", f"Grant type {grant_type} is not supported", Kind.PROTOCOL)
    for name in CODE_PARAMETERS if grant_type == "authorization_code" else ("refresh_token",):
        _need(form, name)
    app = _app(world, form)
    told = _redeem(world, app, form) if grant_type == "authorization_code" else _renew(world, app, form)
    return as_json(told, headers=NO_STORE)


def introspect(world: World, call: Call) -> Answer:
    """What a token is, access or refresh; another app's is just not active (2.5)."""
    form = _form(call)
    value = _need(form, "token")
    app = _app(world, form)
    token = tokens.find(world, value)
    if token is None or token.app_id != app.client_id:
        return as_json({"active": False})
    trouble = tokens.trouble(world, token)
    status = "active" if trouble is None else "expired" if trouble == EXPIRED else "revoked"
    told: dict[str, Any] = {
        "active": trouble is None,
        "status": status,
        "client_id": token.app_id,
        "scope": ",".join(sorted(token.scopes)),
        "authorized_at": int(token.consent.at),
        "created_at": int(token.issued_at),
        "expires_at": int(token.expires_at),
        "auth_type": "3L",
    }
    return as_json(told, headers=NO_STORE)


def revoke(world: World, call: Call) -> Answer:
    """End a token. No page of LinkedIn describes it (14.2): an unknown token is no error here."""
    form = _form(call)
    value = _need(form, "token")
    app = _app(world, form)
    token = tokens.find(world, value)
    if token is not None and token.app_id == app.client_id:
        with world.write():
            tokens.revoke(world, token)
    return Answer(200, b"", "application/json")


def _form(call: Call) -> Mapping[str, str]:
    if call.media_type != FORM or call.query_string:
        raise OAuthError(400, "invalid_request", f"The parameters must come in a body of {FORM}", Kind.PROTOCOL)
    try:
        return call.form
    except BadEncoding as problem:
        raise OAuthError(400, "invalid_request", str(problem), Kind.PROTOCOL) from problem


def _need(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        description = f'A required parameter "{name}" is missing'
        raise OAuthError(400, "invalid_request", description, Kind.PROTOCOL)
    return form[name]


def _app(world: World, form: Mapping[str, str]) -> App:
    client_id, secret = _need(form, "client_id"), _need(form, "client_secret")
    app = apps.find(world, client_id)
    if app is None:
        raise OAuthError(400, "invalid_client_id", f'The passed in client_id is invalid "{client_id}"')
    if not hmac.compare_digest(secret.encode(), app.client_secret.encode()):
        raise OAuthError(401, "invalid_client", "Client authentication failed")
    return app


def _redeem(world: World, app: App, form: Mapping[str, str]) -> dict[str, Any]:
    """Once, within 30 minutes, by the same app with the same redirect_uri."""
    row = world.db.execute("select * from linkedin_code where code = ?", (form["code"],)).fetchone()
    if row is None or row["used_at"] is not None:
        raise OAuthError(401, "invalid_request", "Unable to retrieve access token: authorization code not found")
    same = (row["app_id"], row["redirect_uri"]) == (app.client_id, form["redirect_uri"])
    if not same or row["expires_at"] <= world.now:
        raise OAuthError(400, "invalid_redirect_uri", STALE, Kind.REFUSED if same else Kind.PROTOCOL)
    with world.write():
        world.db.execute("update linkedin_code set used_at = ? where code = ?", (world.now, row["code"]))
        grant = tokens.issue(world, app, row["person_id"], row["scopes"].split(","))
    told = grant.as_answer(world.now)
    if "openid" in grant.access.scopes:
        told["id_token"] = id_token(world, app, grant.access)
    return told


def _renew(world: World, app: App, form: Mapping[str, str]) -> dict[str, Any]:
    token = tokens.find(world, form["refresh_token"])
    if not _can_renew(world, app, token) or token is None:
        description = "The provided authorization grant or refresh token is invalid, expired or revoked"
        raise OAuthError(400, "invalid_request", description)
    with world.write():
        grant = tokens.renew(world, token)
    return grant.as_answer(world.now)


def _can_renew(world: World, app: App, token: Token | None) -> bool:
    if token is None or token.kind != REFRESH or token.app_id != app.client_id:
        return False
    return tokens.trouble(world, token) is None
