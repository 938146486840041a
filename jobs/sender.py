"""The sender: `drain` keeps up to k sends in flight until nothing is due (MEASURED 3).

One process, one pool of k threads, a database connection for every third thread (`connections`). Rows are claimed
only when a slot is free or about to be, never more than k + k/2, because a claimed row's lease runs. A kill can so
leave k publications in doubt at most, and a stop leaves none: it ends claiming, gives back what no thread has begun or
is still preparing, and waits for the sends in flight, each of which has a total deadline of its own.

A `drain` whose budget is over waits for nothing: what is in flight goes on in its threads, and the next `drain`, which
it hints at, counts and lands it. So one slow send never keeps the process from claiming. Between two of them a stop
ends in `close`, which waits for the sends as well. RQ's job timeout hits the main thread only.

Of the slots, read-backs have a quarter at most. What is prepared before its slot has threads of its own, a quarter of
k, and is claimed only when nothing due is left to claim: so it never takes a slot.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.infra import crash
from core.infra.answering import schema_words
from core.infra.settings import PublishTimes
from core.publishing import ahead, asking, claiming, sending, sweeping
from core.publishing.claiming import Claim
from core.queueing.enqueue import Hints
from core.queueing.names import JobName

_log = logging.getLogger(__name__)
_SHORTEST_NAP_S = 0.01
_FEWEST_CONNECTIONS = 4
_AWAY = (DBAPIError, PoolTimeout)
_CHECKS_A_TICK = 4


def at_once_ahead(times: PublishTimes) -> int:
    """How many publications one process prepares before their slots at a time."""
    return max(1, times.in_flight // 4)


def connections(times: PublishTimes) -> int:
    """How many database connections one process needs.

    A send holds one for 10 ms of the 200 ms and more that its call takes, and for none of the call. As many as threads
    would let all of them ask Postgres at once whenever many posts come due, each on a connection that few have used:
    more switching than working, measured as 7 % more time for a burst (docs/decisions/0030).
    """
    return max(_FEWEST_CONNECTIONS, times.in_flight // 3)


@dataclass(slots=True)
class Sender:
    """The slots of this process."""

    times: PublishTimes
    hints: Hints | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    _slots: ThreadPoolExecutor = field(init=False)
    _flight: dict[Future[object], Claim] = field(init=False, default_factory=dict)
    _read_backs: set[Future[object]] = field(init=False, default_factory=set)  # those of `_flight` that only ask
    _checks_from: float = field(init=False, default=0.0)  # when unclear outcomes are asked for next
    _preparers: ThreadPoolExecutor = field(init=False)
    _prepared: dict[Future[object], Claim] = field(init=False, default_factory=dict)
    _ahead_from: float = field(init=False, default=0.0)  # when what is to be prepared is asked for next

    def __post_init__(self) -> None:
        self._slots = ThreadPoolExecutor(max_workers=self.times.in_flight, thread_name_prefix="send")
        self._preparers = ThreadPoolExecutor(max_workers=at_once_ahead(self.times), thread_name_prefix="prepare")

    def drain(self) -> int:
        """Send and read back what is due until nothing is, the budget is over or a stop is asked; gives how many.

        What is to be prepared ahead is begun meanwhile, and waited for within the budget.
        """
        until = time.monotonic() + self.times.drain_budget_s
        begun = 0
        full = False  # the last claim filled the slots, and more is due most likely
        self._checks_from = self._ahead_from = 0.0
        self._land(0)  # what was in flight when the last one's budget was over
        while time.monotonic() < until or self.stopping.is_set():
            nap = self.times.tick_s
            if self.stopping.is_set():
                self._give_back()
            elif self._has_room():
                try:
                    # Asked before the claim, so that what becomes due meanwhile is not slept through.
                    next_due_s = None if full else self._until_next_due()
                    begun += self._claim()
                except _AWAY as error:
                    words = schema_words(error) or "Postgres is away"
                    _log.warning("%s; what is in flight goes on", words, exc_info=True)
                    return begun  # the dispatcher hints when it is back
                full = not self._has_room()
                if not full and next_due_s is None:
                    continue
                # A send may take half a minute: while a slot is free, look again when the next row is due.
                nap = next_due_s if next_due_s is not None and not full else nap
            if not self._flight and (self.stopping.is_set() or not self._prepared):
                break
            self._land(nap)
        # Where nothing was begun, what is due may not be claimed yet: whoever asked again at once would never rest.
        if begun or time.monotonic() >= until:
            self._hint_again()
        return begun

    def stop(self) -> None:
        """Claim nothing more; a `drain` gives back what hasn't begun and ends with the last send in flight."""
        self.stopping.set()

    def close(self) -> None:
        """Give back what no thread has begun, wait for what is in flight, and let the threads go."""
        self.stop()
        self._give_back()
        self._slots.shutdown(wait=True)
        self._preparers.shutdown(wait=True)
        self._land(0)

    def _hint_again(self) -> None:
        """What is in flight, or due still or again, is somebody's work: ours, once RQ has this job off the list."""
        if self.stopping.is_set() or self.hints is None:
            return
        try:
            waits = bool(self._flight) or sweeping.work_waiting()[0]
        except _AWAY:
            return  # the dispatcher hints when Postgres is back
        if waits:
            self.hints.give(JobName.DRAIN)

    def _has_room(self) -> bool:
        k = self.times.in_flight
        return len(self._flight) <= k + k // 4

    def _claim(self) -> int:
        k = self.times.in_flight
        room = k + max(1, k // 2) - len(self._flight)
        checks: list[Claim] = []
        if time.monotonic() >= self._checks_from:
            # Questions first: they are few, short, and somebody waits for the answer. Of all in flight a quarter only.
            free = min(room, max(1, k // 4) - len(self._read_backs))
            checks = claiming.due_checks(free, self.times) if free > 0 else []
            if free > 0 and not checks:
                self._checks_from = time.monotonic() + self.times.tick_s / _CHECKS_A_TICK
        for claim in checks:
            self._read_backs.add(self._begin(partial(asking.check_one, times=self.times), claim))
        sends = claiming.due(room - len(checks), self.times) if room > len(checks) else []
        for claim in sends:
            self._begin(partial(sending.publish_one, times=self.times, stopping=self.stopping.is_set), claim)
        if sends:
            crash.point("d3")
        if len(checks) + len(sends) < room:
            self._claim_ahead()
        return len(checks) + len(sends)

    def _claim_ahead(self) -> None:
        """Where nothing was left, not again within a tick: or a steady flow of what is due would pay for each look.

        What is claimed begins at once: nothing waits here, so a stop has none of it to give back.
        """
        free, now = at_once_ahead(self.times) - len(self._prepared), time.monotonic()
        if free <= 0 or now < self._ahead_from:
            return
        claims = claiming.ahead(free, self.times)
        self._ahead_from = now if len(claims) == free else now + self.times.tick_s
        for claim in claims:
            work: Callable[..., object] = partial(ahead.prepare_one, times=self.times)
            future = self._preparers.submit(work, claim.organization_id, claim.publication_id, claim.epoch)
            self._prepared[future] = claim

    def _begin(self, work: Callable[..., object], claim: Claim) -> Future[object]:
        future = self._slots.submit(work, claim.organization_id, claim.publication_id, claim.epoch)
        self._flight[future] = claim
        return future

    def _land(self, nap_s: float) -> None:
        done, _ = wait([*self._flight, *self._prepared], timeout=nap_s, return_when=FIRST_COMPLETED)
        for future in done:
            claim = self._flight.pop(future, None) or self._prepared.pop(future)
            self._read_backs.discard(future)
            failure = None if future.cancelled() else future.exception()
            if failure is not None:
                _log.error(
                    "a send ended in an exception; its lease will settle it",
                    exc_info=failure,
                    extra={"publication_id": claim.publication_id},
                )

    def _give_back(self) -> None:
        unbegun = [claim for future, claim in list(self._flight.items()) if future.cancel()]
        try:
            claiming.give_back(unbegun)
        except _AWAY:
            _log.warning("claims could not be given back; their leases will", exc_info=True)

    def _until_next_due(self) -> float:
        seconds = sweeping.until_next_due()
        return self.times.tick_s if seconds is None else min(max(seconds, _SHORTEST_NAP_S), self.times.tick_s)


_sender: Sender | None = None


def use(sender: Sender | None) -> None:
    """Make `sender` the one that `drain` of this process works with."""
    global _sender
    _sender = sender


def drain() -> int:
    """The job behind a hint on the queue `publish`."""
    if _sender is None:
        raise RuntimeError("jobs.sender.use() has not been called in this process")
    return _sender.drain()
