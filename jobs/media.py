"""`prepare`: keeps up to k uploads in work at once, their leases renewed, until nothing waits.

The job ends when there is nothing more to claim or no room; what is in work goes on in threads of its own, each with a
child process that is limited in memory and time, and the next hint claims more. A kill leaves leases that end by
themselves; a stop ends the children and gives back what they were at.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from sqlalchemy.exc import DBAPIError

from core.media import preparing
from core.media.preparing import Claim

_log = logging.getLogger(__name__)
_RENEWALS_A_LEASE = 3


@dataclass(slots=True)
class Preparer:
    """The pool of this process: so many at once, each held for `lease_s` and renewed thrice in that time."""

    at_once: int
    lease_s: float
    _stopping: threading.Event = field(init=False, default_factory=threading.Event)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)
    _work: dict[Future[None], Claim] = field(init=False, default_factory=dict)
    _pool: ThreadPoolExecutor = field(init=False)
    _renewing: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.at_once, thread_name_prefix="media")
        self._renewing = threading.Thread(target=self._renew, name="media-leases", daemon=True)
        self._renewing.start()

    def prepare(self) -> int:
        """Claim what there is room for and begin it; gives how many."""
        if self._stopping.is_set():
            return 0
        with self._lock:
            room = self.at_once - len(self._work)
        claims = preparing.claim(room, self.lease_s) if room > 0 else []
        for claim in claims:
            # A thread may be done before it is written down, hence the lock.
            with self._lock:
                future = self._pool.submit(preparing.prepare, claim, self._stopping.is_set)
                self._work[future] = claim
            future.add_done_callback(self._done)
        return len(claims)

    def stop(self) -> None:
        """Claim nothing more, and give up what is in work."""
        self._stopping.set()

    def close(self) -> None:
        """Wait until what was in work is given back."""
        self.stop()
        self._pool.shutdown(wait=True)
        self._renewing.join()

    def in_work(self) -> int:
        """How many are in work."""
        with self._lock:
            return len(self._work)

    def _done(self, future: Future[None]) -> None:
        with self._lock:
            claim = self._work.pop(future)
        failure = future.exception()
        if failure is not None:
            _log.error(
                "work on an upload ended in an exception; its lease will settle it",
                exc_info=failure,
                extra={"upload_id": str(claim.upload_id)},
            )

    def _renew(self) -> None:
        while not self._stopping.wait(self.lease_s / _RENEWALS_A_LEASE):
            with self._lock:
                held = list(self._work.values())
            try:
                preparing.renew(held, self.lease_s)
            except DBAPIError:
                _log.warning("leases could not be renewed", exc_info=True)


_preparer: Preparer | None = None


def use(preparer: Preparer | None) -> None:
    """Make `preparer` the one that `prepare` of this process works with."""
    global _preparer
    _preparer = preparer


def prepare() -> int:
    """The job behind a hint on the queue `media`."""
    if _preparer is None:
        raise RuntimeError("jobs.media.use() has not been called in this process")
    return _preparer.prepare()
