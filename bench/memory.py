"""The most memory that processes have resident, as the kernel counts it, their children with them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.cost import PROC

_LOOK_AGAIN_S: Final = 0.02  # a child lives for tens of these


@dataclass(slots=True)
class Peaks:
    """By process, the most it had resident so far, in 10^6 bytes, and the words it was started by."""

    mb: dict[int, float] = field(default_factory=dict)
    words: dict[int, str] = field(default_factory=dict)

    @property
    def largest(self) -> tuple[float, str]:
        """Of the process that had most: how much, and its words."""
        pid = max(self.mb, key=lambda each: self.mb[each])
        return self.mb[pid], self.words[pid]

    def look(self, roots: Sequence[int], proc: Path = PROC) -> None:
        """Note how much these processes and all below them have had by now."""
        for pid in _trees(roots, proc):
            with suppress(OSError, StopIteration):
                # The high-water mark is the kernel's own, so that nothing between two looks is missed but an end.
                self.mb[pid] = max(self.mb.get(pid, 0.0), _peak_mb(proc / str(pid)))
                self.words[pid] = (proc / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()


@contextmanager
def watching(roots: Sequence[int]) -> Iterator[Peaks]:
    """Look at these processes and their children for the length of a block, fifty times a second."""
    peaks, over = Peaks(), threading.Event()

    def look() -> None:
        while not over.wait(_LOOK_AGAIN_S):
            peaks.look(roots)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield peaks
    finally:
        over.set()
        thread.join()


def _peak_mb(process: Path) -> float:
    lines = (process / "status").read_text().splitlines()
    line = next(each for each in lines if each.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6


def _trees(roots: Sequence[int], proc: Path) -> list[int]:
    found = list(roots)
    for pid in found:  # grows while it is walked
        for each in (proc / str(pid) / "task").glob("*/children"):
            with suppress(OSError):
                found += map(int, each.read_text().split())
    return found
