"""Times as people read them: the organization's zone first and named, the viewer's own beside it where it differs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from console.identity import Visitor
from core.infra.clock import now as clock_now


@dataclass(frozen=True, slots=True)
class Zones:
    """The two zones of a page: the organization's rules, the viewer's helps."""

    organization: str
    viewer: str

    @classmethod
    def of(cls, visitor: Visitor) -> Zones:
        """The zones of this visit."""
        return cls(visitor.zone, visitor.viewer_zone)


def day(at: datetime, zone: str, now: datetime | None = None) -> str:
    """As in "Tue 24 Nov"; with the year when it isn't this one."""
    local, today = at.astimezone(ZoneInfo(zone)), (now or clock_now()).astimezone(ZoneInfo(zone))
    year = f" {local.year}" if local.year != today.year else ""
    return f"{local:%a} {local.day} {local:%b}{year}"


def clock(at: datetime, zone: str, now: datetime | None = None) -> str:
    """As in "Tue 24 Nov, 09:30"; with the year when it isn't this one."""
    return f"{day(at, zone, now)}, {hour(at, zone)}"


def to_the_second(at: datetime, zone: str, now: datetime | None = None) -> str:
    """As in "Tue 24 Nov, 09:30:05", where what is told apart lies within one minute."""
    return f"{clock(at, zone, now)}:{at.astimezone(ZoneInfo(zone)):%S}"


def hour(at: datetime, zone: str) -> str:
    """As in "09:30"."""
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M}"


def when(at: datetime, zones: Zones, now: datetime | None = None) -> str:
    """As in "Tue 24 Nov, 09:30 (Europe/Berlin)", with " · 03:30 your time" where the viewer's clocks differ."""
    return f"{clock(at, zones.organization, now)} ({zones.organization}){beside(at, zones)}"


def beside(at: datetime, zones: Zones) -> str:
    """The viewer's own clock time, empty where it is the same."""
    ours, theirs = at.astimezone(ZoneInfo(zones.organization)), at.astimezone(ZoneInfo(zones.viewer))
    if ours.utcoffset() == theirs.utcoffset():
        return ""
    day = "" if ours.date() == theirs.date() else f"{theirs:%a} "
    return f" · {day}{theirs:%H:%M} your time"


def ago(at: datetime, now: datetime | None = None) -> str:
    """As in "3 min ago", "in 2 h", "in 4 days"."""
    moment = now or clock_now()
    ahead = at > moment
    distance = abs(at - moment)
    if distance < timedelta(seconds=45):
        return "now" if ahead else "just now"
    if distance < timedelta(minutes=59, seconds=30):
        figure = f"{max(1, round(distance.total_seconds() / 60))} min"
    elif distance < timedelta(hours=23, minutes=30):
        figure = f"{round(distance.total_seconds() / 3600)} h"
    else:
        days = max(1, round(distance.total_seconds() / 86400))
        figure = f"{days} day{'s' if days > 1 else ''}"
    return f"in {figure}" if ahead else f"{figure} ago"


def day_title(at: datetime, zone: str, now: datetime | None = None) -> tuple[str, str]:
    """As in ("Tuesday 24 November", "tomorrow"): a day as a heading, and how far it is where that helps."""
    local, today = at.astimezone(ZoneInfo(zone)), (now or clock_now()).astimezone(ZoneInfo(zone))
    year = f" {local.year}" if local.year != today.year else ""
    note = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get((local.date() - today.date()).days, "")
    return f"{local:%A} {local.day} {local:%B}{year}", note


def iso(at: datetime) -> str:
    """The instant for machines."""
    return at.astimezone(UTC).isoformat()
