"""What a figure is, and the arithmetic behind it."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from bench.programs import CanNotMeasure

_DIGITS: Final = 4
_Each = TypeVar("_Each")


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the figure is held against, in the figure's own unit."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value beside its baseline; `ratio` says how many times the baseline it is, `most` what it may be."""

    name: str
    value: float
    unit: str
    baseline: Baseline
    most: float | None = None

    @property
    def ratio(self) -> float:
        """How many times the baseline; 1 is free."""
        return self.value / self.baseline.value

    @property
    def excess(self) -> str | None:
        """In words, that the ratio is more than it may be; None where it isn't."""
        if self.most is None or self.ratio <= self.most:
            return None
        return f"{self.name} is {self.ratio:.2f} times its baseline; it may be {self.most:g}"

    def line(self) -> str:
        """One line of JSON."""
        return json.dumps(
            {
                "name": self.name,
                "value": _rounded(self.value),
                "unit": self.unit,
                "baseline": {"name": self.baseline.name, "value": _rounded(self.baseline.value)},
                "ratio": round(self.ratio, 2),
            }
        )


def within(name: str, value: float, unit: str, limit: float) -> Figure:
    """A figure whose baseline is the limit that it must keep."""
    return Figure(name, value, unit, Baseline("limit", limit), most=1.0)


def none_of(name: str, value: float, unit: str, whole: Baseline) -> Figure:
    """A count that must be zero, beside what it was counted among."""
    return Figure(name, value, unit, whole, most=0.0)


def alternately(
    rounds: int, ours: Callable[[], float], baseline: Callable[[], float], *, discard: int = 0
) -> tuple[list[float], list[float]]:
    """Measure A B A B, so that whatever drifts meets both alike; the first `discard` rounds warm up and don't count."""
    pairs = [(ours(), baseline()) for _ in range(discard + rounds)][discard:]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest measured value that at least `percent` of all values don't exceed: never a value nobody measured."""
    rank = math.ceil(percent / 100 * len(values))
    return sorted(values)[max(rank, 1) - 1]


def only(all_of_them: Mapping[str, _Each], names: Sequence[str]) -> Mapping[str, _Each]:
    """Those that are named, in their own order; all of them without names. Raises CanNotMeasure."""
    if unknown := set(names) - set(all_of_them):
        raise CanNotMeasure(f"no part is called {', '.join(sorted(unknown))}; there are {', '.join(all_of_them)}")
    return {name: each for name, each in all_of_them.items() if not names or name in names}


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
