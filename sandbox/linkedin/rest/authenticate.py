"""Who calls: the bearer's token (linkedin 10.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.call import Call
from sandbox.linkedin import apps, tokens
from sandbox.linkedin.errors import EMPTY, INVALID, dead_token, malformed
from sandbox.linkedin.tokens import ACCESS, Token
from sandbox.port import App

if TYPE_CHECKING:
    from sandbox.world import World


def authenticate(world: World, call: Call) -> tuple[Token, App]:
    """The token in force and the app it was given to."""
    scheme, _, value = call.headers.get("authorization", "").partition(" ")
    if not scheme:
        raise dead_token(EMPTY)
    if scheme.lower() != "bearer":
        raise malformed("Unknown authentication schema", None, 401)
    token = tokens.find(world, value.strip())
    app = apps.find(world, token.app_id) if token is not None and token.kind == ACCESS else None
    if token is None or app is None:
        raise dead_token(INVALID)
    service = tokens.trouble(world, token)
    if service is not None:
        raise dead_token(service)
    return token, app
