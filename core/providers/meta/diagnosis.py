"""What can be wrong with a Meta app, its settings, and a connection (meta 1, 2, 8.4). Every check only reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final

from pydantic import SecretStr

from core.infra.clock import now
from core.provider_kit import hostile
from core.provider_kit.diagnosis import Checks, Fault, Installation, Kind, KnownAccount, Standing, media
from core.provider_kit.errors import OutcomeUnknown, ProviderFailure, ReconnectNeeded, Rejected, RetryLater
from core.provider_kit.http import Http, Request
from core.providers.meta.accounts import Page, pages
from core.providers.meta.grants import Inspected, inspect, permissions
from core.providers.meta.graph import Graph
from core.providers.meta.oauth import EVENTS_SCOPE, FacebookLogin
from core.providers.meta.settings import MetaSettings

_NO_CODE: Final = "masthead-doctor"  # what is no code of a sign-in: whoever gets it looks at the app first
_APP: Final = frozenset({"1", "101", "104"})  # meta 2.2, 10.2
_DEAD: Final = frozenset({"190", "102"})
_INSTAGRAM: Final = frozenset({"instagram_basic", "instagram_content_publish"})
# What tells of comments (meta 8.4, 8.5, 8.7). An Instagram account speaks through any field of its Page.
_FEED, _COMMENTS = "feed", "comments"
_AGAIN: Final = "Connect again on Accounts."


class MetaDiagnosis:
    """The doctor of one Meta app (`provider_kit.diagnosis.Diagnosis`)."""

    def __init__(self, settings: MetaSettings, graph: Graph, oauth: FacebookLogin, dialog: Http) -> None:
        self.settings = settings
        self.graph = graph
        self.oauth = oauth
        self.dialog = dialog

    def setup(self, installation: Installation) -> Iterable[Fault]:
        return _SETUP.of(_Setup(self, installation), _named)

    def connection(self, standing: Standing) -> Iterable[Fault]:
        return _CONNECTION.of(_Connection(self, standing), _named)


class _Setup:
    def __init__(self, doctor: MetaDiagnosis, installation: Installation) -> None:
        self.doctor = doctor
        self.installation = installation


class _Connection:
    """A connection, and what was learned of it, each asked once."""

    def __init__(self, doctor: MetaDiagnosis, standing: Standing) -> None:
        self.doctor = doctor
        self.standing = standing

    @cached_property
    def held(self) -> Inspected:
        """The token as Meta describes it. Raises ReconnectNeeded for a dead one."""
        return inspect(self.doctor.graph, self.standing.token)

    @cached_property
    def granted(self) -> frozenset[str]:
        """The permissions in force."""
        return permissions(self.doctor.graph, self.standing.token)[0] & self.held.scopes

    @cached_property
    def pages(self) -> dict[str, Page]:
        """The Pages that the grant reaches, by id."""
        doctor = self.doctor
        listed = pages(doctor.graph, doctor.settings, self.standing.token, self.held)
        return {page.page_id: page for page in listed}

    def connected(self, network: str) -> list[KnownAccount]:
        """The accounts of a network that stand on it here."""
        return [each for each in self.standing.accounts if each.network == network]


_SETUP: Final[Checks[_Setup]] = Checks()
_CONNECTION: Final[Checks[_Connection]] = Checks()


@_SETUP
def _version(asked: _Setup) -> Iterator[Fault]:
    """An outdated version isn't refused: Meta answers in the oldest that is left, perhaps otherwise (meta 1 [G])."""
    api = asked.doctor.settings.api
    if api is not None and api.ends_on <= now().date():
        yield Fault(
            Kind.VERSION,
            f"Meta has ended version {api.version} of its interface on {api.ends_on:%d %B %Y}.",
            f"Set {api.setting} to a version that is in use, or unset it for the one Masthead was made for.",
        )


@_SETUP
def _app_of_setup(asked: _Setup) -> Iterator[Fault]:
    return _app(asked.doctor)


@_SETUP
def _redirect(asked: _Setup) -> Iterator[Fault]:
    """The dialog shows an error page for an address that isn't registered, and goes on for one that is (2.1 [G])."""
    doctor = asked.doctor
    scopes = [scope.name for scope in doctor.oauth.scopes]
    address = doctor.oauth.authorize_url(
        redirect_uri=asked.installation.redirect_uri,
        state=_NO_CODE,
        scopes=scopes,
        code_challenge=None,
        ask_again=False,
    )
    if 400 <= _status(doctor, address) < 500:
        yield Fault(
            Kind.REDIRECT,
            f"Facebook's sign-in doesn't take people back to {asked.installation.redirect_uri}.",
            "Enter exactly this address in the Meta app: Facebook Login, Settings, Valid OAuth Redirect URIs.",
        )


@_SETUP
def _media(asked: _Setup) -> Iterator[Fault]:
    return media(asked.installation)


@_SETUP
def _app_is_told(asked: _Setup) -> Iterator[Fault]:
    """Whether the app is subscribed, where events are taken in: only what app and Page both are is sent (8.3, 8.4)."""
    doctor = asked.doctor
    if not doctor.settings.events:
        return
    reply = doctor.graph.get(doctor.settings.client_id, "subscriptions", token=doctor.graph.app_token())
    told = {
        (hostile.line(each.get("object"), limit=60), hostile.line(hostile.mapping(field).get("name"), limit=60))
        for each in map(hostile.mapping, hostile.items(reply.body.get("data")))
        if each.get("active") is True
        for field in hostile.items(each.get("fields"))
    }
    wanted = (("page", _FEED), ("instagram", _COMMENTS))
    if lacks := [f"{field} of {about}" for about, field in wanted if (about, field) not in told]:
        yield Fault(
            Kind.WEBHOOK,
            f"The Meta app is not subscribed to {' and '.join(lacks)}: Meta sends nothing of it.",
            "Subscribe it at developers.facebook.com, Webhooks, with the address that takes events in. Posts are"
            " published without it.",
        )


@_CONNECTION
def _app_of_connection(asked: _Connection) -> Iterator[Fault]:
    return _app(asked.doctor)


@_CONNECTION
def _token(asked: _Connection) -> Iterator[Fault]:
    """A dead token is said by the failure (`_named`); a living one may be another app's."""
    if asked.held.app_id != asked.doctor.settings.client_id:
        words = "The access to this connection was given to another Meta app than PROVIDER_META_CLIENT_ID names."
        yield Fault(Kind.TOKEN, words, _AGAIN, ends=True)


@_CONNECTION
def _data_access(asked: _Connection) -> Iterator[Fault]:
    """90 days after the person was last active; the token and what it may do to Pages live on (meta 2.7)."""
    ended = asked.held.data_access_expires_at
    if ended is not None and ended <= now() and asked.connected("instagram"):
        words = (
            f"Meta has ended Masthead's access to this person's data on {ended:%d %B %Y}, as it does after 90 days:"
            " nothing goes out to Instagram any more."
        )
        yield Fault(Kind.DATA_ACCESS, words, _AGAIN, ends=True)


@_CONNECTION
def _mode(asked: _Connection) -> Iterator[Fault]:
    """Who one is needs no permission, so a living token that may not even ask this is stopped by the app's mode (2.9).

    What an app in Development mode answers is not documented.
    """
    try:
        asked.doctor.graph.get("me", token=asked.standing.token, params={"fields": "id"})
    except ReconnectNeeded as refused:
        if refused.trace.code in _DEAD:
            raise
        yield Fault(
            Kind.MODE,
            "The Meta app is in Development mode, and the person who connected has no role in it.",
            "Switch the app to Live at developers.facebook.com, or give that person a role in the app.",
            ends=True,
            trace_id=refused.trace.trace_id,
        )


@_CONNECTION
def _scopes(asked: _Connection) -> Iterator[Fault]:
    """What was asked and isn't in force: declined, taken back, or lapsed after 90 days without use (2.6, 2.7)."""
    for scope in asked.doctor.oauth.scopes:
        if scope.name not in asked.granted:
            words = f"{scope.breaks} ({scope.name} was not given)"
            fix = "Press Allow what is missing on Accounts, and leave every tick where it is."
            yield Fault(Kind.SCOPE, words, fix, advice=not scope.required)


@_CONNECTION
def _roles(asked: _Connection) -> Iterator[Fault]:
    """What the person may do on the connected Pages; without any connected one, on those that are reached."""
    if "pages_show_list" not in asked.granted:
        return
    needed = {"pages_manage_posts", "pages_read_engagement"} <= asked.granted
    connected = asked.connected("facebook")
    for account in connected:
        page = asked.pages.get(account.provider_account_id)
        if page is None:
            yield _no_role(f"The person who connected {account.name} has no role on this Page any more.")
        elif page.no_scope and needed:
            yield Fault(Kind.SCOPE, f"{account.name} was left out at the last consent.", page.no_scope)
        elif page.no_role:
            yield _no_role(f"The person who connected {account.name} may not create content on this Page.")
    if not connected and all(page.no_role for page in asked.pages.values()):
        yield _no_role("The person who connected may not create content on any Page.")


def _no_role(words: str) -> Fault:
    fix = "Someone with full control of the Page gives them the task Content at facebook.com, or connects it instead."
    return Fault(Kind.ROLE, words, fix)


@_CONNECTION
def _instagram(asked: _Connection) -> Iterator[Fault]:
    """Only a professional account that is linked to a Page is shown to apps; of others nothing is said (2.4, 5)."""
    if not asked.granted >= _INSTAGRAM or "pages_show_list" not in asked.granted:
        return
    if any(each.provider_account_id not in asked.pages for each in asked.connected("facebook")):
        return  # with the role on a Page the sight of its Instagram account is lost, which is no fault of its own
    linked = {page.instagram_id for page in asked.pages.values()} - {None}
    connected = asked.connected("instagram")
    for account in connected:
        if account.provider_account_id not in linked:
            yield Fault(
                Kind.PERSONAL_INSTAGRAM,
                f"Meta no longer shows {account.name}: it was made personal, or its link to the Page was undone.",
                "In the Instagram app: Settings, Account type, Switch to professional account; then link its Page.",
            )
    if not connected and not linked:
        yield Fault(
            Kind.NO_INSTAGRAM,
            "None of the Pages of this connection has a linked Instagram account that Masthead can see.",
            "To publish on Instagram, make the account professional and link it to its Page; then connect again.",
            advice=True,
        )


@_CONNECTION
def _pages_tell(asked: _Connection) -> Iterator[Fault]:
    """Whether each Page tells this app of what happens on it and its Instagram account (8.4); the grant lets us ask."""
    if not asked.doctor.settings.events or EVENTS_SCOPE.name not in asked.granted:
        return
    facebook = {each.provider_account_id: each.name for each in asked.connected("facebook")}
    instagram = {each.provider_account_id: each.name for each in asked.connected("instagram")}
    for page in asked.pages.values():
        linked = instagram.get(page.instagram_id or "")
        if page.token is None or (page.page_id not in facebook and linked is None):
            continue
        fields = _subscribed(asked.doctor, page.page_id, page.token)
        lacks = [facebook[page.page_id]] if page.page_id in facebook and _FEED not in fields else []
        lacks += [linked] if linked is not None and not fields else []
        if lacks:
            yield Fault(
                Kind.WEBHOOK,
                f"Meta sends this app nothing of what happens on {' and '.join(lacks)}.",
                f"Subscribe the app to the field {_FEED} of the Page: POST /{page.page_id}/subscribed_apps. Posts are"
                " published without it.",
            )


def _subscribed(doctor: MetaDiagnosis, page_id: str, token: SecretStr) -> frozenset[str]:
    """The fields of a Page that this app is told of."""
    reply = doctor.graph.get(page_id, "subscribed_apps", token=token)
    apps = map(hostile.mapping, hostile.items(reply.body.get("data")))
    ours = next((app for app in apps if app.get("id") == doctor.settings.client_id), {})
    return frozenset(hostile.line(field, limit=60) for field in hostile.items(ours.get("subscribed_fields")))


def _app(doctor: MetaDiagnosis) -> Iterator[Fault]:
    """Id and secret, by handing in what is no code: a known app is told so, any other isn't looked at (2.2 [2])."""
    try:
        doctor.graph.exchange({"redirect_uri": f"{doctor.settings.dialog_url}/", "code": _NO_CODE}, post=True)
    except (Rejected, RetryLater) as refused:
        fault = _named(refused)
        if fault is not None:
            yield fault
        elif refused.trace.code != "100":
            raise


def _status(doctor: MetaDiagnosis, address: str) -> int:
    """The HTTP status of a page. Raises NotSent and RetryLater."""
    try:
        return doctor.dialog.send(Request("GET", address), timeout_s=doctor.settings.call_timeout_s).status
    except OutcomeUnknown as lost:
        reason, trace, health = lost.reason, lost.trace, lost.provider_health
    raise RetryLater(reason, trace=trace, provider_health=health)


def _named(failure: ProviderFailure) -> Fault | None:
    """Which fault a failed call stands for."""
    trace = failure.trace
    if trace.code in _APP or "appsecret_proof" in (trace.message or "").lower():
        return Fault(
            Kind.SECRET,
            "Meta doesn't accept the id or the secret of Masthead's app.",
            "Copy both anew from developers.facebook.com, App settings, Basic, into PROVIDER_META_CLIENT_ID and"
            " PROVIDER_META_CLIENT_SECRET.",
            ends=True,
            trace_id=trace.trace_id,
        )
    if isinstance(failure, ReconnectNeeded) and trace.code in _DEAD:
        return Fault(Kind.TOKEN, failure.reason, _AGAIN, ends=True, trace_id=trace.trace_id)
    return None
