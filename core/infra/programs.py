"""What a supervised program is: its command, how it is asked to stop, and how long it may take over it."""

from __future__ import annotations

import shlex
import shutil
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

DEFAULT_GRACE_S: Final = 10.0


class CanNotStart(RuntimeError):
    """Masthead can't start here; the message is one line of at most 200 characters with the next step."""


def _nothing() -> None:
    """Most programs need nothing done before they start."""


@dataclass(frozen=True, slots=True)
class Program:
    """One child of the supervisor. Of `environment`, None means the supervisor's own at the time of the start.

    `is_server`: a server of others, whose calm lines are of no interest to a person at a terminal.
    """

    name: str
    command: tuple[str, ...]
    stop_signal: signal.Signals = signal.SIGTERM
    grace_s: float = DEFAULT_GRACE_S
    environment: Mapping[str, str] | None = None
    is_server: bool = False
    before_start: Callable[[], None] = field(default=_nothing, repr=False)


def tied_to_parent(command: Sequence[str], death_signal: signal.Signals = signal.SIGTERM) -> tuple[str, ...]:
    """The command, so started that the kernel signals it when its parent dies, even of SIGKILL.

    By setpriv and not by prctl in a preexec function: whatever changes credentials on the way (unshare) clears the
    wish, so it has to be the last step before the program. Raises CanNotStart without setpriv.
    """
    return (needed_tool("setpriv"), "--pdeathsig", death_signal.name.removeprefix("SIG"), "--", *command)


def needed_tool(name: str) -> str:
    """Path of a tool of util-linux. Raises CanNotStart when this machine lacks it."""
    found = shutil.which(name, path="/usr/local/bin:/usr/bin:/bin")
    if found is None:
        raise CanNotStart(f"The command {name} is missing. Install Debian's package util-linux and start again.")
    return found


def read_procfile(path: Path, graces: Mapping[str, float], python: str) -> list[Program]:
    """The programs of a Procfile, in its order, run without a shell; `python` replaces that word as a command.

    Raises CanNotStart when there is no such file, or a line of it says nothing.
    """
    programs: list[Program] = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or "") if isinstance(error, OSError) else "it is no text"
        raise CanNotStart(f"--procfile {path!s:.100}: {reason.lower()}. Name a Procfile, or leave it away.") from None
    for number, line in enumerate(lines, start=1):
        name, colon, rest = line.partition(":")
        if not line.strip() or line.startswith("#"):
            continue
        words = _words(rest)
        if not colon or not words:
            raise CanNotStart(f"{path.name} line {number} is not `name: command`. Mend that line and start again.")
        command = [python, *words[1:]] if words[0] == "python" else words
        grace = graces.get(name.strip(), DEFAULT_GRACE_S)
        programs.append(Program(name=name.strip(), command=tied_to_parent(command), grace_s=grace))
    return programs


def _words(rest: str) -> list[str]:
    """As a shell would split it; a quote that nobody closes says nothing."""
    try:
        return shlex.split(rest)
    except ValueError:
        return []
