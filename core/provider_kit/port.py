"""The provider port: a provider is a value made of parts, each a small protocol.

A part may raise only `provider_kit.errors`. It holds no database, knows no organization and keeps no state but its
HTTP connections.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import SecretStr

from core.provider_kit.types import (
    Access,
    Grant,
    Network,
    OfferedAccount,
    Payload,
    Problem,
    Published,
    ReadBack,
    Scope,
    VisibleCall,
)


class OAuth(Protocol):
    """How a person grants access."""

    @property
    def scopes(self) -> Sequence[Scope]: ...

    @property
    def uses_pkce(self) -> bool: ...

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


class Publisher(Protocol):
    """How a payload becomes a post on one network."""

    def problems(self, payload: Payload) -> Sequence[Problem]:
        """What the network would refuse or people would regret, by the network's own rules; pure."""
        ...

    def prepare(self, payload: Payload, access: Access) -> VisibleCall:
        """Do the invisible steps, if any, and build the one visible call."""
        ...

    def publish(
        self, call: VisibleCall, access: Access, *, timeout_s: float, begin_by: float | None = None
    ) -> Published:
        """Send the visible call once, within `timeout_s` seconds in total. Raises ProviderFailure.

        `begin_by` is an instant of `time.monotonic()`, checked right before the first byte: past it, NotSent.
        """
        ...

    def read_back(self, payload: Payload, access: Access, *, since: datetime, timeout_s: float) -> ReadBack:
        """Look for the payload among the account's posts since an instant. Raises ProviderFailure."""
        ...

    def permalink(self, provider_post_id: str, access: Access, *, timeout_s: float) -> str | None:
        """The public address of a post, None while the network has none. Raises ProviderFailure."""
        ...


@dataclass(frozen=True, slots=True)
class Provider:
    """A company that grants access, and the networks its grant reaches."""

    key: str
    title: str
    icon: str
    configured: bool
    points_elsewhere: bool
    networks: Mapping[str, Network]
    oauth: OAuth
    publishers: Mapping[str, Publisher]
