"""Who calls: the token, whether it still works, and its proof (meta 0.2, 2.7, 2.8)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.answers import Kind
from sandbox.call import Call
from sandbox.meta import app_mode, directory, tokens
from sandbox.meta.errors import GraphError, dead_token, in_development, invalid, malformed, no_token, unreadable_token
from sandbox.meta.facts import PROOF_TIME_S
from sandbox.meta.tokens import APP, PAGE, USER, Token

if TYPE_CHECKING:
    from sandbox.world import World

NOBODY = "NOBODY"
SCHEMES = ("bearer", "oauth")


@dataclass(frozen=True, slots=True)
class Caller:
    """The bearer of a token. `kind` is USER, PAGE, APP, or NOBODY where a call needs no token."""

    kind: str
    app_id: str
    token: Token | None = None

    @property
    def value(self) -> str:
        """The token's characters, as paging links repeat them."""
        return self.token.value if self.token else ""

    @property
    def bearer(self) -> Token:
        """The token of a person or Page; routes that use it let nobody else in."""
        if self.token is None:
            raise no_token(me=False)
        return self.token


def authenticate(world: World, call: Call, parameters: Mapping[str, str], me: bool, proven: bool = True) -> Caller:
    """Check token and proof; the order is Meta's: a dead token is told before a missing proof [G].

    `proven`: whether a proof is demanded where the app demands one; one that is sent must be right.
    """
    value = _token_value(call, parameters)
    if not value:
        raise no_token(me)
    app = directory.app(world)
    if "|" in value:
        return _as_app(value, app.client_id, app.client_secret)
    token = tokens.find(world, value)
    if token is None:
        raise unreadable_token()
    subcode = tokens.trouble(world, token)
    if subcode is not None:
        raise dead_token(subcode, token.app_id, token.expires_at, world.now)
    if not app_mode.works_for(world, token.person_id):
        raise in_development()
    if proven or "appsecret_proof" in parameters:
        _check_proof(world, parameters, value, app.client_secret)
    return Caller(PAGE if token.kind == PAGE else USER, token.app_id, token)


def _token_value(call: Call, parameters: Mapping[str, str]) -> str:
    """`access_token=` or `Authorization: Bearer`; two that differ are refused."""
    scheme, _, bearer = call.headers.get("authorization", "").partition(" ")
    if scheme and scheme.lower() not in SCHEMES:
        raise malformed("Invalid request: the Authorization header is not Bearer")
    given = parameters.get("access_token", "")
    if bearer and given and bearer != given:
        raise malformed("Invalid request: the header and the parameter carry different access tokens")
    return given or bearer.strip()


def _as_app(value: str, app_id: str, secret: str) -> Caller:
    """`{app-id}|{app-secret}` (meta 2.3); it carries the secret, so it needs no proof."""
    given_id, _, given_secret = value.partition("|")
    if given_id != app_id:
        raise GraphError(190, "Error validating application. Cannot get application info due to a system error.")
    if not hmac.compare_digest(given_secret.encode(), secret.encode()):
        raise GraphError(190, "Invalid OAuth access token signature.")
    return Caller(APP, app_id)


def _check_proof(world: World, parameters: Mapping[str, str], value: str, secret: str) -> None:
    """Check appsecret_proof (meta 2.8). A proof that is sent must be right, also when the app doesn't demand one."""
    proof = parameters.get("appsecret_proof")
    if proof is None:
        if world.option("meta", "require_appsecret_proof") == "true":
            raise GraphError(100, "API calls from the server require an appsecret_proof argument", kind=Kind.PROTOCOL)
        return
    message = value
    if at := parameters.get("appsecret_time"):
        if not at.isdigit() or abs(world.now - int(at)) > PROOF_TIME_S:
            raise invalid("Invalid appsecret_time provided in the API argument")
        message = f"{value}|{at}"
    expected = hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(proof.encode(), expected.encode()):
        raise GraphError(100, "Invalid appsecret_proof provided in the API argument", kind=Kind.PROTOCOL)
