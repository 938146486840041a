"""How a person grants access: Facebook Login (meta 2.1 to 2.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from pydantic import SecretStr

from core.provider_kit import hostile
from core.provider_kit.errors import ReconnectNeeded, Rejected, RetryLater
from core.provider_kit.types import Deed, Grant, OfferedAccount, Scope
from core.providers.meta.accounts import accounts
from core.providers.meta.grants import inspect, permissions
from core.providers.meta.graph import Graph
from core.providers.meta.settings import MetaSettings
from core.providers.meta.tokens import AGAIN, exchanged, token_of


def _live(name: str, breaks: str, deed: Deed, network: str) -> Scope:
    return Scope(name, breaks, required=False, deed=deed, network=network)


SCOPES: Final = (
    Scope("pages_show_list", "Masthead can't list your Pages."),
    Scope("pages_manage_posts", "Masthead can't publish on your Pages."),
    Scope("pages_read_engagement", "Masthead can't check whether a post is live, nor find its link."),
    Scope("instagram_basic", "Masthead can't see the Instagram accounts of your Pages.", required=False),
    Scope("instagram_content_publish", "Masthead can't publish on Instagram.", required=False),
    Scope(
        "business_management",
        "Pages that you reach only through a Business portfolio are not listed.",
        required=False,
    ),
)
# What is done to live posts needs more (meta 2.9 [M]). Each is reviewed by Meta by itself, and an operator whose app
# hasn't them yet asks for none of it: then none of it is offered either.
LIVE_SCOPES: Final = (
    _live("pages_manage_engagement", "Masthead can't comment under posts of your Pages.", "comment", "facebook"),
    _live(
        "pages_read_user_content", "Masthead can't see whether its comment on a Page is there.", "comment", "facebook"
    ),
    _live("instagram_manage_comments", "Masthead can't comment under posts on Instagram.", "comment", "instagram"),
    _live("instagram_manage_contents", "Masthead can't take posts away on Instagram.", "delete", "instagram"),
)
# Asked for where the installation takes events in, and nowhere else: Meta reviews it by itself (meta 2.9 [M]).
EVENTS_SCOPE: Final = Scope(
    "pages_manage_metadata", "Pages and Instagram accounts can't tell this Meta app of what happens.", required=False
)


class FacebookLogin:
    """Grants by Facebook Login, the chosen flow (meta 2.10)."""

    def __init__(self, settings: MetaSettings, graph: Graph) -> None:
        self._settings = settings
        self._graph = graph

    @property
    def scopes(self) -> Sequence[Scope]:
        live = LIVE_SCOPES if self._settings.live_scopes else ()
        return (*SCOPES, *live, EVENTS_SCOPE) if self._settings.events else (*SCOPES, *live)

    @property
    def uses_pkce(self) -> bool:
        return False  # the server flow takes the app's secret instead (meta 2.1, 2.2)

    @property
    def callback_errors(self) -> Mapping[str, str]:
        return {}  # Facebook keeps to OAuth's access_denied (meta 2.1)

    def authorize_url(
        self, *, redirect_uri: str, state: str, scopes: Sequence[str], code_challenge: str | None, ask_again: bool
    ) -> str:
        """The dialog's address (meta 2.1)."""
        del code_challenge
        query = {
            "client_id": self._settings.client_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "response_type": "code",
        }
        if self._settings.login_config_id:  # never beside `scope`: the configuration fixes the permissions
            query |= {"config_id": self._settings.login_config_id, "override_default_response_type": "true"}
        else:
            query["scope"] = ",".join(scopes)
        if ask_again:  # without it the dialog silently skips what was declined
            query["auth_type"] = "rerequest"
        return f"{self._settings.dialog_url}/{self._settings.api_version}/dialog/oauth?{urlencode(query)}"

    def exchange(self, *, code: str, redirect_uri: str, code_verifier: str | None) -> Grant:
        """Code -> short-lived -> long-lived token, then who it is and what they granted. Raises ProviderFailure."""
        del code_verifier
        short = token_of(self._graph.exchange({"redirect_uri": redirect_uri, "code": code}, post=True))
        long = exchanged(self._graph, short).token
        held = inspect(self._graph, long)
        if held.app_id != self._settings.client_id:
            raise Rejected("Facebook's answer is meant for another app.", how_to_fix=AGAIN)
        granted, withheld = permissions(self._graph, long)
        person = self._graph.get("me", token=long, params={"fields": "id,name"}).body
        person_id = hostile.identifier(person.get("id"))
        if person_id is None or person_id != held.user_id:
            raise Rejected("Facebook doesn't say clearly who signed in.", how_to_fix=AGAIN)
        return Grant(
            provider_user_id=person_id,
            name=hostile.line(person.get("name"), limit=200) or person_id,
            token=long,
            scopes=granted & held.scopes,
            declined=withheld,
            expires_at=held.expires_at,
            data_access_expires_at=held.data_access_expires_at,
        )

    def accounts(self, token: SecretStr) -> Sequence[OfferedAccount]:
        """Every Page, Business-owned ones too. Raises ProviderFailure."""
        return accounts(self._graph, self._settings, token)

    def revoke(self, token: SecretStr) -> None:
        """Take Masthead off the person's account: all their tokens die (meta 2.6). Raises ProviderFailure."""
        try:
            reply = self._graph.delete("me", "permissions", token=token)
        except ReconnectNeeded as refused:
            if refused.trace.code not in {"190", "102"}:  # these say that the token is dead, and so is the grant
                raise
            return
        if reply.body.get("success") is not True:
            raise RetryLater("Facebook didn't say that the access is given back.")
