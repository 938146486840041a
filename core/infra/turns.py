"""Who may do something of which only so much is possible at once: so many in all, so many for each organization.

Whoever finds no turn is told at once and nobody waits, so that one organization's work, slow by nature or on purpose,
takes no more than its share.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from core.infra.errors import Refused


class Turns:
    """So many turns of one process; `refusal` is raised when there is none."""

    def __init__(self, *, in_all: int, for_one: int, refusal: type[Refused]) -> None:
        self._in_all = in_all
        self._for_one = for_one
        self._refusal = refusal
        self._lock = threading.Lock()
        self._taken: Counter[UUID] = Counter()

    @contextmanager
    def one(self, organization_id: UUID) -> Iterator[None]:
        """A turn for the length of the block."""
        with self._lock:
            if self._taken.total() >= self._in_all or self._taken[organization_id] >= self._for_one:
                raise self._refusal
            self._taken[organization_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken[organization_id] -= 1
                if not self._taken[organization_id]:
                    del self._taken[organization_id]
