"""How a person grants access: the 3-legged flow of both apps (linkedin 2)."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlencode

from pydantic import SecretStr

from core.provider_kit import hostile
from core.provider_kit.errors import ReconnectNeeded, Rejected, RetryLater
from core.provider_kit.types import Grant, OfferedAccount, Scope
from core.providers.linkedin import urns
from core.providers.linkedin.organizations import organizations
from core.providers.linkedin.rest import Reply, Rest
from core.providers.linkedin.settings import App, LinkedInSettings
from core.providers.linkedin.tokens import AGAIN, given, names


def _of_comments(name: str, breaks: str) -> Scope:
    return Scope(name, breaks, required=False, deed="comment", network="linkedin")


# What each permission is for; an app asks for those that its settings name (linkedin 2.8).
SCOPES: Final = (
    Scope("r_basicprofile", "LinkedIn doesn't tell Masthead who signed in."),
    Scope("rw_organization_admin", "Masthead can't list your Pages."),
    Scope("w_organization_social", "Masthead can't publish on your Pages."),
    Scope("r_organization_social", "Masthead can't check whether a post of a Page is live."),
    Scope("openid", "LinkedIn doesn't tell Masthead who signed in."),
    Scope("profile", "LinkedIn doesn't tell Masthead your name and picture."),
    Scope("email", "LinkedIn may refuse to tell Masthead who signed in.", required=False),
    Scope("w_member_social", "Masthead can't publish on your own profile."),
    # Comments want more than posts do (linkedin 2.8, 6.1 [S+]), and LinkedIn refuses a whole consent for one permission
    # that an app hasn't: asked, and comments offered, only where the operator names them in `SCOPES`.
    _of_comments("w_organization_social_feed", "Masthead can't comment under posts of your Pages."),
    _of_comments("r_organization_social_feed", "Masthead can't see whether its comment on a Page is there."),
    Scope("w_member_social_feed", "Masthead can't comment under your own posts.", required=False),
)
_OPTIONAL: Final = Scope(
    "w_member_social", "Masthead can't publish on your own profile, only on Pages.", required=False
)
_NOT_ALLOWED: Final = (
    "Masthead was not given the permission to publish on your own profile. Connect again and allow it."
)

_log = logging.getLogger(__name__)


class LinkedInLogin:
    """Grants of one app. Consent is all or nothing, so nothing is ever asked for a second time (linkedin 2.1)."""

    def __init__(self, settings: LinkedInSettings, rest: Rest, app: App) -> None:
        self._settings = settings
        self._rest = rest
        self._app = app
        self._by_openid = "openid" in app.scopes  # an app has OpenID or Community Management, never both (2.7, 2.9)

    @property
    def scopes(self) -> Sequence[Scope]:
        known = {scope.name: scope for scope in SCOPES}
        if not self._by_openid:  # Pages work without the member
            known["w_member_social"] = _OPTIONAL
        unknown = "Something that your operator has asked for doesn't work."
        return [known.get(name) or Scope(name, unknown, required=False) for name in self._app.scopes]

    @property
    def uses_pkce(self) -> bool:
        return False  # the web flow takes the app's secret instead (linkedin 2.6)

    @property
    def callback_errors(self) -> Mapping[str, str]:
        """What may come back instead of a code (linkedin 2.1); no words: the person said no."""
        return {
            "user_cancelled_login": "",
            "user_cancelled_authorize": "",
            "unauthorized_scope_error": "LinkedIn hasn't approved Masthead's app for all the permissions it asks for."
            " Your operator can name fewer in PROVIDER_LINKEDIN_SCOPES or PROVIDER_LINKEDIN_MEMBER_SCOPES.",
        }

    def authorize_url(
        self, *, redirect_uri: str, state: str, scopes: Sequence[str], code_challenge: str | None, ask_again: bool
    ) -> str:
        """The consent page's address (linkedin 2.1)."""
        del code_challenge, ask_again
        query = {
            "response_type": "code",
            "client_id": self._app.client_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "scope": " ".join(scopes),
        }
        return f"{self._settings.www_url}/oauth/v2/authorization?{urlencode(query, quote_via=quote)}"

    def exchange(self, *, code: str, redirect_uri: str, code_verifier: str | None) -> Grant:
        """Code -> token of 60 days, then who it is (linkedin 2.2, 2.7). Raises ProviderFailure."""
        del code_verifier
        asked_at = datetime.now(UTC)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        said = self._rest.sign_in("accessToken", self._app, form).body
        held = given(said, asked_at)
        # An answer without scopes gave what was asked (RFC 6749 5.1).
        granted = names(said.get("scope")) or frozenset(self._app.scopes)
        person = self._person(held.token, fresh=True)
        return Grant(
            provider_user_id=person.provider_account_id,
            name=person.name,
            token=held.token,
            scopes=granted,
            declined=frozenset(self._app.scopes) - granted,
            expires_at=held.expires_at,
            refresh_token=held.refresh_token,
            consent_ends_at=held.consent_ends_at,
        )

    def accounts(self, token: SecretStr) -> Sequence[OfferedAccount]:
        """The Pages, then the member; which of them by what was granted (linkedin 2.5, 3.1). Raises ProviderFailure."""
        end = time.monotonic() + self._settings.accounts_timeout_s
        scopes = self._granted(token)
        offered: list[OfferedAccount] = []
        if "rw_organization_admin" in scopes:
            offered += organizations(self._rest, self._settings, token, scopes, end)
        if "w_member_social" in self._app.scopes:
            member = self._person(token)
            allowed = "w_member_social" in scopes
            offered.append(member if allowed else replace(member, eligible=False, reason=_NOT_ALLOWED))
        return offered

    def revoke(self, token: SecretStr) -> None:
        """Give the token back as well as it goes. Raises what may pass: NotSent, RetryLater.

        The endpoint is in use but on no page of LinkedIn's (linkedin 2.5 [S]), so a no can't be mended from here.
        Members end the access at LinkedIn under Settings, Data privacy, Permitted services.
        """
        try:
            self._rest.sign_in("revoke", self._app, {"token": token.get_secret_value()})
        except (ReconnectNeeded, Rejected, RetryLater) as refused:
            status = refused.trace.http_status
            if status is None or status >= 500 or status == 429:
                raise
            _log.warning("LinkedIn took no token back", extra={"reason": refused.reason})

    def _granted(self, token: SecretStr) -> frozenset[str]:
        """What a token may do (linkedin 2.5 [P]). Raises ProviderFailure."""
        said = self._rest.sign_in("introspectToken", self._app, {"token": token.get_secret_value()}).body
        if said.get("active") is not True:
            raise ReconnectNeeded("LinkedIn says the access has ended.", how_to_fix=AGAIN)
        return names(said.get("scope"))

    def _person(self, token: SecretStr, *, fresh: bool = False) -> OfferedAccount:
        """The member behind a token. A `fresh` one may need some seconds until it works (linkedin 2.2 [S])."""
        try:
            return self._asked_person(token)
        except ReconnectNeeded as refused:
            if not fresh or refused.trace.code not in {"REVOKED_ACCESS_TOKEN", "65601"}:
                raise
        time.sleep(self._settings.fresh_token_pause_s)
        return self._asked_person(token)

    def _asked_person(self, token: SecretStr) -> OfferedAccount:
        reply = self._rest.user_info(token) if self._by_openid else self._rest.get("me", token=token)
        return _member(reply, self._settings.www_url)


def _member(reply: Reply, www_url: str) -> OfferedAccount:
    """A member out of /v2/userinfo or /rest/me (linkedin 2.7). Raises Rejected."""
    said = reply.body
    urn = urns.person(hostile.identifier(said.get("sub")) or hostile.identifier(said.get("id")) or "")
    if not urns.is_account(urn):
        raise Rejected("LinkedIn doesn't say clearly who signed in.", how_to_fix=AGAIN)
    vanity = hostile.identifier(said.get("vanityName"))
    parts = [hostile.line(said.get(f"localized{part}Name"), limit=100) for part in ("First", "Last")]
    return OfferedAccount(
        network="linkedin",
        provider_account_id=urn,
        name=hostile.line(said.get("name"), limit=200) or " ".join(filter(None, parts)) or "LinkedIn member",
        url=f"{www_url}/in/{vanity}" if vanity else None,
        picture_url=hostile.web_address(said.get("picture")),
        token=None,
        eligible=True,
    )
