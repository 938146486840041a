"""`/oauth/access_token` and `/debug_token` (meta 2.2, 2.3, 2.5)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.answers import Kind
from sandbox.meta import consent, directory, instagram, tokens
from sandbox.meta.errors import GraphError, dead_token, invalid, malformed, unreadable_token
from sandbox.meta.facts import PAGE_SCOPES
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.tokens import APP, Token

if TYPE_CHECKING:
    from sandbox.world import World

TOKEN_PARAMETERS = frozenset({"client_id", "client_secret", "redirect_uri", "code", "grant_type", "fb_exchange_token"})
DEBUG_PARAMETERS = frozenset({"input_token"})


def access_token(request: GraphRequest) -> dict[str, Any]:
    """A token for a code, for another token, or for the app itself."""
    grant_type = request.text("grant_type")
    _check_app(request)
    if grant_type == "fb_exchange_token":
        return _exchange(request)
    if grant_type == "client_credentials":
        app = directory.app(request.world)
        return {"access_token": f"{app.client_id}|{app.client_secret}", "token_type": "bearer"}
    if grant_type not in (None, "authorization_code"):
        raise malformed(f"Invalid grant_type: {grant_type}")
    return _redeem(request)


def _check_app(request: GraphRequest) -> None:
    app = directory.app(request.world)
    for name in ("client_id", "client_secret"):
        if not request.text(name):
            raise malformed(f"Missing {name} parameter.")
    if request.parameters["client_id"] != app.client_id:
        raise GraphError(101, "Error validating application. Invalid application ID.")
    if not hmac.compare_digest(request.parameters["client_secret"].encode(), app.client_secret.encode()):
        raise GraphError(1, "Error validating client secret.", status=400)


def _redeem(request: GraphRequest) -> dict[str, Any]:
    """Code to short-lived user token: once, within ten minutes, with the same redirect_uri (meta 2.2)."""
    world = request.world
    for name in ("code", "redirect_uri"):
        if not request.text(name):
            raise malformed(f"Missing {name} parameter.")
    row = world.db.execute("select * from meta_code where code = ?", (request.parameters["code"],)).fetchone()
    if row is None:
        raise GraphError(100, "Invalid verification code format.")
    if row["used_at"] is not None:
        raise GraphError(100, "This authorization code has been used.", 36009)
    if row["expires_at"] <= world.now:
        raise GraphError(100, "This authorization code has expired.", 36007)
    if row["redirect_uri"] != request.parameters["redirect_uri"]:
        raise GraphError(
            100,
            "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in"
            " the OAuth dialog request",
            36008,
            kind=Kind.PROTOCOL,
        )
    with world.write():
        world.db.execute("update meta_code set used_at = ? where code = ?", (world.now, row["code"]))
        token = tokens.issue_user(world, row["app_id"], row["person_id"], long_lived=False)
    return _bearer(world, token)


def _exchange(request: GraphRequest) -> dict[str, Any]:
    """Short-lived to long-lived (meta 2.3)."""
    world = request.world
    token = tokens.find(world, request.text("fb_exchange_token") or "")
    if token is None or token.page_id is not None:
        raise unreadable_token()
    subcode = tokens.trouble(world, token)
    if subcode is not None:
        raise dead_token(subcode, token.app_id, token.expires_at, world.now)
    with world.write():
        longer = tokens.extend(world, token)
    return _bearer(world, longer)


def _bearer(world: World, token: Token) -> dict[str, Any]:
    return {
        "access_token": token.value,
        "token_type": "bearer",
        "expires_in": round(token.expires_at - world.now),
    }


def debug_token(request: GraphRequest) -> dict[str, Any]:
    """What a token is; for a dead one too, with HTTP 200 (meta 2.5)."""
    world = request.world
    value = request.text("input_token")
    if value is None:
        raise malformed("The parameter input_token is required")
    if request.caller.kind != APP:
        raise invalid(
            "You must provide an app access token, or a user access token that is an owner or developer of the app"
        )
    token = tokens.find(world, value)
    if token is None:
        return {
            "data": {"error": {"code": 190, "message": "Invalid OAuth access token."}, "is_valid": False, "scopes": []}
        }
    subcode = tokens.trouble(world, token)
    told: dict[str, Any] = {
        "app_id": token.app_id,
        "type": token.kind,
        "application": directory.APP_NAME,
        "expires_at": int(token.expires_at),
        "is_valid": subcode is None,
        "user_id": directory.user_id(world, token.person_id),
    }
    if token.page_id is not None:
        told["profile_id"] = token.page_id
    if subcode is not None:
        error = dead_token(subcode, token.app_id, token.expires_at, world.now)
        return {"data": {**told, "error": {"code": 190, "message": error.message, "subcode": subcode}, "scopes": []}}
    return {"data": {**told, **_rights(world, token)}}


def _rights(world: World, token: Token) -> Mapping[str, Any]:
    """Scopes, and for which Pages or Instagram accounts each holds; without target_ids it holds for all."""
    scopes = consent.granted(world, token.app_id, token.person_id)
    pages = consent.pages(world, token.app_id, token.person_id)
    granular: list[dict[str, Any]] = []
    for scope in scopes:
        if scope not in PAGE_SCOPES or pages is consent.ALL_PAGES:
            granular.append({"scope": scope})
            continue
        linked = [account.id for page in pages if (account := instagram.of_page(world, page))]
        granular.append({"scope": scope, "target_ids": linked if scope.startswith("instagram_") else pages})
    return {
        "issued_at": int(token.issued_at),
        "data_access_expires_at": int(consent.access_ends_at(world, token.app_id, token.person_id)),
        "scopes": scopes,
        "granular_scopes": granular,
    }
