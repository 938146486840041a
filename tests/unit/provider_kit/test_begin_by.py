from __future__ import annotations

import time

import pytest

from core.provider_kit import begin_by
from core.provider_kit.begin_by import BeginBy


class Clocks:
    """What the machine says: seconds since it started, and of the wall clock."""

    CLOCK_MONOTONIC = 1
    since_boot_s = 100.0
    wall_s = 1_000_000.0

    def clock_gettime(self, clock: int) -> float:
        return self.since_boot_s

    def time(self) -> float:
        return self.wall_s


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    clocks = Clocks()
    monkeypatch.setattr(begin_by, "time", clocks)
    return clocks


def test_a_call_may_begin_until_its_moment(clocks: Clocks):
    last = BeginBy.within(1)
    clocks.since_boot_s += 0.9
    clocks.wall_s += 0.9
    assert not last.is_over()
    clocks.since_boot_s += 0.1
    clocks.wall_s += 0.1
    assert last.is_over()


def test_a_machine_that_slept_is_too_late(clocks: Clocks):
    last = BeginBy.within(1)
    clocks.since_boot_s += 1800
    assert last.is_over()


def test_a_machine_that_was_paused_unnoticed_is_too_late_once_its_wall_clock_is_put_right(clocks: Clocks):
    last = BeginBy.within(1)
    clocks.wall_s += 1800
    assert last.is_over()


def test_a_wall_clock_that_steps_back_gives_no_more_time(clocks: Clocks):
    last = BeginBy.within(1)
    clocks.since_boot_s += 1
    clocks.wall_s -= 3600
    assert last.is_over()


def test_sleep_counts():
    assert begin_by._SINCE_BOOT == time.CLOCK_BOOTTIME
