"""The sandbox's time: the real one plus an offset that tests move (PRODUCT 8)."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """now() = real + offset. Waiting (latency, slow answers) always takes real time."""

    def __init__(self, offset_s: float = 0.0) -> None:
        self.offset_s = offset_s

    def now(self) -> float:
        """Unix seconds of the sandbox's world."""
        return time.time() + self.offset_s

    def real(self) -> float:
        """Unix seconds of everybody else."""
        return time.time()


def iso(at: float) -> str:
    """Unix seconds as the control interface writes times: aware, UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")
