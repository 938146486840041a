"""How a Graph API call is made and how its answer is read (meta 0.2, 2.8, 10.1)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from core.provider_kit import hostile, throttle
from core.provider_kit.begin_by import BeginBy
from core.provider_kit.errors import OutcomeUnknown, RetryLater
from core.provider_kit.http import Answer, FilePart, Http, Request
from core.provider_kit.types import VisibleCall
from core.providers.meta.failures import FACEBOOK, Purpose, Speaker, failure
from core.providers.meta.settings import MetaSettings
from core.providers.meta.usage import budgets, usage


@dataclass(frozen=True, slots=True)
class Reply:
    """A yes of the Graph API. Bodies hold tokens, so it shows only its status."""

    status: int
    body: Mapping[str, Any] = field(repr=False)
    usage: Mapping[str, Any]
    trace_id: str | None


class Graph:
    """One Meta app at the Graph API; failures speak in the name of `speaker`."""

    def __init__(self, settings: MetaSettings, http: Http, speaker: Speaker = FACEBOOK) -> None:
        self._settings = settings
        self._http = http
        self._speaker = speaker

    def path(self, *segments: str) -> str:
        """`/v26.0/...` with every segment quoted."""
        return "/".join(("", self._settings.api_version, *(quote(segment, safe="") for segment in segments)))

    def url(self, path: str, host: str = "") -> str:
        """The address of a path, at another host of Meta's where one is given."""
        return (host or self._settings.graph_url) + path

    def app_token(self) -> SecretStr:
        """The app's own token, for /debug_token (meta 2.3)."""
        return SecretStr(f"{self._settings.client_id}|{self._settings.client_secret.get_secret_value()}")

    def proof(self, token: SecretStr) -> str:
        """`appsecret_proof` of a token: HMAC-SHA256 under the app's secret (meta 2.8)."""
        key = self._settings.client_secret.get_secret_value().encode()
        return hmac.new(key, token.get_secret_value().encode(), hashlib.sha256).hexdigest()

    def get(
        self,
        *segments: str,
        token: SecretStr,
        params: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
        correlation_id: str = "",
    ) -> Reply:
        """Read something. Raises ProviderFailure, but never OutcomeUnknown."""
        query = {**(params or {}), "appsecret_proof": self.proof(token)}
        url = self.url(self.path(*segments))
        request = Request("GET", url, query=query, token=token, correlation_id=correlation_id)
        return self._safe(request, timeout_s, self._secrets(token, query))

    def delete(
        self, *segments: str, token: SecretStr, timeout_s: float | None = None, correlation_id: str = ""
    ) -> Reply:
        """Take something away; again is harmless (meta 12). Raises ProviderFailure, but never OutcomeUnknown."""
        query = {"appsecret_proof": self.proof(token)}
        url = self.url(self.path(*segments))
        request = Request("DELETE", url, query=query, token=token, correlation_id=correlation_id)
        return self._safe(request, timeout_s, self._secrets(token, query))

    def make(
        self,
        *segments: str,
        token: SecretStr,
        timeout_s: float,
        form: Mapping[str, str] | None = None,
        body: bytes | FilePart | None = None,
        content_type: str = "",
        correlation_id: str = "",
        host: str = "",
    ) -> Reply:
        """Make something nobody sees; again is harmless (meta 12). Raises ProviderFailure, but never OutcomeUnknown."""
        query = {"appsecret_proof": self.proof(token)}
        request = Request(
            "POST",
            self.url(self.path(*segments), host),
            query=query,
            form=form,
            body=body,
            content_type=content_type,
            token=token,
            correlation_id=correlation_id,
        )
        return self._safe(request, timeout_s, self._secrets(token, query))

    def upload(
        self, address: str, part: FilePart, *, whole: int, token: SecretStr, timeout_s: float, correlation_id: str
    ) -> Reply:
        """Bytes to an address that Meta named (meta 4.6 [M:reels]); `whole` is the size of all of the file.

        Raises ProviderFailure, but never OutcomeUnknown.
        """
        headers = {
            "Authorization": f"OAuth {token.get_secret_value()}",
            "offset": str(part.offset),
            "file_size": str(whole),
        }
        request = Request(
            "POST",
            address,
            body=part,
            content_type="application/octet-stream",
            headers=headers,
            correlation_id=correlation_id,
        )
        return self._safe(request, timeout_s, self._secrets(token, {"appsecret_proof": self.proof(token)}))

    def change(
        self, *segments: str, token: SecretStr, form: Mapping[str, str], timeout_s: float, correlation_id: str
    ) -> Reply:
        """Write once beside a live post, in everybody's sight. Raises ProviderFailure."""
        query = {"appsecret_proof": self.proof(token)}
        url = self.url(self.path(*segments))
        request = Request("POST", url, query=query, form=form, token=token, correlation_id=correlation_id)
        answer = self._http.send(request, timeout_s=timeout_s)
        return self._reply(answer, Purpose.CHANGE, self._secrets(token, query))

    def exchange(self, params: Mapping[str, str], *, post: bool) -> Reply:
        """Call /oauth/access_token, which needs the app's secret and no token (meta 2.2, 2.3)."""
        query = {
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret.get_secret_value(),
            **params,
        }
        url = self.url(self.path("oauth", "access_token"))
        request = Request("POST", url, form=query) if post else Request("GET", url, query=query)
        public = {"client_id", "grant_type", "redirect_uri"}
        return self._safe(request, None, [value for name, value in query.items() if name not in public])

    def publish(
        self,
        call: VisibleCall,
        *,
        token: SecretStr,
        timeout_s: float,
        begin_by: BeginBy | None,
        correlation_id: str,
    ) -> Reply:
        """Send the one call that makes a post visible. Raises ProviderFailure."""
        query = {"appsecret_proof": self.proof(token)}
        request = Request(
            call.method,
            call.url,
            query=query,
            body=call.body,
            content_type=call.content_type,
            token=token,
            correlation_id=correlation_id,
        )
        answer = self._http.send(request, timeout_s=timeout_s, begin_by=begin_by)
        return self._reply(answer, Purpose.PUBLISH, self._secrets(token, query))

    def _safe(self, request: Request, timeout_s: float | None, secrets: list[str]) -> Reply:
        lost: OutcomeUnknown | None = None
        try:
            answer = self._http.send(request, timeout_s=timeout_s or self._settings.call_timeout_s)
        except OutcomeUnknown as unknown:
            lost = unknown
        if lost is not None:
            raise RetryLater(lost.reason, trace=lost.trace, provider_health=lost.provider_health)
        return self._reply(answer, Purpose.READ, secrets)

    def _secrets(self, token: SecretStr, query: Mapping[str, str]) -> list[str]:
        return [
            token.get_secret_value(),
            self._settings.client_secret.get_secret_value(),
            query["appsecret_proof"],
            query.get("input_token", ""),
        ]

    def _reply(self, answer: Answer, purpose: Purpose, secrets: list[str]) -> Reply:
        """A yes is a 2xx with an object that is neither an error nor `success: false` (meta 10.1)."""
        used = usage(answer.headers)
        throttle.hear(budgets(used))
        body: Mapping[str, Any] | None = None
        try:
            body = hostile.json_object(answer.body)
        except ValueError:
            if answer.body.strip() == b"true":  # what DELETE may answer (meta 14 row 12)
                body = {"success": True}
        envelope = None if body is None else hostile.mapping(body.get("error"))
        if body is not None and "debug_info" in body and "error" not in body:
            envelope = _of_an_upload(hostile.mapping(body["debug_info"]))
        no = body is None or "error" in body or "debug_info" in body or body.get("success") is False
        if body is None or no or not 200 <= answer.status < 300:
            refusal = failure(answer, purpose, speaker=self._speaker, envelope=envelope, secrets=secrets)
            throttle.refused(refusal.limit, trouble=refusal.provider_health)
            raise refusal
        trace_id = hostile.identifier(answer.headers.get("x-fb-trace-id"))  # seen in the field, in no document
        return Reply(answer.status, body, used, trace_id)


def _of_an_upload(debug: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the host for bytes says in its own form (meta 4.6, 5.2 [M:reels, M:ig-media]) as an error envelope."""
    kind, words = hostile.line(debug.get("type"), limit=60), hostile.line(debug.get("message"), limit=5_000)
    return {"message": f"{kind}: {words}", "is_transient": debug.get("retriable")}
