"""The world: one SQLite file, one connection, used by the event loop only.

Everything that must survive a kill -9 is committed here before an answer leaves. Handlers never await while a write is
open, so writes are serialized by the loop itself and no lock is needed.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox import clips, comments, ledger, meter, people, pictures, request_log
from sandbox.clock import Clock
from sandbox.faults import store as fault_store
from sandbox.mail import store as mail_store
from sandbox.port import StandIn
from sandbox.registry import stand_ins
from sandbox.settings import Settings

TABLES = """
create table fact (name text primary key, value text not null) without rowid;
create table counter (name text primary key, value integer not null) without rowid;
"""


class World:
    """The state that all stand-ins share, and the handles to its parts."""

    def __init__(self, settings: Settings, db: sqlite3.Connection) -> None:
        self.settings = settings
        self.db = db
        self.stand_ins: tuple[StandIn, ...] = stand_ins()
        self._options = {stand_in.key: stand_in.options for stand_in in self.stand_ins}
        self._facts: dict[str, str] = {}
        self._prepare()

    @classmethod
    def open(cls, settings: Settings) -> World:
        """Open the world of a data folder, or make it. A world of another version of the sandbox is put aside."""
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        schema = _schema(stand_ins())
        fingerprint = hashlib.sha256(schema.encode()).hexdigest()[:12]
        db = _connect(settings.database)
        if _fingerprint(db) not in ("", fingerprint):
            db.close()
            _put_aside(settings.database)
            db = _connect(settings.database)
        if not _fingerprint(db):
            db.executescript(f"begin; {schema} commit;")
            db.execute("insert into fact values ('schema', ?)", (fingerprint,))
        return cls(settings, db)

    def _prepare(self) -> None:
        """Read what is kept in memory, and make the seeded world when there is none yet."""
        self._read_facts()
        self.clock = Clock(float(self.fact("clock_offset", "0")))
        if "seed" not in self._facts:
            with self.write():
                self.set_fact("seed", str(self.settings.seed))
                self._make()
        self.faults = fault_store.FaultStore(self.db)
        self.requests = request_log.RequestLog(self.db)
        self.meter = meter.Meter(self.db)

    def _read_facts(self) -> None:
        self._facts = dict(self.db.execute("select name, value from fact"))

    def _make(self) -> None:
        people.make(self.db)
        for stand_in in self.stand_ins:
            stand_in.make(self)

    def reset(self, seed: int | None = None) -> None:
        """Begin again with a world of this seed. The OpenID key stays, so that what was signed stays verifiable."""
        chosen = self.seed if seed is None else seed
        kept = {name: value for name, value in self._facts.items() if name == "schema" or name.endswith(".key")}
        tables = [name for (name,) in self.db.execute("select name from sqlite_master where type = 'table'")]
        with self.write():
            for table in tables:
                self.db.execute(f'delete from "{table}"')  # noqa: S608 (the names are those of our own schema)
            self._facts = {}
            for name, value in {**kept, "seed": str(chosen)}.items():
                self.set_fact(name, value)
            self._make()
        self._prepare()

    @property
    def seed(self) -> int:
        """The seed this world was made with; the flag only matters for a new world."""
        return int(self._facts["seed"])

    @property
    def now(self) -> float:
        """The sandbox's time (PRODUCT 8)."""
        return self.clock.now()

    @contextmanager
    def write(self) -> Iterator[None]:
        """One transaction. Must not be nested, and nothing may be awaited inside."""
        self.db.execute("begin immediate")
        try:
            yield
            self.db.execute("commit")
        except BaseException:
            if self.db.in_transaction:
                self.db.execute("rollback")
            self._read_facts()
            raise

    def fact(self, name: str, default: str = "") -> str:
        """A single named value (secrets, settings, the clock's offset)."""
        return self._facts.get(name, default)

    def set_fact(self, name: str, value: str) -> None:
        """Keep a named value."""
        self.db.execute("insert or replace into fact values (?, ?)", (name, value))
        self._facts[name] = value

    def option(self, provider: str, name: str) -> str:
        """How an option of a stand-in stands: as set through the control interface, else its default."""
        return self.fact(f"{provider}.option.{name}", self._options[provider][name])

    def count(self, name: str) -> int:
        """The next number of a named series, from 1; ids are made of these, so they repeat with the seed."""
        row = self.db.execute(
            "insert into counter values (?, 1) on conflict (name) do update set value = value + 1 returning value",
            (name,),
        ).fetchone()
        return int(row[0])

    def move_clock(self, offset_s: float) -> None:
        """Set how far the sandbox's time is ahead of the real one."""
        self.set_fact("clock_offset", repr(offset_s))
        self.clock.offset_s = offset_s

    def flush(self) -> None:
        """Write what is kept in memory between two ticks: the request log, and the counts of calls and of faults."""
        if self.requests.dirty or self.meter.dirty or self.faults.dirty:
            with self.write():
                self.requests.flush()
                self.meter.flush()
                self.faults.flush()

    def close(self) -> None:
        """Flush and close."""
        self.flush()
        self.db.close()


def _schema(providers: tuple[StandIn, ...]) -> str:
    parts = [TABLES, people.TABLES, ledger.TABLES, comments.TABLES, pictures.TABLES, clips.TABLES, mail_store.TABLES]
    parts += [fault_store.TABLES, request_log.TABLES, meter.TABLES]
    return "\n".join(parts + [stand_in.tables for stand_in in providers])


def _connect(path: Path) -> sqlite3.Connection:
    # It holds tokens and the key that signs people in. SQLite gives its other files the same mode.
    path.touch(mode=0o600)
    path.chmod(0o600)
    db = sqlite3.connect(path, isolation_level=None, cached_statements=256)
    db.row_factory = sqlite3.Row
    # Nobody else opens it, so no lock is taken and given back around every statement.
    db.execute("pragma locking_mode = exclusive")
    db.execute("pragma journal_mode = wal")
    # NORMAL: a commit survives the death of the process (kill -9); only power loss may take the last ones.
    db.execute("pragma synchronous = normal")
    db.execute("pragma busy_timeout = 5000")
    return db


def _fingerprint(db: sqlite3.Connection) -> str:
    try:
        row = db.execute("select value from fact where name = 'schema'").fetchone()
    except sqlite3.OperationalError:
        return ""
    return str(row[0]) if row else ""


def _put_aside(path: Path) -> None:
    """Keep the other version's file beside the new one; it is a sandbox, so it may start afresh."""
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.replace(path.with_suffix(".old.sqlite3"))
