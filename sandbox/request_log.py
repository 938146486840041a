"""What was asked of the stand-ins, masked and bounded: in memory for speed, written to SQLite every half second."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from sandbox.answers import Kind
from sandbox.call import Call
from sandbox.clock import iso
from sandbox.encoding import BadEncoding
from sandbox.masking import masked

TABLES = (
    "create table request (number integer primary key, kind text not null, path text not null, entry blob not null);"
)
KEPT = 50_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One request; `entry` is its JSON as the control interface shows it."""

    number: int
    kind: str
    path: str
    entry: bytes


class RequestLog:
    """The last requests, newest last."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        rows = db.execute("select number, kind, path, entry from request order by number")
        self._entries: deque[Entry] = deque((Entry(*row) for row in rows), maxlen=KEPT)
        self._unwritten: list[Entry] = []
        self._noted = self._arrived = self._entries[-1].number if self._entries else 0

    def arrive(self) -> int:
        """Count a request that begins."""
        self._arrived += 1
        return self._arrived

    def add(self, call: Call, status: int, kind: Kind, fault: str | None) -> None:
        """Note a request; status 0 means that it got no answer (the connection was reset).

        Entries are numbered as they are noted, not as they arrive: who asks for what came `after` one misses nothing.
        """
        self._noted += 1
        entry = orjson.dumps(
            {
                "number": self._noted,
                "at": iso(call.at),
                "method": call.method,
                "path": call.path,
                "query": _readable(call, "query"),
                "form": _readable(call, "form"),
                "headers": list(call.headers),
                "status": status,
                "kind": kind,
                "fault": fault,
            }
        )
        noted = Entry(self._noted, kind, call.path, entry)
        self._entries.append(noted)
        self._unwritten.append(noted)

    def select(self, after: int, kind: str | None, path: str | None, limit: int) -> bytes:
        """The newest `limit` requests that match, oldest first, as a JSON array."""
        found: deque[bytes] = deque(maxlen=limit)
        found.extend(entry.entry for entry in self._matching(after, kind, path))
        return b"[" + b",".join(found) + b"]"

    def _matching(self, after: int, kind: str | None, path: str | None) -> Iterator[Entry]:
        for entry in self._entries:
            if entry.number > after and kind in (None, entry.kind) and (path is None or path in entry.path):
                yield entry

    @property
    def dirty(self) -> bool:
        """Is there anything to write?"""
        return bool(self._unwritten)

    def flush(self) -> None:
        """Write to the database what came since the last time."""
        rows = [(entry.number, entry.kind, entry.path, entry.entry) for entry in self._unwritten]
        self._db.executemany("insert or replace into request values (?, ?, ?, ?)", rows)
        self._db.execute("delete from request where number <= ?", (self._noted - KEPT,))
        self._unwritten.clear()


def _readable(call: Call, part: str) -> Mapping[str, Any]:
    """Parameters for the log, or why there are none: the log also shows requests that can't be read."""
    try:
        return masked(getattr(call, part))
    except BadEncoding as problem:
        return {"(unreadable)": str(problem)}
