"""How a grant of Meta's is kept alive, and what its token is still worth (meta 2.3, 2.5, 2.6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import SecretStr

from core.provider_kit import hostile
from core.provider_kit.errors import RetryLater
from core.provider_kit.types import Renewed, TokenFacts
from core.providers.meta.grants import inspect, permissions
from core.providers.meta.graph import Graph, Reply

AGAIN: Final = "Press Connect again."
_LONGEST_LIFE_S: Final = 10 * 365 * 86_400


class MetaTokens:
    """Long-lived tokens of people. Those of Pages follow from them and have no date of their own (meta 2.4)."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    @property
    def needs_refresh_token(self) -> bool:
        return False  # there is none: the living token itself is exchanged (meta 2.3)

    def renew(self, token: SecretStr, refresh_token: SecretStr | None) -> Renewed:
        """Exchange the living token; Meta may give the same one with a later end ([G]). Raises ProviderFailure."""
        del refresh_token
        return exchanged(self._graph, token)

    def look(self, token: SecretStr) -> TokenFacts:
        """By /debug_token, and /me/permissions, where what was declined or lapsed is said. Raises ProviderFailure."""
        held = inspect(self._graph, token)
        granted, _ = permissions(self._graph, token)
        return TokenFacts(
            scopes=granted & held.scopes,
            expires_at=held.expires_at,
            data_access_expires_at=held.data_access_expires_at,
        )


def exchanged(graph: Graph, token: SecretStr) -> Renewed:
    """A long-lived token for a short-lived one, or for a long-lived one that lives. Raises ProviderFailure."""
    asked_at = datetime.now(UTC)
    asked = {"grant_type": "fb_exchange_token", "fb_exchange_token": token.get_secret_value()}
    reply = graph.exchange(asked, post=False)
    lives_s = hostile.whole(reply.body.get("expires_in"))
    ends = asked_at + timedelta(seconds=lives_s) if lives_s and 0 < lives_s < _LONGEST_LIFE_S else None
    return Renewed(token=token_of(reply), expires_at=ends)


def token_of(reply: Reply) -> SecretStr:
    """The token of an answer of /oauth/access_token. Raises RetryLater."""
    token = reply.body.get("access_token")
    if not isinstance(token, str) or not token:
        raise RetryLater("Facebook's answer holds no access.", how_to_fix=AGAIN)
    return SecretStr(token)
