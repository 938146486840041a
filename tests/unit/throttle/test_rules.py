"""How fast, how long not at all, and what of it a route's own budget touches."""

from __future__ import annotations

import pytest

from core.provider_kit.throttle import Limits, Route, Scope, Usage
from core.throttle import rules

LIMITS = Limits(widest_gap_s=70, widest_gap_of_app_s=7)


def account(percent: float, **more: object) -> Usage:
    return Usage(Scope.ACCOUNT, percent, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("percent", "gap"), [(0, 0), (59.9, 0), (60, 0), (77.5, 35), (80, 40), (94.9, 69.8), (95, 70), (140, 70)]
)
def test_posts_are_spread_linearly_from_60_percent_on(percent: float, gap: float) -> None:
    assert rules.gap_s(account(percent), LIMITS) == pytest.approx(gap)
    assert rules.gap_s(Usage(Scope.APP, percent), LIMITS) == pytest.approx(gap / 10)


def test_a_count_of_posts_may_be_used_up_and_is_not_spread() -> None:
    quota = account(98, exact=True)
    assert (rules.gap_s(quota, LIMITS), quota.stops, account(100, exact=True).stops) == (0, False, True)


def test_95_percent_stops_and_so_does_a_time_to_come_back() -> None:
    assert [account(percent).stops for percent in (94.9, 95, 120)] == [False, True, True]
    assert account(40, regain_s=60.0).stops
    assert not account(40, regain_s=0.0).stops


def test_the_networks_word_on_when_is_taken_but_not_beyond_a_day() -> None:
    assert [rules.regain_s(account(100, regain_s=wait)) for wait in (None, 0.0, 0.2, 300.0, 1e9)] == [
        None,
        None,
        1.0,
        300.0,
        86_400.0,
    ]


def test_what_counts_posts_is_publishings_wherever_it_was_heard() -> None:
    assert rules.route_of(account(50), Route.READ) is None
    assert rules.route_of(account(50, of_route=True), Route.READ) is Route.READ
    assert rules.route_of(account(50, of_route=True, exact=True), Route.PREPARE) is Route.PUBLISH


def test_a_crowd_comes_back_over_a_few_seconds_and_never_early() -> None:
    assert [rules.back_after_s(wait, 0.0) for wait in (-3.0, 0.0, 300.0)] == [0.0, 0.0, 300.0]
    assert [rules.back_after_s(wait, 1.0) for wait in (0.0, 10.0, 300.0)] == [1.0, 12.0, 305.0]
