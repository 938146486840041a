"""What processes cost: processor time and memory, as the kernel counts them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
# Fields of /proc/<pid>/stat counted from behind the name: own time in user and system, then that of ended children.
_TIMES: Final = slice(11, 15)
PROC: Final = Path("/proc")


def cpu_s(pids: Iterable[int], proc: Path = PROC) -> float:
    """Processor seconds that processes and their ended children have used; what is gone counts as 0."""
    ticks = 0
    for pid in pids:
        with suppress(OSError):
            words = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
            ticks += sum(int(word) for word in words[_TIMES])
    return ticks / _TICKS_PER_S


def pss_mb(pid: int, proc: Path = PROC) -> float:
    """Memory of a process in 10^6 bytes, what it shares with others counted by its share."""
    lines = (proc / str(pid) / "smaps_rollup").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("Pss:"))
    return int(line.split()[1]) * 1024 / 1e6


def processes_in(folder: Path, proc: Path = PROC) -> list[int]:
    """Processes whose current folder is inside this one: servers stand in their data."""
    found = []
    for entry in proc.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if (entry / "cwd").readlink().is_relative_to(folder):
                    found.append(int(entry.name))
    return found


def spent(before: Mapping[str, float], after: Mapping[str, float], pieces: int) -> dict[str, float]:
    """Milliseconds of processor time of each kind of program for each of so many pieces of work."""
    return {kind: (after[kind] - before[kind]) / pieces * 1000 for kind in after}
