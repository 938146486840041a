"""Starts programs, keeps them running, and ends all of them together.

Four rules (MEASURED 1):
1. A child has a session of its own and is told by the kernel when this process dies, so nothing outlives it.
2. A dead child is reaped at once, whatever it left in its process group is killed, and it starts again after 0.5, 1 ...
   30 s. (A dead postmaster that nobody reaps keeps its lock file alive.)
3. Ending goes in reverse order of starting, each program with its own time to finish: a sender that is cut off in the
   middle of a send leaves a post whose outcome nobody knows.
4. One thread does all of it. Work that blocks goes to `run_while`, which keeps the children served meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import IO, Final, Self, TextIO, TypeVar

from core.infra.child_output import ChildOutput
from core.infra.programs import CanNotStart, Program

T = TypeVar("T")

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
_HEALTHY_AFTER_S: Final = 60.0  # a program that ran this long starts again at the first pause
_HURRIED_GRACE_S: Final = 2.0  # left to every program after a second Ctrl-C
_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """Somebody pressed Ctrl-C or asked this process to end. Not an Exception, so that nothing swallows it."""


@dataclass(slots=True, eq=False)
class _Child:
    program: Program
    output: ChildOutput
    process: subprocess.Popen[bytes] | None = None
    pipe: IO[bytes] | None = None
    started_at: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    restart_at: float | None = None
    exits: int = 0


@dataclass(slots=True)
class Supervisor:
    """Use it as a context manager on the main thread: leaving it ends every program."""

    out: TextIO = field(default_factory=lambda: sys.stdout)
    _groups: list[list[_Child]] = field(default_factory=list)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _stops_asked: int = 0
    _stopping: bool = False
    _wake_read: int = -1
    _wake_write: int = -1
    _before: list[Callable[[], object]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        previous_wakeup = signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        self._before.append(lambda: signal.set_wakeup_fd(previous_wakeup))
        for number in _STOP_SIGNALS:
            self._handle(number, self._stop_was_asked)
        self._handle(signal.SIGCHLD, lambda _number, _frame: None)  # its only use is to wake the selector
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        for undo in reversed(self._before):
            undo()
        self._selector.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def start(self, *programs: Program) -> None:
        """Start programs that don't need each other; what is started together is ended together."""
        group: list[_Child] = []
        self._groups.append(group)
        for program in programs:
            child = _Child(program, ChildOutput(program.name, self.out, is_server=program.is_server))
            group.append(child)
            self._spawn(child)

    def run(self) -> None:
        """Keep everything running until asked to stop."""
        while not self._stops_asked:
            self._turn(until=None)

    def run_while(self, task: Callable[[], T]) -> T:
        """Do blocking work in a thread while the children are served. Raises StopRequested when asked to stop."""
        outcome: list[T] = []
        failure: list[BaseException] = []

        def work() -> None:
            try:
                outcome.append(task())
            except BaseException as error:  # whatever it is: the caller's thread raises it again
                failure.append(error)
            with contextlib.suppress(OSError):  # closed meanwhile: nobody waits any more
                os.write(self._wake_write, b".")

        # A daemon: when people want to stop, they need not wait for it.
        thread = threading.Thread(target=work, daemon=True, name="run-while")
        thread.start()
        while not (outcome or failure):
            if self._stops_asked:
                raise StopRequested
            self._turn(until=None)
        if failure:
            raise failure[0]
        return outcome[0]

    def exits_of(self, name: str) -> int:
        """How many times a program has ended by itself."""
        return self._child(name).exits

    def runs_since(self, name: str) -> float | None:
        """Instant of `time.monotonic()` at which a program was started, None while it doesn't run."""
        child = self._child(name)
        return child.started_at if child.process else None

    def last_lines_of(self, name: str) -> str:
        """The newest lines that a program printed."""
        return self._child(name).output.last_lines

    def pids(self) -> dict[str, int]:
        """The programs that run now."""
        return {child.program.name: child.process.pid for child in self._children() if child.process}

    def stop(self) -> None:
        """End every program, the last started first. After a second Ctrl-C none has more than 2 s left."""
        self._stopping = True
        patient_until = min(self._stops_asked, 1)
        while self._groups:
            group = self._groups[-1]
            asked_at = time.monotonic()
            hurried_at: float | None = None
            for child in reversed(group):
                child.restart_at = None
                if child.process:
                    _signal(child.process, child.program.stop_signal)
            while running := [child for child in group if child.process]:
                if hurried_at is None and self._stops_asked > patient_until:
                    hurried_at = time.monotonic()
                for child in running:
                    if child.process and time.monotonic() >= _deadline(child.program, asked_at, hurried_at):
                        child.output.say("did not end in time and is killed", "WARNING")
                        _kill_group(child.process)
                self._turn(until=min(_deadline(child.program, asked_at, hurried_at) for child in running))
            self._groups.pop()

    def _spawn(self, child: _Child) -> None:
        child.restart_at = None
        child.program.before_start()
        child.started_at = time.monotonic()
        try:
            child.process = subprocess.Popen(
                child.program.command,
                env=child.program.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            reason = f"{child.program.command[0]!s:.80}: {error.strerror}"
            raise CanNotStart(f"{child.program.name} can't be started: {reason}. Mend that and start again.") from None
        child.pipe = child.process.stdout
        if child.pipe:
            os.set_blocking(child.pipe.fileno(), False)
            self._selector.register(child.pipe, selectors.EVENT_READ, child)

    def _turn(self, until: float | None) -> None:
        """Wait for the next thing that happens, at most until then, and deal with all that has happened."""
        times = [child.restart_at for child in self._children() if child.restart_at is not None]
        if until is not None:
            times.append(until)
        timeout = max(0.0, min(times) - time.monotonic()) if times else None
        for key, _events in self._selector.select(timeout):
            if isinstance(key.data, _Child):
                self._read(key.data)
            else:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake_read, 4096)
        for child in self._children():
            if child.process and _has_ended(child.process):
                self._bury(child, child.process)
            if child.restart_at is not None and child.restart_at <= time.monotonic():
                self._spawn(child)

    def _bury(self, child: _Child, process: subprocess.Popen[bytes]) -> None:
        _kill_group(process)  # before it is reaped: until then nobody else can have its number
        code = process.wait()
        while child.pipe:
            self._read(child)
        child.process = None
        if self._stopping:
            return
        child.exits += 1
        if time.monotonic() - child.started_at > _HEALTHY_AFTER_S:
            child.pause_s = FIRST_PAUSE_S
        child.output.say(f"ended ({_exit_words(code)}); starts again in {child.pause_s:g} s", "WARNING")
        child.restart_at = time.monotonic() + child.pause_s
        child.pause_s = min(child.pause_s * 2, LONGEST_PAUSE_S)

    def _read(self, child: _Child) -> None:
        pipe = child.pipe
        if pipe is None:
            return
        try:
            data = os.read(pipe.fileno(), 1 << 16)
        except BlockingIOError:
            # Only a grandchild that left the process group can still hold the other end of a dead child's pipe.
            if child.process and child.process.returncode is None:
                return
            data = b""
        if data:
            child.output.feed(data)
            return
        child.output.end()
        self._selector.unregister(pipe)
        pipe.close()
        child.pipe = None

    def _children(self) -> Iterator[_Child]:
        for group in self._groups:
            yield from group

    def _child(self, name: str) -> _Child:
        return next(child for child in self._children() if child.program.name == name)

    def _handle(self, number: signal.Signals, handler: Callable[[int, FrameType | None], None]) -> None:
        previous = signal.signal(number, handler)
        self._before.append(lambda: signal.signal(number, previous))

    def _stop_was_asked(self, _number: int, _frame: FrameType | None) -> None:
        self._stops_asked += 1


def _deadline(program: Program, asked_at: float, hurried_at: float | None) -> float:
    patient = asked_at + program.grace_s
    return patient if hurried_at is None else min(patient, max(asked_at, hurried_at) + _HURRIED_GRACE_S)


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """True when it has ended, without reaping it."""
    ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    return ended is not None


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, number)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _exit_words(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
