"""Wall times and instants over the changes of the clocks in 2027, in five zones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.infra.errors import Invalid
from core.posts import slots
from core.posts.slots import TimeDoesNotExist, TimeOccursTwice


@dataclass(frozen=True)
class Zone:
    """A zone with wall times inside its gap and its fold of 2027, and the ends of the gap."""

    name: str
    gap: datetime
    before: datetime
    after: datetime
    fold: datetime
    width: timedelta = timedelta(hours=1)


def at(written: str) -> datetime:
    return datetime.fromisoformat(written)


def gap_and_fold(name: str, gap_from: str, gap_to: str, fold: str) -> Zone:
    start, end = at(gap_from), at(gap_to)
    return Zone(name, start + (end - start) / 2, start - timedelta(minutes=1), end, at(fold), end - start)


ZONES = [
    gap_and_fold("Europe/Berlin", "2027-03-28T02:00", "2027-03-28T03:00", "2027-10-31T02:30"),
    gap_and_fold("America/New_York", "2027-03-14T02:00", "2027-03-14T03:00", "2027-11-07T01:30"),
    gap_and_fold("Australia/Lord_Howe", "2027-10-03T02:00", "2027-10-03T02:30", "2027-04-04T01:45"),
    gap_and_fold("America/Santiago", "2027-09-05T00:00", "2027-09-05T01:00", "2027-04-03T23:30"),
    gap_and_fold("Africa/Cairo", "2027-04-30T00:00", "2027-04-30T01:00", "2027-10-28T23:30"),
]
each_zone = pytest.mark.parametrize("zone", ZONES, ids=lambda zone: zone.name)
zones = st.sampled_from([zone.name for zone in ZONES] + ["Asia/Kathmandu", "Pacific/Apia", "UTC"])
walls = st.datetimes(at("2026-01-01"), at("2029-01-01"))
moments = st.datetimes(at("2026-01-01"), at("2029-01-01"), timezones=st.just(UTC))


@each_zone
def test_a_time_the_clocks_skip_is_refused_with_the_two_nearest(zone: Zone) -> None:
    with pytest.raises(TimeDoesNotExist) as caught:
        slots.instant(zone.gap, zone.name)
    assert (caught.value.before, caught.value.after) == (zone.before, zone.after)
    for nearest in (caught.value.before, caught.value.after):
        assert len(slots.instants(nearest, zone.name)) == 1
        assert f"{nearest:%H:%M}" in caught.value.message
    assert slots.instant(zone.after, zone.name) - slots.instant(zone.before, zone.name) == timedelta(minutes=1)


@each_zone
@pytest.mark.parametrize("which", ["first", "second"])
def test_no_answer_makes_a_skipped_time_exist(zone: Zone, which: slots.Which) -> None:
    with pytest.raises(TimeDoesNotExist):
        slots.instant(zone.gap, zone.name, which)


@each_zone
def test_a_time_that_occurs_twice_is_asked_and_each_answer_is_one_of_the_two(zone: Zone) -> None:
    with pytest.raises(TimeOccursTwice) as caught:
        slots.instant(zone.fold, zone.name)
    first, second = caught.value.first, caught.value.second
    assert second - first == zone.width
    assert slots.instant(zone.fold, zone.name, "first") == first
    assert slots.instant(zone.fold, zone.name, "second") == second
    for instant in (first, second):
        assert slots.wall_time(instant, zone.name) == zone.fold
        assert slots.said_offset(instant, zone.name) in caught.value.message


@each_zone
def test_a_drag_keeps_the_clock_time_across_the_change(zone: Zone) -> None:
    day_before = datetime.combine(zone.gap.date() - timedelta(days=1), at("2027-01-01T09:00").time())
    start = slots.instant(day_before, zone.name)
    moved = slots.moved_to(start, zone.gap.date() + timedelta(days=1), zone.name)
    assert slots.wall_time(moved, zone.name) == day_before + timedelta(days=2)
    assert moved - start == timedelta(days=2) - zone.width


@each_zone
def test_a_drag_onto_a_skipped_time_is_refused_and_onto_a_doubled_one_asked(zone: Zone) -> None:
    earlier = slots.instant(zone.gap - timedelta(days=3), zone.name)
    with pytest.raises(TimeDoesNotExist):
        slots.moved_to(earlier, zone.gap.date(), zone.name)
    earlier = slots.instant(zone.fold - timedelta(days=3), zone.name)
    with pytest.raises(TimeOccursTwice):
        slots.moved_to(earlier, zone.fold.date(), zone.name)
    assert slots.wall_time(slots.moved_to(earlier, zone.fold.date(), zone.name, "second"), zone.name) == zone.fold


@each_zone
def test_the_day_of_a_change_is_shorter_or_longer_by_it(zone: Zone) -> None:
    skipped = slots.bounds(zone.gap.date(), zone.name)
    doubled = slots.bounds(zone.fold.date(), zone.name)
    assert skipped.end - skipped.start == timedelta(days=1) - zone.width
    assert doubled.end - doubled.start == timedelta(days=1) + zone.width


def test_a_day_that_starts_in_a_gap_starts_when_the_clocks_have_jumped() -> None:
    day = slots.bounds(date(2027, 4, 30), "Africa/Cairo")
    assert slots.wall_time(day.start, "Africa/Cairo") == at("2027-04-30T01:00")


def test_a_day_whose_midnight_occurs_twice_starts_with_the_first() -> None:
    """Havana turns 01:00 back to 00:00: both midnights are the same day."""
    day = slots.bounds(date(2027, 11, 7), "America/Havana")
    assert day.end - day.start == timedelta(hours=25)


def test_a_day_that_a_zone_skipped_is_empty() -> None:
    day = slots.bounds(date(2011, 12, 30), "Pacific/Apia")
    assert day.start == day.end


def test_a_wall_time_with_a_zone_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no zone of its own"):
        slots.instants(datetime(2027, 1, 1, tzinfo=UTC), "UTC")


def test_the_words_name_the_zone() -> None:
    assert slots.said(datetime(2027, 3, 28, 1, tzinfo=UTC), "Europe/Berlin") == "Sun 28 Mar 2027, 03:00 (Europe/Berlin)"
    assert slots.said_offset(datetime(2027, 1, 1, tzinfo=UTC), "Asia/Kathmandu") == "UTC+05:45"
    assert slots.said_offset(datetime(2027, 1, 1, tzinfo=UTC), "America/New_York") == "UTC-05:00"
    with pytest.raises(Invalid, match=r"Sun 28 Mar 2027, 02:30 doesn't exist in Europe/Berlin.*01:59 or .*03:00"):
        slots.instant(at("2027-03-28T02:30"), "Europe/Berlin")


@given(moments, zones)
def test_every_instant_is_among_those_its_wall_time_means(moment: datetime, zone: str) -> None:
    wall = slots.wall_time(moment, zone)
    assert moment in slots.instants(wall, zone)


@given(walls, zones)
def test_a_wall_time_means_none_one_or_two_instants_that_all_show_it(wall: datetime, zone: str) -> None:
    found = slots.instants(wall, zone)
    assert len(found) <= 2
    assert list(found) == sorted(found)
    assert all(slots.wall_time(each, zone) == wall for each in found)


@given(moments, zones)
def test_every_instant_lies_in_its_day_and_days_touch(moment: datetime, zone: str) -> None:
    day = slots.day_of(moment, zone)
    assert day.start <= moment < day.end
    assert day.day == moment.astimezone(ZoneInfo(zone)).date()
    assert slots.bounds(day.day + timedelta(days=1), zone).start == day.end


@given(moments, st.dates(date(2026, 1, 1), date(2028, 12, 31)), zones)
def test_moving_keeps_the_clock_time_or_says_why_not(moment: datetime, day: date, zone: str) -> None:
    wall = datetime.combine(day, slots.wall_time(moment, zone).time())
    meant = slots.instants(wall, zone)
    if not meant:
        with pytest.raises(TimeDoesNotExist) as refused:
            slots.moved_to(moment, day, zone)
        assert refused.value.before < wall < refused.value.after
        assert slots.instants(refused.value.before, zone)
        assert slots.instants(refused.value.after, zone)
    elif len(meant) == 2:
        with pytest.raises(TimeOccursTwice) as asked:
            slots.moved_to(moment, day, zone)
        assert (asked.value.first, asked.value.second) == meant
    else:
        assert slots.wall_time(slots.moved_to(moment, day, zone), zone) == wall
