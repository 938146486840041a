"""The faults in force: which of them meet a call, and that each acts exactly as often as asked, also after kill -9."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from fnmatch import translate
from typing import Any

import orjson

from sandbox.faults.model import CONDITIONS, Conditions, Fault, Mode
from sandbox.seeding import digest

TABLES = """
create table fault (
    id integer primary key autoincrement, route text not null, about text not null, mode text not null, times integer,
    probability real, seed integer not null, args text not null, matched integer not null default 0,
    applied integer not null default 0
);
create table fault_path (fault_id integer, path text, primary key (fault_id, path)) without rowid;
"""


def _nothing(_word: str) -> bool:
    return False


class FaultStore:
    """All faults in the order they were asked for.

    Taking one that its count decides about is committed before the call goes on; of one that always acts the count is
    only told, and written with the request log.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._uncounted: dict[int, Fault] = {}
        self._faults: list[tuple[re.Pattern[str], Fault]] = []
        for row in db.execute("select * from fault order by id"):
            fault = _fault(row)
            paths = db.execute("select path from fault_path where fault_id = ?", (fault.id,))
            fault.paths = {path for (path,) in paths}
            self._faults.append((_pattern(fault.route), fault))

    def add(
        self,
        route: str,
        mode: Mode,
        times: int | None,
        probability: float | None,
        seed: int,
        args: Mapping[str, Any],
        about: str = "",
    ) -> Fault:
        """Put a fault in force, behind those that are."""
        row = self._db.execute(
            "insert into fault (route, about, mode, times, probability, seed, args) values (?, ?, ?, ?, ?, ?, ?)"
            " returning *",
            (route, about, mode, times, probability, seed, orjson.dumps(args).decode()),
        ).fetchone()
        fault = _fault(row)
        self._faults.append((_pattern(route), fault))
        return fault

    def remove(self, fault_id: int | None = None) -> int:
        """Lift one fault, or all of them; says how many."""
        gone = [fault.id for _, fault in self._faults if fault_id in (None, fault.id)]
        self._faults = [(pattern, fault) for pattern, fault in self._faults if fault.id not in gone]
        self._db.executemany("delete from fault where id = ?", [(each,) for each in gone])
        self._db.executemany("delete from fault_path where fault_id = ?", [(each,) for each in gone])
        return len(gone)

    @property
    def dirty(self) -> bool:
        """Is there anything to write?"""
        return bool(self._uncounted)

    def flush(self) -> None:
        """Write how often those acted that always do."""
        for fault in self._uncounted.values():
            self._count(fault)
        self._uncounted.clear()

    def _count(self, fault: Fault) -> None:
        self._db.execute(
            "update fault set matched = ?, applied = ? where id = ?", (fault.matched, fault.applied, fault.id)
        )

    def all(self) -> list[Fault]:
        """Those in force, spent ones too: their counts tell what happened."""
        return [fault for _, fault in self._faults]

    def take(self, line: str, carries: Callable[[str], bool] = _nothing) -> tuple[Fault | None, Conditions]:
        """The first outcome, and the first of each condition, that meet a call such as `POST /host/v26.0/1/feed`.

        `carries` tells whether the call carries a word, for faults that are about one.
        """
        outcome: Fault | None = None
        conditions: dict[Mode, Fault] = {}
        for pattern, fault in self._faults:
            taken = fault.mode in conditions if fault.mode in CONDITIONS else outcome is not None
            if taken or fault.spent or not pattern.match(line) or (fault.about and not carries(fault.about)):
                continue
            if not self._acts(fault, line):
                continue
            if fault.mode in CONDITIONS:
                conditions[fault.mode] = fault
            else:
                outcome = fault
        return outcome, Conditions(conditions)

    def _acts(self, fault: Fault, line: str) -> bool:
        """Count a match, and draw when the fault has a probability: draw n is decided by (seed, n) alone."""
        if fault.mode is Mode.NOT_FOUND_ONCE and line in fault.paths:
            return False
        fault.matched += 1
        acts = fault.probability is None or _draw(fault.seed, fault.matched) < fault.probability
        fault.applied += acts
        if fault.always:
            self._uncounted[fault.id] = fault
        else:
            self._count(fault)
        if acts and fault.mode is Mode.NOT_FOUND_ONCE:
            fault.paths.add(line)
            self._db.execute("insert into fault_path values (?, ?)", (fault.id, line))
        return acts


def _draw(seed: int, n: int) -> float:
    return int.from_bytes(digest(seed, f"fault:{n}")[:7]) / float(1 << 56)


def _pattern(route: str) -> re.Pattern[str]:
    """A glob over `METHOD /path`; one that begins with / is meant for every method."""
    return re.compile(translate(f"* {route}" if route.startswith("/") else route))


def _fault(row: sqlite3.Row) -> Fault:
    return Fault(
        id=row["id"],
        route=row["route"],
        about=row["about"],
        mode=Mode(row["mode"]),
        times=row["times"],
        probability=row["probability"],
        seed=row["seed"],
        args=orjson.loads(row["args"]),
        matched=row["matched"],
        applied=row["applied"],
    )
