"""The one probe of the whole fleet, when a breaker has been open long enough: a read, never a post (RELIABILITY F).

Who probes is decided by a compare-and-set in Postgres; a prober that dies is replaced when its lease is over. Whatever
the network answers, and be it that this account's token is dead, shows that it is well; its own trouble, silence and
our whole app's limits don't.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from core.infra import db
from core.infra.ids import new_id
from core.infra.settings import PublishTimes
from core.provider_kit.errors import ProviderFailure
from core.provider_kit.throttle import Route
from core.throttle import store
from core.throttle.calls import Calls
from core.throttle.store import Key

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Probe:
    """The right to look, until its lease is over."""

    key: Key
    by: str

    def ended(self, *, well: bool | None, times: PublishTimes) -> None:
        """Say what was found; None: nothing was asked, so the right goes to whoever comes next."""
        with db.free_transaction() as session:
            store.probed(session, self.key, by=self.by, well=well, longest_s=times.breaker_longest_s)
        _log.warning("breaker probed", extra={"provider": self.key[0], "network": self.key[1], "well": well})


def take(calls: Calls, route: Route, owner: str, times: PublishTimes) -> Probe | None:
    """The right to probe this route; None when another process has it or its time hasn't come."""
    probe = Probe((calls.provider, calls.network, route), f"{owner}:{new_id()}")
    with db.free_transaction() as session:
        taken = store.take_probe(session, probe.key, by=probe.by, lease_s=2 * times.probe_timeout_s)
    return probe if taken else None


def wait_s(calls: Calls, route: Route) -> float | None:
    """Seconds until a route may be tried again, at most 0 when it wants a probe; None when it is closed."""
    with db.free_transaction() as session:
        return store.breaker_wait_s(session, (calls.provider, calls.network, route))


@contextmanager
def reading(calls: Calls, owner: str, times: PublishTimes) -> Iterator[float | None]:
    """Read in this block, as the fleet's probe if the breaker of reads wants one.

    Gives the seconds to wait where nobody may read now, None where the block may.
    """
    probe: Probe | None = None
    seconds: float | None = None
    if wait_s(calls, Route.READ) is not None:
        probe = take(calls, Route.READ, owner, times)
        seconds = wait_s(calls, Route.READ) if probe is None else None
    try:
        yield seconds
    finally:
        if probe is not None:
            probe.ended(well=None if calls.made == 0 else calls.troubles == 0, times=times)


def look(calls: Calls, route: Route, read: Callable[[], None], owner: str, times: PublishTimes) -> float | None:
    """Probe a route by one read if nobody else does; gives the seconds to wait, None when the way is free."""
    probe = take(calls, route, owner, times)
    if probe is not None:
        well: bool | None = None  # an error of our own says nothing about the network
        before = calls.troubles
        try:
            with calls.on(Route.READ):
                read()
            well = True
        except ProviderFailure as failure:
            well = calls.troubles == before
            _log.info("the probe was refused", extra={"because": failure.reason})
        finally:
            probe.ended(well=well, times=times)
    return wait_s(calls, route)
