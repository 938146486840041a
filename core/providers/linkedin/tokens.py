"""How a grant of LinkedIn's is kept alive, and what its token is still worth (linkedin 2.2, 2.4, 2.5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import SecretStr

from core.provider_kit import hostile
from core.provider_kit.errors import ReconnectNeeded, RetryLater
from core.provider_kit.types import Renewed, TokenFacts
from core.providers.linkedin.rest import Rest
from core.providers.linkedin.settings import App

AGAIN: Final = "Press Connect again."
_LONGEST_LIFE_S: Final = 10 * 365 * 86_400
_ENDED: Final[Mapping[str, str]] = {
    "expired": "The access to this account has run out.",
    "revoked": "The access to this account was taken back at LinkedIn.",
}


class LinkedInTokens:
    """Tokens of one app. Only an app that LinkedIn approved for it gets refresh tokens (linkedin 2.4)."""

    def __init__(self, rest: Rest, app: App) -> None:
        self._rest = rest
        self._app = app

    @property
    def needs_refresh_token(self) -> bool:
        return True

    def renew(self, token: SecretStr, refresh_token: SecretStr | None) -> Renewed:
        """By the refresh token, which prolongs no consent; the answer says until when. Raises ProviderFailure."""
        del token
        if refresh_token is None:
            raise ReconnectNeeded("LinkedIn gave nothing to renew this access by.", how_to_fix=AGAIN)
        asked_at = datetime.now(UTC)
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token.get_secret_value()}
        return given(self._rest.sign_in("accessToken", self._app, form).body, asked_at)

    def look(self, token: SecretStr) -> TokenFacts:
        """By introspection. Raises ProviderFailure."""
        said = self._rest.sign_in("introspectToken", self._app, {"token": token.get_secret_value()}).body
        if not isinstance(said.get("active"), bool):
            raise RetryLater("LinkedIn doesn't say whether the access is valid.")
        if said["active"] is False:
            words = _ENDED.get(hostile.line(said.get("status"), limit=20), "LinkedIn says the access has ended.")
            raise ReconnectNeeded(words, how_to_fix=AGAIN)
        return TokenFacts(scopes=names(said.get("scope")), expires_at=hostile.instant(said.get("expires_at")))


def given(body: Mapping[str, Any], asked_at: datetime) -> Renewed:
    """What /oauth/v2/accessToken gave, to a code or a refresh token; lives count from when it was asked.

    Raises RetryLater for an answer without a token.
    """
    token = body.get("access_token")
    if not isinstance(token, str) or not token:
        raise RetryLater("LinkedIn's answer holds no access.", how_to_fix=AGAIN)
    refresh_token = body.get("refresh_token")
    return Renewed(
        token=SecretStr(token),
        expires_at=_end(asked_at, body.get("expires_in")),
        refresh_token=SecretStr(refresh_token) if isinstance(refresh_token, str) and refresh_token else None,
        consent_ends_at=_end(asked_at, body.get("refresh_token_expires_in")),
    )


def names(value: Any) -> frozenset[str]:
    """Scopes of an answer: documents separate them by spaces, real answers by commas (linkedin 2.2)."""
    parts = re.split(r"[ ,]+", value) if isinstance(value, str) else []
    return frozenset(name for name in map(hostile.identifier, parts) if name)


def _end(asked_at: datetime, lives_s: object) -> datetime | None:
    seconds = hostile.whole(lives_s)
    return asked_at + timedelta(seconds=seconds) if seconds and 0 < seconds < _LONGEST_LIFE_S else None
