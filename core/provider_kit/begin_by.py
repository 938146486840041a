"""Until when a call may begin, also on a machine that stood still meanwhile.

Whoever looked last at what must hold has so many seconds to begin. `time.monotonic()` is no judge of that on Linux: it
stands still while the machine sleeps. CLOCK_BOOTTIME goes on. A virtual machine that was paused by its host may not
learn of it from either, but its wall clock is put right. Whichever passes first rules, so a step of the wall clock
costs at most a call that isn't made, which is known then.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

_SINCE_BOOT: Final[int] = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # Linux has it


@dataclass(frozen=True, slots=True)
class BeginBy:
    """The last moment at which a call may begin: in seconds since the machine started, and of the wall clock."""

    since_boot_s: float
    wall_s: float

    @classmethod
    def within(cls, seconds: float) -> BeginBy:
        """So many seconds from now."""
        return cls(time.clock_gettime(_SINCE_BOOT) + seconds, time.time() + seconds)

    def is_over(self) -> bool:
        """Whether it is too late to begin."""
        return time.clock_gettime(_SINCE_BOOT) >= self.since_boot_s or time.time() >= self.wall_s
