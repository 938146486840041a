"""How many cores a machine has for those that are all busy at once.

What the system counts as two processors may be two threads of one core, or a neighbour's too. Together they do little
more than one alone then, and whatever needs both finds half of what it was promised.
"""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final

from bench.figures import alternately, median

_ROUNDS: Final = 5
_LASTS_S: Final = 0.5
_STARTS_WITHIN_S: Final = 0.5  # so that each process takes one
_STEPS: Final = 10_000


def at_once(processors: int) -> float:
    """How often the work of one busy process so many do at the same time: `processors` where each has a core."""
    with ProcessPoolExecutor(processors, mp_context=get_context("spawn")) as pool:

        def work_of(processes: int) -> float:
            return sum([part.result() for part in [pool.submit(_work, _LASTS_S) for _ in range(processes)]])

        for started in [pool.submit(time.sleep, _STARTS_WITHIN_S) for _ in range(processors)]:
            started.result()
        together, alone = alternately(_ROUNDS, lambda: work_of(processors), lambda: work_of(1))
    return median(together) / median(alone)


def _work(seconds: float) -> int:
    """Busy in Python for so long; gives how much of it was done."""
    done, until = 0, time.perf_counter() + seconds
    while time.perf_counter() < until:
        for step in range(_STEPS):
            step % 3
        done += 1
    return done
