"""Starting what a measurement needs: programs as children that end with it, their words kept in a file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from core.infra.programs import tied_to_parent
from core.infra.reachable import any_free_port, port_is_free, program_answers

PROJECT: Final = Path(__file__).resolve().parents[1]
PYTHON: Final = sys.executable
_LOOK_AGAIN_S: Final = 0.01
_END_WITHIN_S: Final = 75.0


class CanNotMeasure(RuntimeError):
    """A measurement could not be taken."""


def heed_signals() -> None:
    """Let SIGINT and SIGTERM unwind this process, also where a shell has started it with SIGINT ignored (`... &`)."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


@contextmanager
def program(
    command: Sequence[str], log: Path, *, cwd: Path = PROJECT, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A program for the length of a block, ended as Ctrl-C ends it; `environment` is added to this process's own."""
    added = [f"{name}={value}" for name, value in (environment or {}).items()]
    with log.open("ab") as words:
        process = subprocess.Popen(
            # By `env`, because only the settings module may read and copy this process's environment.
            tied_to_parent(["/usr/bin/env", *added, *command]),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            start_new_session=True,  # a Ctrl-C at the terminal reaches this process alone, which then ends the child
        )
    try:
        yield process
    finally:
        end(process, _END_WITHIN_S)


def end(process: subprocess.Popen[bytes], within_s: float) -> None:
    """End a process as Ctrl-C does, and by force when it takes too long."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(within_s)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def await_answer(process: subprocess.Popen[bytes], log: Path, port: int, path: str, within_s: float) -> None:
    """Return as soon as the port answers 200. Raises CanNotMeasure with the program's last words."""
    until = time.monotonic() + within_s
    while not program_answers(port, path):
        if process.poll() is not None or time.monotonic() > until:
            raise CanNotMeasure(f"{log.stem} gave no answer at port {port}{path}; it said last:\n{last_words(log)}")
        time.sleep(_LOOK_AGAIN_S)


def last_words(log: Path) -> str:
    """The newest lines of a log."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])


def free_ports(count: int) -> int:
    """The first of `count` neighbouring ports of loopback that nobody listens on."""
    while True:
        first = any_free_port()
        if all(port_is_free(port) for port in range(first, first + count)):
            return first
