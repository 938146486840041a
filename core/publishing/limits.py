"""What a network's limits and troubles mean to a publication that is about to be sent: it waits, with the reason."""

from __future__ import annotations

import random

from sqlalchemy.orm import Session

from core import providers
from core.infra.settings import PublishTimes
from core.provider_kit.port import Publisher
from core.provider_kit.throttle import Route
from core.provider_kit.types import Access
from core.publishing import rules
from core.publishing.claiming import owner
from core.publishing.rules import Outcome
from core.throttle import breaking
from core.throttle import rules as throttle
from core.throttle.calls import Calls
from core.throttle.rules import Why


def held_now(session: Session, calls: Calls, outcome: Outcome | None = None) -> Outcome | None:
    """What keeps this account's posts back now, as an outcome; None when nothing does.

    A breaker that wants its probe keeps nobody back, for whoever comes is the one who looks. `outcome`: how a try ended
    that has shown that the network wants to be left alone.
    """
    for hold in calls.holds(session, Route.PREPARE, Route.PUBLISH):
        if outcome is not None or not hold.wants_probe:
            return _held(calls, hold.why, hold.wait_s, outcome)
    return None


def probed(calls: Calls, route: Route, publisher: Publisher, access: Access, times: PublishTimes) -> Outcome | None:
    """Look whether a network in trouble is well again, unless another program does; None when it is."""

    def read() -> None:
        publisher.probe(access, timeout_s=times.probe_timeout_s)

    wait_s = breaking.look(calls, route, read, owner(), times)
    return None if wait_s is None else _held(calls, Why.TROUBLE, wait_s)


def _held(calls: Calls, why: Why, wait_s: float, outcome: Outcome | None = None) -> Outcome:
    network = providers.networks().get(calls.network)
    words = throttle.words(why, network.title if network else calls.network)
    seconds = throttle.back_after_s(wait_s, random.random())  # noqa: S311 - spread, not a secret
    return rules.held_back(outcome, words, why, seconds)
