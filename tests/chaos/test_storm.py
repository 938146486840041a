"""What a storm counts as the time until work went on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.chaos.storm import Begun, recoveries

DEATH = datetime(2027, 1, 1, 9, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return DEATH + timedelta(seconds=seconds)


def test_what_was_due_at_a_death_waits_from_then_on():
    assert recoveries([DEATH], [Begun(after(-3), after(-2)), Begun(after(-1), after(6))]) == [6.0]


def test_the_time_in_which_nothing_was_due_is_no_delay():
    assert recoveries([DEATH], [Begun(after(-3), after(-2)), Begun(after(70), after(71.5))]) == [1.5]


def test_work_that_waits_is_seen_although_later_work_was_soon_begun():
    assert recoveries([DEATH], [Begun(after(-1), after(90)), Begun(after(40), after(45))]) == [45.0]


def test_a_death_after_which_nothing_was_left_to_begin_has_no_figure():
    assert recoveries([DEATH], [Begun(after(-3), after(-2))]) == []
