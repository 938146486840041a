"""The calls that a piece of work makes for an account: counted, and what the network says of our budgets kept.

What concerns the account goes into the transaction of its outcome (`keep`), so that it costs none of its own; networks
repeat with every answer that there is room, and that is kept once a minute. What concerns our app, and how calls ended
for the breakers, is gathered in this process and written now and then (`settle`): failures and used-up budgets at once,
calls that went well once a second. A process that dies takes at most a second of those along, which makes a breaker
trip a little sooner, never later.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core import providers
from core.infra import db
from core.infra.settings import PublishTimes
from core.provider_kit.errors import ProviderFailure
from core.provider_kit.throttle import Limits, Meter, Route, Scope, Usage, metered
from core.throttle import rules, store
from core.throttle.rules import Hold
from core.throttle.store import Key

_log = logging.getLogger(__name__)
_SETTLE_EVERY_S: Final = 1.0
_AMPLE_EVERY_S: Final = 60.0
_AMPLE_WITHIN: Final = 5.0  # percent
_MOST_AMPLE: Final = 10_000
_LANES: Final = 16


@dataclass(slots=True)
class Calls:
    """The calls of one piece of work for one account, and the newest that was heard of each budget.

    `spread`: a budget of theirs was nearly used up when the work began.
    """

    account_id: UUID
    provider: str
    network: str
    spread: bool = False
    heard: dict[tuple[Scope, Route | None], Usage] = field(default_factory=dict)
    made: int = 0
    troubles: int = 0
    _routes: set[Route] = field(default_factory=set)

    @contextmanager
    def on(self, route: Route) -> Iterator[None]:
        """Count what is called in this block, in this thread. What was heard before forbids calls here too."""
        meter = Meter()
        for (scope, of_route), usage in self.heard.items():
            if of_route is None:
                meter.heard[scope, False] = usage
        troubles = 0
        try:
            with metered(meter):
                yield
        except ProviderFailure as failure:
            if failure.limit is not None:
                meter.hear(failure.limit)
            troubles = int(failure.provider_health)
            raise
        finally:
            troubles = max(troubles, meter.troubles)
            made = max(meter.calls, troubles)
            for usage in meter.heard.values():
                self.heard[usage.scope, rules.route_of(usage, route)] = usage
            self.made += made
            self.troubles += troubles
            if made:
                self._routes.add(route)
            _tally.add((self.provider, self.network, route), made, troubles)
            for (scope, of_route), usage in self.heard.items():
                if scope is Scope.APP:
                    _tally.hear(self.provider, self.network, of_route, usage)

    def keep(self, session: Session) -> None:
        """Write what was heard of the account's budgets, in a transaction of its organization; of the app's, a stop.

        Whatever goes wrong with it touches nothing else of the transaction: what became of a post matters more.
        """
        news = [(*which, usage) for which, usage in self.heard.items() if self._is_news(*which, usage)]
        if not news and not self.spread:
            return
        try:
            with session.begin_nested():
                self._keep(session, news)
        except SQLAlchemyError:
            _log.exception("what a network said of its limits could not be kept")

    def _is_news(self, scope: Scope, route: Route | None, usage: Usage) -> bool:
        if scope is Scope.APP:
            return usage.stops
        return self.spread or _ample.is_news(self.account_id, route, usage)

    def _keep(self, session: Session, news: Iterable[tuple[Scope, Route | None, Usage]]) -> None:
        limits = limits_of(self.provider)
        for scope, route, usage in news:
            if scope is Scope.ACCOUNT:
                store.keep_account(session, self.account_id, route, usage, limits)
            else:
                store.keep_app(session, self.provider, self.network, route, usage, limits)
        # Networks speak of budgets that are in use, and refuse where one is used up. Calls that were answered without
        # a word of it are what says that there is room again.
        if self.spread and self._routes and not self.troubles:
            # Of an app's whole budget not every kind of call says something, so silence about it means nothing.
            for scope, silent in ((Scope.ACCOUNT, [None, *self._routes]), (Scope.APP, [*self._routes])):
                unsaid = [route for route in silent if (scope, route) not in self.heard]
                store.has_room(session, scope, self.account_id, self.provider, self.network, unsaid)

    def holds(self, session: Session, *routes: Route) -> list[Hold]:
        """What keeps calls of these routes from leaving now, longest first."""
        return store.holds(session, self.account_id, self.provider, self.network, routes)


def limits_of(provider: str) -> Limits:
    """What a provider's folder says of its limits; the usual for one that has no folder any more."""
    found = providers.providers().get(provider)
    return found.limits if found else Limits()


def settle(times: PublishTimes) -> None:
    """Write what this process has gathered, if it is time. Postgres being away loses nothing: it is tried again."""
    try:
        _tally.settle(times)
    except SQLAlchemyError:
        _log.warning("how calls ended could not be written yet", exc_info=True)


class _Ample:
    """Which budgets of accounts this process has lately written as far from used up.

    To hear the same of them again changes nothing but a figure on a page, and a busy account's row is one that its
    sends wait for each other at. Where another process wrote that calls are to be spread, the work knows (`spread`).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._written: dict[tuple[UUID, Route | None], tuple[float, float]] = {}  # (percent, until when that will do)

    def is_news(self, account_id: UUID, route: Route | None, usage: Usage) -> bool:
        """Whether to write what was heard; from then on it counts as written."""
        ample, moment = usage.percent < rules.SLOW_FROM and not usage.stops and not usage.exact, time.monotonic()
        with self._lock:
            percent, until = self._written.pop((account_id, route), (0.0, moment))
            if ample and moment < until and abs(usage.percent - percent) < _AMPLE_WITHIN:
                self._written[account_id, route] = percent, until
                return False
            if ample and len(self._written) < _MOST_AMPLE:
                self._written[account_id, route] = usage.percent, moment + _AMPLE_EVERY_S
            return True


@dataclass(slots=True)
class _Counted:
    calls: int = 0
    failures: int = 0


class _Tally:
    """What the threads of this process have heard and not written yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[Key, _Counted] = {}
        self._apps: dict[tuple[str, str, Route | None], Usage] = {}
        self._settled_at = 0.0

    def add(self, key: Key, calls: int, failures: int) -> None:
        if not calls:
            return
        with self._lock:
            counted = self._counts.setdefault(key, _Counted())
            counted.calls += calls
            counted.failures += failures

    def hear(self, provider: str, network: str, route: Route | None, usage: Usage) -> None:
        with self._lock:
            self._apps[provider, network if route else "", route] = usage

    def settle(self, times: PublishTimes) -> None:
        counts, apps = self._taken()
        try:
            if counts or apps:
                _write(counts, apps, times)
        except BaseException:
            for key, counted in counts.items():
                self.add(key, counted.calls, counted.failures)
            for (provider, network, route), usage in apps.items():
                self.hear(provider, network, route, usage)
            raise

    def _taken(self) -> tuple[dict[Key, _Counted], dict[tuple[str, str, Route | None], Usage]]:
        """What is to be written now: all of it, or nothing while only successes of the last second wait."""
        with self._lock:
            urgent = any(each.failures for each in self._counts.values()) or any(
                usage.percent >= rules.SLOW_FROM or usage.stops for usage in self._apps.values()
            )
            if not urgent and time.monotonic() - self._settled_at < _SETTLE_EVERY_S:
                return {}, {}
            self._settled_at = time.monotonic()
            counts, apps = self._counts, self._apps
            self._counts, self._apps = {}, {}
            return counts, apps


def _write(counts: dict[Key, _Counted], apps: dict[tuple[str, str, Route | None], Usage], times: PublishTimes) -> None:
    """In the order of their keys, so that two processes never wait for each other in a circle."""
    with db.free_transaction() as session:
        for (provider, network, route), usage in sorted(apps.items(), key=lambda each: str(each[0])):
            store.keep_app(session, provider, network, route, usage, limits_of(provider))
        for key, counted in sorted(counts.items()):
            lane = os.getpid() % _LANES
            window_s = times.breaker_window_s
            store.count(session, key, lane=lane, calls=counted.calls, failures=counted.failures, window_s=window_s)
            if counted.failures and store.trip(
                session,
                key,
                window_s=window_s,
                least=times.breaker_failures,
                open_s=times.breaker_open_s,
                longest_s=times.breaker_longest_s,
            ):
                _log.error("breaker opened", extra={"provider": key[0], "network": key[1], "route": key[2]})


_ample: Final = _Ample()
_tally: Final = _Tally()
