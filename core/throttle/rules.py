"""How fast a network may be called, how long it is left alone, and what people read meanwhile. Pure.

    below 60 %        as fast as posts come
    60 to 95 %        posts are spread, linearly up to the widest gap
    from 80 %         only what is due: posts, and what became of them
    from 95 %         nothing, until the network welcomes calls again

PRODUCT 7 g. The breaker, per provider, network and route: closed -> open when enough of the last minute's calls failed
for a reason of the network's or of our whole app's; open -> half-open by the one probe of the fleet, a read; half-open
-> closed when that was answered, else open for twice as long.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from core.provider_kit.throttle import LONGEST_REGAIN_S, STOP_FROM, Limits, Route, Scope, Usage

SLOW_FROM: Final = 60.0
DUE_ONLY_FROM: Final = 80.0
SHARE_THAT_TRIPS: Final = 0.5
# Slices of the breaker's window, and one more that is being filled.
SLICES: Final = 12
# What comes back after a hold comes back spread over this share of it, at most so many seconds.
LATEST_BACK_S: Final = 5.0


class BreakerState(StrEnum):
    """How a breaker stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Why(StrEnum):
    """What holds calls back."""

    ACCOUNT = "account"
    APP = "app"
    TROUBLE = "trouble"


ROUTE_WORDS: Final = MappingProxyType(
    {
        Route.PREPARE: "uploads",
        Route.PUBLISH: "publishing",
        Route.READ: "reading",
        Route.LIVE: "comments and changes",
    }
)
_WORDS: Final = MappingProxyType(
    {
        Why.ACCOUNT: "{network} asks us to slow down",
        Why.APP: "{network} asks Masthead as a whole to slow down",
        Why.TROUBLE: "{network} is in trouble and is left alone",
    }
)


class Pace(StrEnum):
    """What a budget does to calls at the moment."""

    FREE = "free"
    SLOWED = "slowed"
    DUE_ONLY = "due_only"
    STOPPED = "stopped"


def pace(percent: float, *, exact: bool, held: bool) -> Pace:
    """What a budget that is so full does to calls. One whose hold is over is still spread until more is said of it."""
    if held:
        return Pace.STOPPED
    if exact or percent < SLOW_FROM:
        return Pace.FREE
    return Pace.DUE_ONLY if percent >= DUE_ONLY_FROM else Pace.SLOWED


def counts_words(route: str, *, exact: bool) -> str:
    """What a budget counts, as a person reads it."""
    if exact:
        return "posts a day"
    return ROUTE_WORDS[Route(route)] if route else "all calls"


@dataclass(frozen=True, slots=True)
class Hold:
    """Something that keeps calls of a route from leaving. `until` may have passed: then a breaker wants its probe."""

    why: Why
    route: Route | None
    until: datetime
    wait_s: float

    @property
    def wants_probe(self) -> bool:
        """Whether whoever asks first may look if the network is well again."""
        return self.why is Why.TROUBLE and self.wait_s <= 0


@dataclass(frozen=True, slots=True)
class WholeHold:
    """What holds calls to a network for everybody: a budget of our app there, or a breaker.

    `network` empty: every network of the provider; `route` empty: every call. `until`: a breaker is probed then.
    """

    provider: str
    network: str
    route: str
    until: datetime
    is_breaker: bool

    @property
    def counts(self) -> str:
        """What is held, as a person reads it."""
        return counts_words(self.route, exact=False)


def words(why: Why, network: str) -> str:
    """What a person reads, without the time; `network` is its title."""
    return _WORDS[why].format(network=network)


def gap_s(usage: Usage, limits: Limits) -> float:
    """Seconds between two posts that draw on this budget; 0 while they need not be spread."""
    if usage.exact or usage.percent < SLOW_FROM:
        return 0.0
    widest = limits.widest_gap_s if usage.scope is Scope.ACCOUNT else limits.widest_gap_of_app_s
    return widest * min(1.0, (usage.percent - SLOW_FROM) / (STOP_FROM - SLOW_FROM))


def regain_s(usage: Usage) -> float | None:
    """Seconds until calls are welcome again by the network's own word, at most a day; None where it gave none."""
    return None if not usage.regain_s else min(max(usage.regain_s, 1.0), LONGEST_REGAIN_S)


def route_of(usage: Usage, route: Route) -> Route | None:
    """What a budget counts: every call (None), calls like this one, or, where it counts posts, publishing."""
    if not usage.of_route:
        return None
    return Route.PUBLISH if usage.exact else route


def back_after_s(wait_s: float, random: float) -> float:
    """Seconds until what is held looks again; `random` in [0, 1) keeps a crowd from coming in the same instant."""
    return max(wait_s, 0.0) + random * min(LATEST_BACK_S, 1.0 + wait_s / 10)
