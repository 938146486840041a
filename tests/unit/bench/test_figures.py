"""How figures are computed and printed."""

from __future__ import annotations

import importlib
import json
import pkgutil
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import measures
from bench.figures import Baseline, Figure, alternately, percentile


def test_a_figure_is_one_line_of_json_with_its_baseline_in_the_same_unit() -> None:
    line = Figure("second_start", 4.56789, "s", Baseline("bare", 2.0)).line()

    assert "\n" not in line
    assert json.loads(line) == {
        "name": "second_start",
        "value": 4.568,
        "unit": "s",
        "baseline": {"name": "bare", "value": 2.0},
        "ratio": 2.28,
    }


def test_the_ratio_is_of_the_measured_values_and_not_of_the_printed_ones() -> None:
    figure = Figure("small", 0.00012344, "s", Baseline("smaller", 0.00006172))

    assert figure.ratio == pytest.approx(2.0)


def test_ours_and_the_baseline_take_turns_and_the_first_rounds_do_not_count() -> None:
    moments = count()
    ours, baseline = alternately(3, lambda: float(next(moments)), lambda: float(next(moments)), discard=2)

    assert ours == [4, 6, 8]
    assert baseline == [5, 7, 9]


def test_the_95th_percentile_of_twenty_values_is_the_second_largest() -> None:
    assert percentile([float(number) for number in range(20, 0, -1)], 95) == 19


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 100))
def test_a_percentile_is_a_measured_value_that_enough_values_do_not_exceed(values: list[float], percent: float) -> None:
    found = percentile(values, percent)

    assert found in values
    assert sum(value <= found for value in values) >= percent / 100 * len(values) - 1e-9


def test_every_module_of_measures_can_be_measured_by_its_name() -> None:
    names = [module.name for module in pkgutil.iter_modules(measures.__path__)]

    assert names
    assert all(callable(importlib.import_module(f"bench.measures.{name}").measure) for name in names)
