"""A day and a time in the organization's zone, as the instant they mean."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import streamlit as st

from console.plain import plain, plain_label
from core.infra.clock import now
from core.posts import slots


def time_field(zone: str, wall: datetime | None, *, key: str, day: str = "Day", at: str = "Time") -> datetime | None:
    """The instant that was chosen; None for a time that doesn't exist, or for one of two that nobody said which.

    `wall` is what it begins with (naive, of that zone), on no day before today; None: today at nine.
    """
    today = now().astimezone(ZoneInfo(zone)).date()
    start = wall.date() if wall and wall.date() >= today else today
    left, right = st.columns(2)
    new_day: date = left.date_input(day, value=start, min_value=today, format="YYYY-MM-DD", key=f"{key}_day")
    new_time: time = right.time_input(
        f"{at} ({plain_label(zone)})", value=wall.time() if wall else time(9, 0), step=300, key=f"{key}_time"
    )
    try:
        return slots.instant(datetime.combine(new_day, new_time), zone)
    except slots.TimeOccursTwice as twice:
        which = st.segmented_control("This time occurs twice", ["first", "second"], key=f"{key}_which")
        return {None: None, "first": twice.first, "second": twice.second}[which]
    except slots.TimeDoesNotExist as skipped:
        st.warning(plain(skipped.message), icon=":material/warning:")
        return None
