"""How figures are computed and printed."""

from __future__ import annotations

import importlib
import json
from itertools import count
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import load, measures
from bench.figures import Baseline, Figure, alternately, none_of, only, percentile, within
from bench.load.burst import ideal_s
from bench.programs import CanNotMeasure
from bench.running import names_in


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


@pytest.mark.parametrize("package", [measures, load])
def test_every_module_of_a_package_can_be_measured_by_its_name(package: ModuleType) -> None:
    names = names_in(package)

    assert names
    assert all(callable(importlib.import_module(f"{package.__name__}.{name}").measure) for name in names)


def test_a_figure_that_is_more_than_it_may_be_says_so_and_one_at_its_limit_does_not() -> None:
    ideal = Baseline("N x L / W", 10.0)

    assert Figure("last", 12.5, "s", ideal, most=1.25).excess is None
    assert Figure("last", 99.0, "s", ideal).excess is None
    assert Figure("last", 12.6, "s", ideal, most=1.25).excess == "last is 1.26 times its baseline; it may be 1.25"


def test_a_limit_is_the_baseline_of_its_figure_and_may_be_reached() -> None:
    assert within("lag", 0.5, "s", 0.5).excess is None
    assert within("lag", 0.51, "s", 0.5).excess is not None


def test_of_what_may_not_be_a_single_one_is_too_many() -> None:
    requests = Baseline("requests", 100_000)

    assert none_of("wrong_rows", 0, "rows", requests).excess is None
    assert none_of("wrong_rows", 1, "rows", requests).excess is not None


def test_what_is_ideal_is_the_networks_own_time_shared_by_all_slots() -> None:
    assert ideal_s(1000, 0.2, 8) == pytest.approx(25.0)
    assert ideal_s(1000, 0.2, 32) == pytest.approx(6.25)


def test_parts_are_measured_in_their_own_order_and_all_of_them_where_none_is_named() -> None:
    steps = {"posts": 1, "post": 2, "home": 3}

    assert list(only(steps, ["home", "posts"])) == ["posts", "home"]
    assert only(steps, []) == steps
    with pytest.raises(CanNotMeasure, match="no part is called hoem; there are posts, post, home"):
        only(steps, ["hoem"])
