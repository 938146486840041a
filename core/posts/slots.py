"""Slots: a wall time in the organization's zone and the instant it means. Pure: no database, no clock.

A time that the clocks skip is refused with the two nearest; one that occurs twice is asked (PRODUCT 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from core.infra.errors import Invalid

Which = Literal["first", "second"]
_MINUTE: Final = timedelta(minutes=1)


class TimeDoesNotExist(Invalid):
    """The clocks skip this time. `before` and `after` are the two nearest wall times that exist (naive)."""

    def __init__(self, wall: datetime, before: datetime, after: datetime, zone: str) -> None:
        self.before = before
        self.after = after
        nearest = f"{_clock(before)} or {_clock(after)}"
        super().__init__([f"{_clock(wall)} doesn't exist in {zone}: the clocks go forward. Choose {nearest}."])


class TimeOccursTwice(Invalid):
    """The clocks show this time twice. `first` and `second` are the two instants (UTC)."""

    def __init__(self, wall: datetime, first: datetime, second: datetime, zone: str) -> None:
        self.first = first
        self.second = second
        offsets = " or ".join(said_offset(each, zone) for each in (first, second))
        super().__init__([f"{_clock(wall)} occurs twice in {zone}: the clocks go back. Say which one ({offsets})."])


@dataclass(frozen=True, slots=True)
class Day:
    """One day in a zone: `start` belongs to it, `end` to the next one (UTC)."""

    day: date
    start: datetime
    end: datetime


def instant(wall: datetime, zone: str, which: Which | None = None) -> datetime:
    """The instant (UTC) at which clocks in `zone` show the naive time `wall`.

    `which` answers the question of a time that occurs twice; elsewhere it changes nothing.
    Raises TimeDoesNotExist or TimeOccursTwice.
    """
    candidates = instants(wall, zone)
    if not candidates:
        raise TimeDoesNotExist(wall, *_around_gap(wall, zone), zone)
    if len(candidates) == 1:
        return candidates[0]
    if which is None:
        raise TimeOccursTwice(wall, candidates[0], candidates[1], zone)
    return candidates[0 if which == "first" else 1]


def instants(wall: datetime, zone: str) -> tuple[datetime, ...]:
    """All instants (UTC, in order) at which clocks in `zone` show `wall`: none in a gap, two in a fold, else one."""
    if wall.tzinfo is not None:
        raise ValueError("a wall time has no zone of its own")
    tz = ZoneInfo(zone)
    found = {wall.replace(tzinfo=tz, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return tuple(
        sorted(each for each in found if each.astimezone(tz).replace(tzinfo=None, fold=0) == wall.replace(fold=0))
    )


def wall_time(at: datetime, zone: str) -> datetime:
    """What clocks in `zone` show at an instant; naive."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def moved_to(at: datetime, day: date, zone: str, which: Which | None = None) -> datetime:
    """The instant on `day` with the clock time of `at`, as a drag in the calendar means it.

    Raises TimeDoesNotExist or TimeOccursTwice.
    """
    return instant(datetime.combine(day, wall_time(at, zone).time()), zone, which)


def day_of(at: datetime, zone: str) -> Day:
    """The day in `zone` to which an instant belongs: "today" when `at` is now."""
    return bounds(wall_time(at, zone).date(), zone)


def bounds(day: date, zone: str) -> Day:
    """The instants between which it is `day` in `zone`: 23, 24 or 25 hours, none where a zone skipped the day."""
    return Day(day, _start(day, zone), _start(day + timedelta(days=1), zone))


def said(at: datetime, zone: str) -> str:
    """An instant in words, the zone named: "Sun 28 Mar 2027, 03:00 (Europe/Berlin)"."""
    wall = wall_time(at, zone)
    return f"{wall:%a} {wall.day} {wall:%b %Y, %H:%M} ({zone})"


def said_offset(at: datetime, zone: str) -> str:
    """How far clocks in `zone` are from UTC at an instant: "UTC+02:00"."""
    offset = at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
    sign, minutes = ("-", -offset) if offset < timedelta() else ("+", offset)
    hours, rest = divmod(int(minutes.total_seconds()) // 60, 60)
    return f"UTC{sign}{hours:02}:{rest:02}"


def _start(day: date, zone: str) -> datetime:
    midnight = datetime.combine(day, time())
    found = instants(midnight, zone)
    return found[0] if found else _gap_end(midnight, zone)


def _gap_end(wall: datetime, zone: str) -> datetime:
    """The instant at which the clocks jump over the skipped time `wall`."""
    tz = ZoneInfo(zone)
    # PEP 495: inside a gap fold=0 reads the old offset, which lands after the jump, and fold=1 the new one, before it.
    after = wall.replace(tzinfo=tz, fold=0).astimezone(UTC)
    before = wall.replace(tzinfo=tz, fold=1).astimezone(UTC)
    old = before.astimezone(tz).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(tz).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def _around_gap(wall: datetime, zone: str) -> tuple[datetime, datetime]:
    jump = _gap_end(wall, zone)
    return wall_time(jump - _MINUTE, zone), wall_time(jump, zone)


def _clock(wall: datetime) -> str:
    return f"{wall:%a} {wall.day} {wall:%b %Y, %H:%M}"
