"""How many calls were made in a rolling window, per name; the base of rate limits and usage headers."""

from __future__ import annotations

import sqlite3
from collections import defaultdict

TABLES = "create table calls (name text, slot integer, calls integer not null, primary key (name, slot)) without rowid;"
SLOT_S = 300
KEPT_S = 86_400


class Meter:
    """Counts in slots of five minutes; kept in memory, written with the request log."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._slots: dict[str, dict[int, int]] = defaultdict(dict)
        self._changed: set[tuple[str, int]] = set()
        for name, slot, calls in db.execute("select name, slot, calls from calls"):
            self._slots[name][slot] = calls

    def add(self, name: str, now: float) -> None:
        """One more call."""
        slot = int(now) // SLOT_S
        slots = self._slots[name]
        slots[slot] = slots.get(slot, 0) + 1
        self._changed.add((name, slot))

    def calls(self, name: str, now: float, window_s: int) -> int:
        """Calls within the window that ends now."""
        first = int(now - window_s) // SLOT_S + 1
        last = int(now) // SLOT_S
        return sum(calls for slot, calls in self._slots[name].items() if first <= slot <= last)

    def regain_s(self, name: str, now: float, window_s: int, limit: int) -> float:
        """How long until the window holds fewer than `limit` calls, if nobody calls any more."""
        excess = self.calls(name, now, window_s) - limit + 1
        first = int(now - window_s) // SLOT_S + 1
        for slot in sorted(slot for slot in self._slots[name] if slot >= first):
            if excess <= 0:
                return 0.0
            excess -= self._slots[name][slot]
            if excess <= 0:
                return (slot + 1) * SLOT_S + window_s - now
        return 0.0

    @property
    def dirty(self) -> bool:
        """Is there anything to write?"""
        return bool(self._changed)

    def flush(self) -> None:
        """Write what changed, and forget what no window reaches any more."""
        rows = [(name, slot, self._slots[name][slot]) for name, slot in self._changed]
        self._db.executemany("insert or replace into calls values (?, ?, ?)", rows)
        for name in {name for name, _ in self._changed}:
            self._forget(name)
        self._changed.clear()

    def _forget(self, name: str) -> None:
        slots = self._slots[name]
        oldest = max(slots) - KEPT_S // SLOT_S
        if min(slots) < oldest:
            self._slots[name] = {slot: calls for slot, calls in slots.items() if slot >= oldest}
            self._db.execute("delete from calls where name = ? and slot < ?", (name, oldest))
