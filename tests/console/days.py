"""Days as the tests' organization has them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")


def today() -> date:
    return datetime.now(BERLIN).date()


def ahead(days: int) -> date:
    return today() + timedelta(days=days)


def clocks_change(month: int) -> date:
    """The next last Sunday of March (forward) or October (back), at least two days ahead."""
    for year in (today().year, today().year + 1):
        last = date(year, month, 31)
        sunday = last - timedelta(days=(last.weekday() + 1) % 7)
        if sunday > ahead(2):
            return sunday
    raise AssertionError("no such Sunday")
