"""What can be wrong with a LinkedIn app, its settings, and a connection (linkedin 1.2, 2, 3). Checks only read."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final
from urllib.parse import parse_qs, urlsplit

from core.infra.clock import now
from core.provider_kit import hostile
from core.provider_kit.diagnosis import Checks, Fault, Installation, Kind, KnownAccount, Standing
from core.provider_kit.errors import OutcomeUnknown, ProviderFailure, ReconnectNeeded, Rejected, RetryLater
from core.provider_kit.http import Answer, Http, Request
from core.providers.linkedin import urns
from core.providers.linkedin.oauth import LinkedInLogin
from core.providers.linkedin.organizations import MAY_POST, roles_of
from core.providers.linkedin.rest import Rest
from core.providers.linkedin.settings import App, LinkedInSettings
from core.providers.linkedin.tokens import names

_NO_TOKEN: Final = "masthead-doctor"  # noqa: S105 - what is no token: whoever gets it looks at the app first
_STRANGE_APP: Final = frozenset({"invalid_client", "invalid_client_id"})  # linkedin 2.3
_NOT_OPEN: Final = frozenset({"ACCESS_DENIED", "RESOURCE_NOT_FOUND"})  # linkedin 10.2: scope or product missing
_AGAIN: Final = "Connect again on Accounts."
_ENDED: Final = {"expired": "has run out", "revoked": "was taken back at LinkedIn"}  # linkedin 2.5


class LinkedInDiagnosis:
    """The doctor of one LinkedIn app (`provider_kit.diagnosis.Diagnosis`). `http` reaches the consent page."""

    def __init__(
        self, key: str, settings: LinkedInSettings, rest: Rest, oauth: LinkedInLogin, app: App, http: Http
    ) -> None:
        self.key = key
        self.settings = settings
        self.rest = rest
        self.oauth = oauth
        self.app = app
        self.http = http

    def setup(self, installation: Installation) -> Iterable[Fault]:
        return _SETUP.of(_Setup(self, installation), self.named)

    def connection(self, standing: Standing) -> Iterable[Fault]:
        return _CONNECTION.of(_Connection(self, standing), self.named)

    def named(self, failure: ProviderFailure) -> Fault | None:
        """Which fault a failed call stands for."""
        trace = failure.trace
        if trace.code in _STRANGE_APP:
            return Fault(
                Kind.SECRET,
                "LinkedIn doesn't accept the id or the secret of this app.",
                f"Copy both anew from developer.linkedin.com, the app's Auth tab, into {self._setting('CLIENT_ID')} and"
                f" {self._setting('CLIENT_SECRET')}.",
                ends=True,
                trace_id=trace.trace_id,
            )
        if trace.code == "NONEXISTENT_VERSION":
            return self.outdated()
        if isinstance(failure, ReconnectNeeded) and trace.http_status == 401:
            return Fault(Kind.TOKEN, failure.reason, _AGAIN, ends=True, trace_id=trace.trace_id)
        return None

    def outdated(self) -> Fault:
        """The version of the settings is not served."""
        api = self.settings.api
        fix = f"Set {api.setting} to a version that is in use, or unset it for the one Masthead was made for."
        return Fault(Kind.VERSION, f"LinkedIn doesn't serve version {api.version} of its interface.", fix, ends=True)

    def wrong_product(self, trace_id: str | None = None) -> Fault:
        """The app lacks what LinkedIn has to approve."""
        product = (
            "Sign In with LinkedIn using OpenID Connect and Share on LinkedIn"
            if "openid" in self.app.scopes
            else "the Community Management API"
        )
        return Fault(
            Kind.PRODUCT,
            "LinkedIn hasn't approved this app for all that Masthead asks of it.",
            f"Request {product} at developer.linkedin.com, the app's Products tab, or name fewer permissions in"
            f" {self._setting('SCOPES')}.",
            ends=True,
            trace_id=trace_id,
        )

    def _setting(self, name: str) -> str:
        return f"PROVIDER_{self.key.upper()}_{name}"


class _Setup:
    def __init__(self, doctor: LinkedInDiagnosis, installation: Installation) -> None:
        self.doctor = doctor
        self.installation = installation


class _Connection:
    """A connection, and what was learned of it."""

    def __init__(self, doctor: LinkedInDiagnosis, standing: Standing) -> None:
        self.doctor = doctor
        self.standing = standing
        self.scopes: frozenset[str] = frozenset()

    @cached_property
    def pages(self) -> dict[str, KnownAccount]:
        """The Pages that are connected here, by their number."""
        numbered = ((urns.organization_number(each.provider_account_id), each) for each in self.standing.accounts)
        return {number: each for number, each in numbered if number is not None}


_SETUP: Final[Checks[_Setup]] = Checks()
_CONNECTION: Final[Checks[_Connection]] = Checks()


@_SETUP
def _version_of_setup(asked: _Setup) -> Iterator[Fault]:
    return _version(asked.doctor)


@_SETUP
def _app_of_setup(asked: _Setup) -> Iterator[Fault]:
    return _app(asked.doctor)


@_SETUP
def _consent_page(asked: _Setup) -> Iterator[Fault]:
    """It says 401 to an unregistered address, and sends back at once what the app may not ask (2.1 [P], [O])."""
    doctor = asked.doctor
    address = doctor.oauth.authorize_url(
        redirect_uri=asked.installation.redirect_uri,
        state=_NO_TOKEN,
        scopes=doctor.app.scopes,
        code_challenge=None,
        ask_again=False,
    )
    answer = _page(doctor, address)
    sent_back = parse_qs(urlsplit(answer.headers.get("location", "")).query).get("error", [])
    words = answer.body.decode(errors="replace").lower()
    if "unauthorized_scope_error" in sent_back or (answer.status == 401 and "invalid scope" in words):
        yield doctor.wrong_product()
    elif answer.status == 401 and "redirect_uri" in words:
        yield Fault(
            Kind.REDIRECT,
            f"LinkedIn's sign-in doesn't take people back to {asked.installation.redirect_uri}.",
            "Enter exactly this address at developer.linkedin.com, the app's Auth tab, Authorized redirect URLs.",
        )


@_CONNECTION
def _version_of_connection(asked: _Connection) -> Iterator[Fault]:
    return _version(asked.doctor)


@_CONNECTION
def _app_of_connection(asked: _Connection) -> Iterator[Fault]:
    return _app(asked.doctor)


@_CONNECTION
def _token(asked: _Connection) -> Iterator[Fault]:
    """What the token endpoint says of it (2.5 [P])."""
    doctor, token = asked.doctor, asked.standing.token.get_secret_value()
    said = doctor.rest.sign_in("introspectToken", doctor.app, {"token": token}).body
    if said.get("active") is True:
        asked.scopes = names(said.get("scope"))
        return
    ended = _ENDED.get(hostile.line(said.get("status"), limit=20), "has ended, or was given to another app")
    yield Fault(Kind.TOKEN, f"The access to this connection {ended}.", _AGAIN, ends=True)


@_CONNECTION
def _scopes(asked: _Connection) -> Iterator[Fault]:
    """Consent is all or nothing, so what is missing was not asked when this connection was made (2.1)."""
    for scope in asked.doctor.oauth.scopes:
        if scope.name not in asked.scopes:
            words = f"{scope.breaks} ({scope.name} was not given)"
            yield Fault(Kind.SCOPE, words, _AGAIN, advice=not scope.required)


@_CONNECTION
def _product(asked: _Connection) -> Iterator[Fault]:
    """Who one is, by a permission that was given: refused all the same, the app has lost the product (2.9, 10.2)."""
    doctor, token = asked.doctor, asked.standing.token
    by_openid = "openid" in doctor.app.scopes
    if ("openid" if by_openid else "r_basicprofile") not in asked.scopes:
        return
    try:
        doctor.rest.user_info(token) if by_openid else doctor.rest.get("me", token=token)
    except (ReconnectNeeded, Rejected, RetryLater) as refused:
        if refused.trace.code not in _NOT_OPEN:
            raise
        yield doctor.wrong_product(refused.trace.trace_id)


@_CONNECTION
def _roles(asked: _Connection) -> Iterator[Fault]:
    """The person's approved roles on the connected Pages (3.1, 3.2)."""
    if not asked.pages or "rw_organization_admin" not in asked.scopes:
        return
    end = time.monotonic() + asked.doctor.settings.accounts_timeout_s
    roles = roles_of(asked.doctor.rest, asked.standing.token, end)
    for number, account in asked.pages.items():
        if not MAY_POST.intersection(roles.get(urns.organization(number), ())):
            words = f"The person who connected {account.name} has no role that may post on this Page."
            fix = "A super admin of the Page makes them super admin or content admin, or connects it instead."
            yield Fault(Kind.ROLE, words, fix)


@_CONNECTION
def _tier(asked: _Connection) -> Iterator[Fault]:
    """Several Pages in one call aren't open to an app in the Development tier (1.7, 2.9 [S+])."""
    if not asked.pages or "rw_organization_admin" not in asked.scopes:
        return
    numbers = list(asked.pages)[:2]
    try:
        asked.doctor.rest.get("organizations", token=asked.standing.token, method="BATCH_GET", query={"ids": numbers})
    except (ReconnectNeeded, Rejected) as refused:
        if refused.trace.http_status == 401:
            raise
        yield Fault(
            Kind.TIER,
            "The LinkedIn app is in the Development tier: 500 calls a day, 100 for each person, at most 12 months.",
            "Apply for the Standard tier at developer.linkedin.com, the app's Products tab.",
            advice=True,
            trace_id=refused.trace.trace_id,
        )


def _version(doctor: LinkedInDiagnosis) -> Iterator[Fault]:
    """A version is served for about a year, then refused (1.2 [P])."""
    if doctor.settings.api.ends_on <= now().date():
        yield doctor.outdated()


def _app(doctor: LinkedInDiagnosis) -> Iterator[Fault]:
    """Id and secret, by asking about what is no token: 401 for a bad secret, 400 for a bad id (2.5 [P])."""
    try:
        doctor.rest.sign_in("introspectToken", doctor.app, {"token": _NO_TOKEN})
    except (Rejected, ReconnectNeeded) as refused:
        fault = doctor.named(refused) if refused.trace.code in _STRANGE_APP else None
        if fault is None:
            raise
        yield fault


def _page(doctor: LinkedInDiagnosis, address: str) -> Answer:
    """A page for browsers, of any status. Raises NotSent and RetryLater."""
    try:
        return doctor.http.send(Request("GET", address), timeout_s=doctor.settings.call_timeout_s)
    except OutcomeUnknown as lost:
        reason, trace, health = lost.reason, lost.trace, lost.provider_health
    raise RetryLater(reason, trace=trace, provider_health=health)
