"""How LinkedIn is called and how its answers are read (linkedin 1.1 to 1.7, 2.2 to 2.5, 5.1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from core.provider_kit import hostile, throttle
from core.provider_kit.begin_by import BeginBy
from core.provider_kit.errors import OutcomeUnknown, ProviderFailure, RetryLater
from core.provider_kit.http import Answer, FilePart, Http, Request
from core.provider_kit.types import VisibleCall
from core.providers.linkedin import urns
from core.providers.linkedin.failures import Purpose, failure, trace_id
from core.providers.linkedin.settings import App, LinkedInSettings

JSON = "application/json"


class AddressEnded(RetryLater):
    """An address for an upload is wrong or over: a new one must be asked for."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A yes of LinkedIn. Bodies may hold tokens, so it shows only its status. `made`: the id of what a POST created."""

    status: int
    body: Mapping[str, Any] = field(repr=False)
    made: str | None
    trace_id: str | None


class Rest:
    """LinkedIn's interfaces at the addresses and in the version of the settings; any app's tokens."""

    def __init__(self, settings: LinkedInSettings, http: Http) -> None:
        self._settings = settings
        self._http = http

    def url(self, path: str) -> str:
        """The address of a path of the versioned interface."""
        return self._settings.api_url + path

    def get(
        self,
        *segments: str,
        token: SecretStr,
        method: str = "GET",
        query: Mapping[str, urns.Query] | None = None,
        timeout_s: float | None = None,
        correlation_id: str = "",
    ) -> Reply:
        """Read something; `method` is Rest.li's name of the way. Raises ProviderFailure, but never OutcomeUnknown."""
        # The query is part of the address: a client that encodes it again breaks its lists (linkedin 1.5).
        asked = f"?{urns.query(query)}" if query else ""
        request = Request(
            "GET",
            self.url(urns.path(*segments)) + asked,
            headers=self._headers(method),
            token=token,
            correlation_id=correlation_id,
        )
        return self._safe(request, timeout_s, [token.get_secret_value()])

    def act(
        self,
        resource: str,
        action: str,
        body: Mapping[str, Any],
        *,
        token: SecretStr,
        correlation_id: str,
        timeout_s: float | None = None,
        empty_is_yes: bool = False,
    ) -> Reply:
        """Rest.li's ACTION, of those that make nothing visible. Raises ProviderFailure, but never OutcomeUnknown."""
        request = Request(
            "POST",
            f"{self.url(urns.path(resource))}?{urns.query({'action': action})}",
            body=json.dumps(body).encode(),
            content_type=JSON,
            headers=self._headers("ACTION"),
            token=token,
            correlation_id=correlation_id,
        )
        return self._safe(request, timeout_s, [token.get_secret_value()], empty_is_yes=empty_is_yes)

    def is_upload(self, address: str) -> bool:
        """Whether files may go to an address that LinkedIn named: below the setting's alone."""
        return address.startswith(f"{self._settings.upload_url}/")

    def upload(
        self,
        address: str,
        content: FilePart,
        mime: str,
        *,
        token: SecretStr,
        sends_token: bool,
        timeout_s: float,
        correlation_id: str,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """PUT (a part of) a file where LinkedIn said; again is harmless. `made`: the ETag it got.

        Raises ProviderFailure, but never OutcomeUnknown; AddressEnded where that address takes nothing any more.
        """
        request = Request(
            "PUT",
            address,
            body=content,
            content_type=mime,
            headers=headers or {},
            token=token if sends_token else None,
            correlation_id=correlation_id,
        )
        answer = self._answer(request, timeout_s)
        if answer.status in {401, 403}:  # the address is wrong or has expired, whatever the token (linkedin 10.2 [G])
            raise AddressEnded("LinkedIn no longer takes the file at the address it gave.")
        if not 200 <= answer.status < 300:
            raise self._refusal(answer, Purpose.READ, [token.get_secret_value()])
        return Reply(answer.status, {}, answer.headers.get("etag"), trace_id(answer.headers))

    def change(
        self,
        *segments: str,
        method: str,
        body: Mapping[str, Any],
        token: SecretStr,
        timeout_s: float,
        correlation_id: str,
    ) -> Reply:
        """POST once beside a live post, in everybody's sight; a yes may be empty. Raises ProviderFailure."""
        request = Request(
            "POST",
            self.url(urns.path(*segments)),
            body=json.dumps(body).encode(),
            content_type=JSON,
            headers=self._headers(method),
            token=token,
            correlation_id=correlation_id,
        )
        answer = self._http.send(request, timeout_s=timeout_s)
        said = _object(answer, empty_is_yes=True)
        if said is None or not 200 <= answer.status < 300:
            raise self._refusal(answer, Purpose.CHANGE, [token.get_secret_value()])
        return Reply(answer.status, said, _made(answer), trace_id(answer.headers))

    def delete(self, *segments: str, token: SecretStr, timeout_s: float, correlation_id: str) -> Reply:
        """Take something away; again is harmless (linkedin 4.5). Raises ProviderFailure, but never OutcomeUnknown."""
        request = Request(
            "DELETE",
            self.url(urns.path(*segments)),
            headers=self._headers("DELETE"),
            token=token,
            correlation_id=correlation_id,
        )
        return self._safe(request, timeout_s, [token.get_secret_value()], empty_is_yes=True)

    def publish(
        self, call: VisibleCall, *, token: SecretStr, timeout_s: float, begin_by: BeginBy | None, correlation_id: str
    ) -> Reply:
        """Send the one call that makes a post visible. Raises ProviderFailure."""
        request = Request(
            call.method,
            call.url,
            body=call.body,
            content_type=call.content_type,
            headers=self._headers("CREATE"),
            token=token,
            correlation_id=correlation_id,
        )
        answer = self._http.send(request, timeout_s=timeout_s, begin_by=begin_by)
        if not 200 <= answer.status < 300:
            raise self._refusal(answer, Purpose.PUBLISH, [token.get_secret_value()])
        return Reply(answer.status, {}, _made(answer), trace_id(answer.headers))

    def user_info(self, token: SecretStr, *, timeout_s: float | None = None, correlation_id: str = "") -> Reply:
        """Who a member is by OpenID; unversioned, and no Rest.li (linkedin 2.7). Raises ProviderFailure."""
        request = Request("GET", f"{self._settings.api_url}/v2/userinfo", token=token, correlation_id=correlation_id)
        return self._safe(request, timeout_s, [token.get_secret_value()])

    def sign_in(self, endpoint: str, app: App, form: Mapping[str, str]) -> Reply:
        """A call at /oauth/v2, which needs the app's secret and no token. Raises ProviderFailure."""
        secret = app.client_secret.get_secret_value()
        request = Request(
            "POST",
            f"{self._settings.www_url}/oauth/v2/{endpoint}",
            form={**form, "client_id": app.client_id, "client_secret": secret},
        )
        hidden = [value for name, value in form.items() if name in {"code", "token", "refresh_token"}]
        return self._safe(request, None, [secret, *hidden], empty_is_yes=endpoint == "revoke")

    def _headers(self, method: str) -> dict[str, str]:
        return {
            "Linkedin-Version": self._settings.version,
            "X-Restli-Protocol-Version": "2.0.0",
            "X-RestLi-Method": method,
        }

    def _safe(
        self, request: Request, timeout_s: float | None, secrets: list[str], *, empty_is_yes: bool = False
    ) -> Reply:
        answer = self._answer(request, timeout_s or self._settings.call_timeout_s)
        body = _object(answer, empty_is_yes=empty_is_yes)
        if body is None or not 200 <= answer.status < 300:
            raise self._refusal(answer, Purpose.READ, secrets)
        return Reply(answer.status, body, None, trace_id(answer.headers))

    def _refusal(self, answer: Answer, purpose: Purpose, secrets: list[str]) -> ProviderFailure:
        refusal = failure(answer, purpose, secrets=secrets, www_url=self._settings.www_url)
        throttle.refused(refusal.limit, trouble=refusal.provider_health)
        return refusal

    def _answer(self, request: Request, timeout_s: float) -> Answer:
        """What came of a call that may be made again. Raises NotSent and RetryLater."""
        lost: OutcomeUnknown | None = None
        try:
            return self._http.send(request, timeout_s=timeout_s)
        except OutcomeUnknown as unknown:
            lost = unknown
        raise RetryLater(lost.reason, trace=lost.trace, provider_health=lost.provider_health)


def _object(answer: Answer, *, empty_is_yes: bool) -> Mapping[str, Any] | None:
    """The object in an answer; None: it can't be read."""
    if empty_is_yes and not answer.body.strip():
        return {}
    try:
        return hostile.json_object(answer.body)
    except ValueError:
        return None


def _made(answer: Answer) -> str | None:
    """The id of what was created (linkedin 1.4)."""
    return answer.headers.get("x-restli-id") or answer.headers.get("x-linkedin-id")
