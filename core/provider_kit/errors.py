"""How a call to a network can fail, named by what to do next.

ProviderFailure
├── NotSent           provably nothing reached the network: try again soon
├── NotReady          an invisible step is still under way at the network: come back when it may be done
├── RetryLater        the network says no for now: try again after a while, nothing was done
├── ReconnectNeeded   the token is dead or lacks a scope: a person must consent again
│   └── Unreadable    the token may be good, but this installation lacks its key: an operator must set it
├── NotShown          the network took a post and then could not show it: nothing more becomes of it, a person must act
├── Rejected          the network refuses this content before doing anything: a person must change it
└── OutcomeUnknown    everything else: it may have been done; read back, never resend
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.infra.errors import MastheadError
from core.provider_kit.throttle import Usage

# Where a person mends an error: by a new consent, by waiting, at the post, by looking at the account, at the setup.
Mend = Literal["reconnect", "wait", "post", "look", "setup"]


@dataclass(frozen=True, slots=True)
class Trace:
    """What the network said of a call, for logs and the timeline; never a token.

    `usage` is what its answer said of our budgets, in the words of `types.Published.usage`. `names_post` is the id of a
    post that a refusal named as the same one: evidence, no verdict.
    """

    http_status: int | None = None
    code: str | None = None
    subcode: str | None = None
    trace_id: str | None = None
    message: str | None = None
    names_post: str | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)

    @property
    def named(self) -> str | None:
        """Code and subcode as rows keep them: "190/463", "DUPLICATE_POST", None where the answer had no code."""
        return self.code if self.subcode is None else f"{self.code}/{self.subcode}"


@dataclass(frozen=True, slots=True)
class Explained:
    """What an error of a network means to a person, what to do about it, and where."""

    words: str
    fix: str
    mend: Mend


class ProviderFailure(MastheadError):
    """A call to the network failed. `limit`: because this budget is used up; whatever else draws on it waits as well.

    `provider_health` is True where the cause is neither this account nor this content but the network, the way to it
    or our whole app: the failures that a circuit breaker counts (PRODUCT 7 g).
    """

    def __init__(
        self,
        reason: str,
        *,
        how_to_fix: str = "",
        trace: Trace | None = None,
        provider_health: bool = False,
        limit: Usage | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.how_to_fix = how_to_fix
        self.trace = trace or Trace()
        self.provider_health = provider_health
        self.limit = limit


class NotSent(ProviderFailure):
    """Nothing reached the network."""


class Throttled(ProviderFailure):
    """We didn't call, because a budget at the network is used up."""

    def __init__(self, limit: Usage) -> None:
        super().__init__("The network asks us to slow down.", limit=limit)


class NotReady(ProviderFailure):
    """The network still works on what an invisible step gave it; look again in `after_s` seconds."""

    def __init__(self, reason: str, *, after_s: float, trace: Trace | None = None) -> None:
        super().__init__(reason, trace=trace)
        self.after_s = after_s


class RetryLater(ProviderFailure):
    """The network asks to wait; `after_s` is its own figure in seconds, None where it gave none."""

    def __init__(
        self,
        reason: str,
        *,
        after_s: float | None = None,
        how_to_fix: str = "",
        trace: Trace | None = None,
        provider_health: bool = False,
        limit: Usage | None = None,
    ) -> None:
        super().__init__(reason, how_to_fix=how_to_fix, trace=trace, provider_health=provider_health, limit=limit)
        self.after_s = after_s


class ReconnectNeeded(ProviderFailure):
    """The connection must be consented to again."""


class Unreadable(ReconnectNeeded):
    """The token can't be read here for now; nobody asked the network, and the account is as good as before."""


class Rejected(ProviderFailure):
    """The network refuses this content."""


class NotShown(ProviderFailure):
    """What the network accepted as published it could not process afterwards, so nobody sees it."""


class OutcomeUnknown(ProviderFailure):
    """The network may or may not have done it."""
