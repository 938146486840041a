"""All programs and both servers of an installation as processes that may die at any moment and are started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from core.infra.embedded import Addresses, EmbeddedServers
from core.infra.programs import tied_to_parent
from tests.fixtures.programs import PROJECT

# Two dispatchers, two schedulers, two senders; the supervisor of `masthead run` starts a dead one after half a second.
PROGRAMS: Final = {
    "dispatcher-1": ("jobs.dispatcher",),
    "dispatcher-2": ("jobs.dispatcher",),
    "scheduler-1": ("jobs.scheduler",),
    "scheduler-2": ("jobs.scheduler",),
    "worker-tick": ("jobs.worker", "tick"),
    "worker-publish-1": ("jobs.worker", "publish"),
    "worker-publish-2": ("jobs.worker", "publish"),
    "worker-low": ("jobs.worker", "low"),
    "ingest": ("ingest",),
}
_START_AGAIN_AFTER_S: Final = 0.5
_LOOK_EVERY_S: Final = 0.1
_READY_WITHIN_S: Final = 60.0


@dataclass
class Child:
    """One process: how it is started, the one that runs now, and until when it stays away."""

    start: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] = field(init=False)
    away_until: float = 0.0

    def __post_init__(self) -> None:
        self.process = self.start()

    def end(self, by: signal.Signals, away_s: float = _START_AGAIN_AFTER_S) -> None:
        """End it and all that it has started; `tend` starts it again after `away_s` seconds."""
        self.away_until = time.monotonic() + away_s
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, by)

    def tend(self) -> None:
        """Start it again if it is dead and its time has come."""
        if self.process.poll() is not None and time.monotonic() >= self.away_until:
            self.away_until = time.monotonic() + _START_AGAIN_AFTER_S
            self.process = self.start()


class Estate:
    """The children by name, looked after by a thread of this object."""

    def __init__(self, folder: Path) -> None:
        self._log = (folder / "estate.log").open("ab")
        self.servers = EmbeddedServers(folder / "installation")
        self.children: dict[str, Child] = {}
        self._over = threading.Event()
        for server in self.servers.programs:
            self.children[server.name] = Child(lambda server=server: self._server(server))
        self.servers.wait_until_ready()
        self.servers.make_owner()
        self._tending = threading.Thread(target=self._tend, daemon=True)
        self._tending.start()

    @property
    def addresses(self) -> Addresses:
        return self.servers.addresses

    def start_programs(self, environment: Mapping[str, str]) -> None:
        """Start what the Procfile has, but the console and `worker-media`, some of it twice."""
        for name, module in PROGRAMS.items():
            command = [sys.executable, "-m", *module]
            self.children[name] = Child(lambda command=command: self._program(command, environment))

    def wait_for_servers(self) -> None:
        """Return when both servers answer."""
        self.servers.wait_until_ready()

    def close(self) -> None:
        """End everything, programs first."""
        self._over.set()
        self._tending.join()
        for name in reversed(list(self.children)):
            child = self.children[name]
            child.end(signal.SIGINT if name == "postgres" else signal.SIGKILL)
            child.process.wait()
        self.servers.release()
        self._log.close()

    def _tend(self) -> None:
        while not self._over.wait(_LOOK_EVERY_S):
            for child in list(self.children.values()):
                child.tend()

    def _server(self, server: object) -> subprocess.Popen[bytes]:
        server.before_start()
        return self._open(server.command, dict(server.environment or {}), Path("/"))

    def _program(self, command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        return self._open(tied_to_parent(command), dict(environment), PROJECT)

    def _open(self, command: object, environment: dict[str, str], cwd: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )


@contextmanager
def running_estate(folder: Path) -> Iterator[Estate]:
    """Both servers, for the length of a block; programs are started in it."""
    estate = Estate(folder)
    try:
        yield estate
    finally:
        estate.close()
