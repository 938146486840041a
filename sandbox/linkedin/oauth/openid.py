"""OpenID Connect of the sign-in product: id token, keys, discovery (linkedin 1.1, 2.2)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from joserfc import jwt
from joserfc.jwk import RSAKey

from sandbox.answers import Answer, as_json
from sandbox.call import Call
from sandbox.linkedin.facts import WWW
from sandbox.linkedin.rest.profile import claims
from sandbox.linkedin.tokens import Token
from sandbox.port import App

if TYPE_CHECKING:
    from sandbox.world import World

KEY_FACT = "linkedin.key"
KEY_BITS = 2048
LIFETIME_S = 3_600


def _root(world: World) -> str:
    return f"{world.settings.own_url}/{WWW}/oauth"


def id_token(world: World, app: App, token: Token) -> str:
    """Who the member is, signed."""
    now = int(world.now)
    told = claims(world, token)
    told |= {"iss": _root(world), "aud": app.client_id, "iat": now, "exp": now + LIFETIME_S}
    key = _key(world)
    return jwt.encode({"alg": "RS256", "kid": key.kid or ""}, told, key)


def keys(world: World, call: Call) -> Answer:
    """`/oauth/openid/jwks`."""
    return as_json({"keys": [_key(world).as_dict(private=False)]})


def discovery(world: World, call: Call) -> Answer:
    """`/oauth/.well-known/openid-configuration`."""
    root = _root(world)
    return as_json(
        {
            "issuer": root,
            "authorization_endpoint": f"{root}/v2/authorization",
            "token_endpoint": f"{root}/v2/accessToken",
            "userinfo_endpoint": f"{world.settings.own_url}/api.linkedin.com/v2/userinfo",
            "jwks_uri": f"{root}/openid/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "profile", "email"],
        }
    )


def _key(world: World) -> RSAKey:
    """Made when it is first needed; it outlives a reset, so that what was signed stays verifiable."""
    if not world.fact(KEY_FACT):
        made = RSAKey.generate_key(KEY_BITS, {"use": "sig", "alg": "RS256"}, auto_kid=True)
        with world.write():
            world.set_fact(KEY_FACT, made.as_pem(private=True).decode())
    return _load(world.fact(KEY_FACT))


@lru_cache(maxsize=2)
def _load(pem: str) -> RSAKey:
    key = RSAKey.import_key(pem, {"use": "sig", "alg": "RS256"})
    key.ensure_kid()
    return key
