"""Refusals in the words of OAuth 2 and OpenID Connect."""

from __future__ import annotations

from urllib.parse import urlencode

from sandbox.answers import Answer, Kind, as_json, as_page, redirect
from sandbox.look.templates import render

NO_STORE = [("Cache-Control", "no-store"), ("Pragma", "no-cache")]
# Errors that a correct client never causes.
PROTOCOL = frozenset(
    {"invalid_request", "invalid_client", "unsupported_grant_type", "unsupported_response_type", "invalid_scope"}
)


class OpenIdError(Exception):
    """A refusal that goes back as JSON (token endpoint) or as a redirect (authorization endpoint)."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status

    @property
    def kind(self) -> Kind:
        """A bug of the client, or a refusal that can happen to a correct one?"""
        return Kind.PROTOCOL if self.error in PROTOCOL else Kind.REFUSED

    def as_json(self) -> Answer:
        """The answer of the token endpoint (RFC 6749 5.2)."""
        headers = list(NO_STORE)
        if self.status == 401:
            scheme = "Basic" if self.error == "invalid_client" else f'Bearer error="{self.error}"'
            headers.append(("WWW-Authenticate", f'{scheme} realm="sandbox"' if scheme == "Basic" else scheme))
        return as_json({"error": self.error, "error_description": self.description}, self.status, self.kind, headers)

    def as_redirect(self, redirect_uri: str, state: str | None) -> Answer:
        """The answer of the authorization endpoint (OpenID Connect Core 3.1.2.6)."""
        parameters = {"error": self.error, "error_description": self.description}
        return redirect(with_parameters(redirect_uri, {**parameters, **({"state": state} if state else {})}), self.kind)


class UnsafeRedirect(Exception):
    """The client or its address is not one we know, so the browser must not be sent anywhere."""

    def as_page(self) -> Answer:
        """Tell the person instead."""
        page = render("oidc/notice.html", title="This sign-in link is not valid", text=str(self))
        return as_page(page, 400, Kind.PROTOCOL)


def with_parameters(url: str, parameters: dict[str, str]) -> str:
    """Append parameters to an address that may already have some."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}"
