"""What a network says of how much we may call it, heard beside the calls themselves (PRODUCT 7 g).

Whoever calls a network on behalf of an account opens a `Meter` for the work at hand; `http` asks it before each call
and counts, and a provider tells it what an answer said (`hear`). From 95 % on the next call of the same work isn't
made any more: calling on while a network throttles prolongs it. Without a meter nothing is counted or refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

STOP_FROM: Final = 95.0
USED_UP: Final = 100.0
LONGEST_REGAIN_S: Final = 86_400.0
_SERVICE_UNAVAILABLE: Final = 503


class Route(StrEnum):
    """What is asked of a network: what nobody sees, the one visible call, to look, or to change what is live.

    Each may fail alone.
    """

    PREPARE = "prepare"
    PUBLISH = "publish"
    READ = "read"
    LIVE = "live"


class Scope(StrEnum):
    """Whose budget it is: one account's, or that of our app with all accounts of the installation."""

    ACCOUNT = "account"
    APP = "app"


@dataclass(frozen=True, slots=True)
class Limits:
    """How a provider's limits behave where it doesn't say so itself. Data of its folder; times in seconds.

    `regain_after_s`: how long to stay away the first, second ... time in a row that a limit is reached without a word
    on when calls are welcome again. `widest_gap_s`: how far apart an account's posts are spread right below the limit,
    and those of all accounts together where it is our app's.
    """

    regain_after_s: tuple[float, ...] = (60.0, 300.0, 900.0, 3600.0)
    widest_gap_s: float = 60.0
    widest_gap_of_app_s: float = 5.0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of one budget is used up. `regain_s`: seconds until calls are welcome again, None where not said.

    `of_route`: it counts calls of this kind alone, not all. `exact`: a count of posts that is known to the last one, so
    that it may be used up to the last one.
    """

    scope: Scope
    percent: float
    regain_s: float | None = None
    of_route: bool = False
    exact: bool = False

    @property
    def stops(self) -> bool:
        """Whether nothing may be called on this budget until it is regained."""
        return self.percent >= (USED_UP if self.exact else STOP_FROM) or bool(self.regain_s)


@dataclass(slots=True)
class Meter:
    """The calls of one piece of work: how many there were, and the newest that was heard of each budget.

    `troubles`: how many ended as the network's own trouble or our whole app's, which is what a breaker counts.
    `until`: no call may last beyond this instant of `time.monotonic()`. `ahead_s`: how far our clock is ahead of the
    network's, by its newest answer.
    """

    calls: int = 0
    troubles: int = 0
    heard: dict[tuple[Scope, bool], Usage] = field(default_factory=dict)
    until: float | None = None
    ahead_s: float | None = None

    def hear(self, usage: Usage) -> None:
        """Note what an answer said."""
        self.heard[usage.scope, usage.of_route] = usage

    @property
    def stopped_by(self) -> Usage | None:
        """The budget that forbids the next call; None if none does."""
        return next((usage for usage in self.heard.values() if usage.stops), None)

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Note what every network means by the same words: the time; out of service, and for how long."""
        said_at = _instant(headers.get("date", ""))
        if said_at is not None:
            self.ahead_s = (datetime.now(UTC) - said_at).total_seconds()
        if status == _SERVICE_UNAVAILABLE and (wait_s := retry_after_s(headers)):
            self.hear(Usage(Scope.APP, USED_UP, wait_s, of_route=True))


_current: ContextVar[Meter | None] = ContextVar("meter", default=None)


@contextmanager
def metered(meter: Meter) -> Iterator[Meter]:
    """Let `meter` count the calls of this block, in this thread."""
    mark = _current.set(meter)
    try:
        yield meter
    finally:
        _current.reset(mark)


def current() -> Meter | None:
    """The meter of the work under way; None where nobody counts."""
    return _current.get()


def hear(usages: Iterable[Usage]) -> None:
    """Tell the meter of the work under way what an answer said."""
    meter = _current.get()
    if meter is not None:
        for usage in usages:
            meter.hear(usage)


def refused(limit: Usage | None, *, trouble: bool) -> None:
    """Tell the meter of the work under way that an answer was a no, for a budget or for the network's own trouble."""
    meter = _current.get()
    if meter is not None:
        meter.troubles += trouble
        if limit is not None:
            meter.hear(limit)


def retry_after_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """`Retry-After` in seconds, given as such or as a date; None where there is none or nonsense. At most a day."""
    asked = headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        return min(float(asked[:9]), LONGEST_REGAIN_S) or None
    at = _instant(asked)
    seconds = 0.0 if at is None else (at - (now or datetime.now(UTC))).total_seconds()
    return min(seconds, LONGEST_REGAIN_S) if seconds > 0 else None


def _instant(said: str) -> datetime | None:
    """A date as headers write it; None for nonsense."""
    try:
        at = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
