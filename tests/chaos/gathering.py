"""Everybody who comes to a point waits there for the others, and then the process dies, or freezes, with all of them.

So one process, and one SIGKILL, serves many publications: each is caught at the very point, and the ids of those that
were are told before. One that was frozen (SIGSTOP) and is woken lets all of them go on from there.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.infra import crash, db
from core.publishing import ahead, checking, due_rows, sending

# Points that a process comes to with all that it claimed or swept, not with one publication.
OF_A_BATCH = ("d1", "d2", "d3", "sw1", "sw2")
# With nobody else under way for so long, we look whether anybody else is coming.
_QUIET_S = 0.2
# Those who still can come: somebody has them, or their next turn comes soon. A claim that has run out comes nowhere.
_COMING = text("""
select exists (select 1 from masthead.publication p
  where p.id = any(:ids)
    and (p.state in ('queued','claimed','sending') and p.lease_until > clock_timestamp()
         or p.state = :waiting and coalesce(p.next_action_at, p.due_at) < clock_timestamp() + interval '1.5 s'
         or p.state = :waiting and p.state = 'scheduled' and p.due_at > clock_timestamp()
           and not exists (select 1 from masthead.preparation w
             where w.publication_id = p.id and w.due_at = p.due_at and w.owner is null
               and (w.next_action_at is null or w.next_action_at > clock_timestamp() + interval '1.5 s'))))
""")


class Gathering:
    """Stands in for `crash.point` in a process that is to end at `label` with `awaited`, by this signal."""

    def __init__(
        self,
        label: str,
        awaited: frozenset[UUID],
        tell: Callable[[frozenset[UUID]], None],
        ends_by: signal.Signals = signal.SIGKILL,
        organizations: Sequence[UUID] = (),
    ) -> None:
        self.label, self.awaited, self._tell, self._ends_by = label, awaited, tell, ends_by
        self._organizations = organizations
        self.woken = threading.Event()
        self._arrived: set[UUID] = set()
        self._batch: set[UUID] = set()
        self._under_way = 0
        self._here = threading.local()
        self._lock = threading.Lock()

    def install(self) -> None:
        """Watch this process from now on."""
        crash.point = self._point
        sending.publish_one = self._followed(sending.publish_one)
        ahead.prepare_one = self._followed(ahead.prepare_one)
        checking.check_one = self._followed(checking.check_one)
        due_rows.claim_due = self._noted(due_rows.claim_due)
        due_rows.sweep = self._noted(due_rows.sweep)

    def end_by(self, until: float) -> None:
        """Die with those who came, as soon as nobody else can come, or at `until`; if nobody came, work no more."""
        quiet_since = time.monotonic()
        while (now := time.monotonic()) < until:
            time.sleep(0.02)
            with self._lock:
                if self._under_way > len(self._arrived):
                    quiet_since = now
            if now - quiet_since > _QUIET_S:
                if not self._is_anybody_coming():
                    break
                quiet_since = now
        with self._lock:
            if self._arrived and not self.woken.is_set():
                self._end()
            self.woken.set()

    def _is_anybody_coming(self) -> bool:
        with self._lock:
            awaited = list(self.awaited - self._arrived)
        values = {"ids": awaited, "waiting": "unknown" if self.label.startswith("r") else "scheduled"}
        for organization_id in self._organizations:
            with db.organization_transaction(organization_id, "program:chaos") as session:
                if session.execute(_COMING, values).scalar_one():
                    return True
        return False

    def _point(self, label: str) -> None:
        if label != self.label or self.woken.is_set():
            return
        with self._lock:
            came = self._who(label) & self.awaited
            if not came:
                return  # somebody else's publication, which goes on
            self._arrived |= came
            if label in OF_A_BATCH or self._arrived == self.awaited:
                self._end()
        if label not in OF_A_BATCH:
            self.woken.wait()

    def _who(self, label: str) -> set[UUID] | frozenset[UUID]:
        if label == "d0":
            return self.awaited
        return self._batch if label in OF_A_BATCH else {self._here.publication_id}

    def _end(self) -> None:
        self._tell(frozenset(self._arrived))
        # To this thread: a signal to the process may let it run on until another thread has taken it.
        signal.pthread_kill(threading.get_ident(), self._ends_by)
        self.woken.set()

    def _followed(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same, with its publication and its thread known."""

        @wraps(work)
        def followed(organization_id: UUID, publication_id: UUID, epoch: int, **more: Any) -> Any:
            self._here.publication_id = publication_id
            with self._lock:
                self._under_way += 1
            try:
                return work(organization_id, publication_id, epoch, **more)
            finally:
                with self._lock:
                    self._under_way -= 1

        return followed

    def _noted(self, batch: Callable[..., Any]) -> Callable[..., Any]:
        """The same, with what it took or moved remembered."""

        @wraps(batch)
        def noted(*arguments: Any, **more: Any) -> Any:
            rows = batch(*arguments, **more)
            self._batch = {row.publication_id for row in rows}
            return rows

        return noted
