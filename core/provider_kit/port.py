"""The provider port: a provider is a value made of parts, each a small protocol.

A part may raise only `provider_kit.errors`. It holds no database, knows no organization and keeps no state but its
HTTP connections.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import BinaryIO, Protocol

from pydantic import SecretStr

from core.provider_kit.begin_by import BeginBy
from core.provider_kit.diagnosis import Diagnosis
from core.provider_kit.errors import Explained
from core.provider_kit.throttle import Limits
from core.provider_kit.types import (
    Access,
    ApiVersion,
    Grant,
    MediaItem,
    Network,
    OfferedAccount,
    Payload,
    PostName,
    Problem,
    Published,
    ReadBack,
    Renewed,
    Scope,
    TokenFacts,
    VisibleCall,
)
from core.provider_kit.verifying import Verification


class OAuth(Protocol):
    """How a person grants access."""

    @property
    def scopes(self) -> Sequence[Scope]: ...

    @property
    def uses_pkce(self) -> bool: ...

    @property
    def callback_errors(self) -> Mapping[str, str]:
        """What this network sends back instead of a code, besides OAuth's own words, and what it means to a person.

        No words: the person said no.
        """
        ...

    def authorize_url(
        self, *, redirect_uri: str, state: str, scopes: Sequence[str], code_challenge: str | None, ask_again: bool
    ) -> str:
        """Where to send the browser; `ask_again` asks once more for scopes that were declined."""
        ...

    def exchange(self, *, code: str, redirect_uri: str, code_verifier: str | None) -> Grant:
        """Turn the code of a callback into the longest-lived grant. Raises ProviderFailure."""
        ...

    def accounts(self, token: SecretStr) -> Sequence[OfferedAccount]:
        """Every account the grant reaches, ineligible ones with the reason. Raises ProviderFailure."""
        ...

    def revoke(self, token: SecretStr) -> None:
        """Give the grant back; one that is dead already counts as given back. Raises ProviderFailure."""
        ...


class Tokens(Protocol):
    """How a grant is kept alive between two consents, and what it is still worth."""

    @property
    def needs_refresh_token(self) -> bool:
        """Whether only a token of its own renews a grant; else the living token itself does."""
        ...

    def renew(self, token: SecretStr, refresh_token: SecretStr | None) -> Renewed:
        """Ask for a token that follows this one. Raises ProviderFailure; ReconnectNeeded when only a consent helps."""
        ...

    def look(self, token: SecretStr) -> TokenFacts:
        """What a token is worth now, by the cheapest read. Raises ProviderFailure; ReconnectNeeded when it is dead."""
        ...


class Steps(Protocol):
    """What the invisible steps of one publication made at the network, and the files they need.

    What is kept is committed at once and outlives the process: an upload, a container, a photo nobody sees yet. It
    belongs to exactly these bytes; for other bytes nothing is found. Whoever lost the publication meanwhile gets an
    exception that is no ProviderFailure from `get`, `keep` and `drop`, and lets it pass.
    """

    def get(self, name: str) -> str | None:
        """The network's reference that is kept under this name; None if there is none or it has expired."""
        ...

    def keep(self, name: str, reference: str, *, lives_s: float | None = None) -> None:
        """Remember what a step made, right after the network named it. `lives_s`: seconds until it is of no use."""
        ...

    def drop(self, name: str, because: str) -> None:
        """Forget what can't be used any more, with the reason in words."""
        ...

    def address(self, item: MediaItem) -> str:
        """A public address from which the network can fetch the file for a day.

        Raises Rejected when it is gone, NotSent. What isn't the approved bytes any more is given to nobody there.
        """
        ...

    def read(self, item: MediaItem) -> bytes:
        """The file itself. Raises Rejected when it is gone or not the bytes that were approved, NotSent."""
        ...

    def open(self, item: MediaItem) -> BinaryIO:
        """The file itself, to be read in parts and closed by the caller. Raises as `read` does."""
        ...


class Publisher(Protocol):
    """How a payload becomes a post on one network."""

    def problems(self, payload: Payload) -> Sequence[Problem]:
        """What the network would refuse or people would regret, by the network's own rules; pure."""
        ...

    def prepare(self, payload: Payload, access: Access, steps: Steps) -> VisibleCall:
        """Do the invisible steps that aren't done yet, if any, and build the one visible call.

        Called again after a crash, a wait or a failure: what `steps` has is not made anew. Raises NotReady while the
        network still works on one, and every other ProviderFailure but OutcomeUnknown.
        """
        ...

    def publish(
        self, call: VisibleCall, access: Access, *, timeout_s: float, begin_by: BeginBy | None = None
    ) -> Published:
        """Send the visible call once, within `timeout_s` seconds in total. Raises ProviderFailure.

        `begin_by` is asked right before the first byte: past it, NotSent.
        """
        ...

    def read_back(
        self, payload: Payload, access: Access, steps: Steps, *, since: datetime, timeout_s: float
    ) -> ReadBack:
        """Look for the payload among the account's posts since an instant. Raises ProviderFailure.

        `steps` is only read here.
        """
        ...

    def probe(self, access: Access, *, timeout_s: float) -> None:
        """One cheap read of the account, to see whether the network answers at all. Raises ProviderFailure."""
        ...

    def permalink(self, provider_post_id: str, access: Access, *, timeout_s: float) -> str | None:
        """The public address of a post, None while the network has none.

        Raises ProviderFailure; NotShown where the network says that it won't have any, for what it took went wrong.
        """
        ...

    def post_named(self, said: str) -> PostName | None:
        """Which post a person means by an id, an address or words; None for an address that is no post's there. Pure.

        One post closes one publication under whichever of its names. Where an account can't be read, the address goes
        to everybody as the live post's.
        """
        ...


class Live(Protocol):
    """What can be done to a post that is live already; a network declares which (`Network.comments|edits|deletes`).

    Each writes once, within `timeout_s` seconds in total, and is never repeated by itself: OutcomeUnknown leaves it to
    a read whether it was done. All raise ProviderFailure.
    """

    def comment(self, provider_post_id: str, text: str, access: Access, *, timeout_s: float) -> str:
        """Comment as the account; gives the network's id of the comment."""
        ...

    def find_comment(
        self, provider_post_id: str, text: str, access: Access, *, since: datetime, timeout_s: float
    ) -> str | None:
        """The id of the account's own comment of exactly this text made since then; None when it certainly isn't there.

        Raises OutcomeUnknown when the comments couldn't be read to the end.
        """
        ...

    def edit(self, provider_post_id: str, text: str, access: Access, *, timeout_s: float) -> None:
        """Change the text of a live post; the same text again changes nothing more."""
        ...

    def delete(self, provider_post_id: str, access: Access, *, timeout_s: float) -> None:
        """Take a live post away; one that is gone already counts as taken away."""
        ...


class Explain(Protocol):
    """What a network's table of errors says of one that was met before."""

    def __call__(self, code: str | None, subcode: str | None, status: int | None, message: str) -> Explained | None:
        """`code`, `subcode` and the HTTP `status` as a failure's trace has them, `message` as a person read it.

        None for one that the table doesn't know.
        """
        ...


@dataclass(frozen=True, slots=True)
class Provider:
    """A company that grants access, and the networks its grant reaches.

    `live`: by network, what can be done to posts that are live; empty where nothing can.
    `explain`: by network, what its errors mean. `diagnosis`: what can be looked at when something is wrong.
    `verification`: what nobody has verified of its networks.
    `limits`: what it doesn't say itself of how often it may be called.
    `api` None: no end of the interface's version is known. `consent_lasts`: after this a person must consent anew,
    however often tokens are renewed; None where a consent has no end.
    `tokens` None: a grant lives as long as it lives, and nothing tells of it before a call fails.
    """

    key: str
    title: str
    icon: str
    configured: bool
    points_elsewhere: bool
    networks: Mapping[str, Network]
    oauth: OAuth
    publishers: Mapping[str, Publisher]
    limits: Limits = field(default_factory=Limits)
    api: ApiVersion | None = None
    consent_lasts: timedelta | None = None
    live: Mapping[str, Live] = field(default_factory=dict)
    tokens: Tokens | None = None
    explain: Mapping[str, Explain] = field(default_factory=dict)
    diagnosis: Diagnosis | None = None
    verification: Verification | None = None
