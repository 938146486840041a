"""How somebody lets us speak for a hall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from core.providers.town.settings import TownSettings
from pydantic import SecretStr

from core.provider_kit import hostile
from core.provider_kit.errors import OutcomeUnknown, ReconnectNeeded, RetryLater
from core.provider_kit.http import Answer, Http, Request
from core.provider_kit.types import Grant, OfferedAccount, Scope

_OK = 200


class TownLogin:
    """The town's consent: a code for a token, and the halls that it reaches."""

    scopes: Sequence[Scope] = (Scope("cry", "Nothing can be posted without it."),)
    uses_pkce = False
    callback_errors: Mapping[str, str] = {}

    def __init__(self, settings: TownSettings, http: Http) -> None:
        self._settings = settings
        self._http = http

    def authorize_url(
        self, *, redirect_uri: str, state: str, scopes: Sequence[str], code_challenge: str | None, ask_again: bool
    ) -> str:
        """Where to send the browser."""
        query = {
            "app": self._settings.client_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "scope": " ".join(scopes),
        }
        return f"{self._settings.town_url}/consent?{urlencode(query)}"

    def exchange(self, *, code: str, redirect_uri: str, code_verifier: str | None) -> Grant:
        """A code for a token."""
        secret = self._settings.client_secret.get_secret_value()
        body = self._json(
            Request("POST", f"{self._settings.town_url}/token", form={"code": code, "client_secret": secret})
        )
        return Grant(
            provider_user_id=str(body["user"]),
            name=str(body["name"]),
            token=SecretStr(str(body["access_token"])),
            scopes=frozenset({"cry"}),
            declined=frozenset(),
            expires_at=None,
        )

    def accounts(self, token: SecretStr) -> Sequence[OfferedAccount]:
        """Every hall the token reaches."""
        body = self._json(Request("GET", f"{self._settings.town_url}/halls", token=token))
        return [
            OfferedAccount("town", str(hall["id"]), str(hall["name"]), None, None, None, eligible=True)
            for hall in map(hostile.mapping, hostile.items(body.get("halls")))
        ]

    def revoke(self, token: SecretStr) -> None:
        """Give the token back."""
        self._json(Request("POST", f"{self._settings.town_url}/revoke", form={}, token=token))

    def _json(self, request: Request) -> Mapping[str, object]:
        answer: Answer | None = None
        try:
            answer = self._http.send(request, timeout_s=10)
        except OutcomeUnknown as lost:
            reason = lost.reason
        if answer is None:
            raise RetryLater(reason)
        if answer.status != _OK:
            raise ReconnectNeeded("The town refused.")
        return hostile.json_object(answer.body)
