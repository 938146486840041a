"""A month or a week of the organization's days; chips are dragged, or moved by Alt and an arrow key, to another day."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal
from uuid import UUID

import streamlit as st

from console import navigation, state
from console.components import frontend
from console.components.networks import network_mark
from console.components.status import badge_data
from console.components.times import Zones, beside, hour, when
from console.plain import beginning, one_line
from core.posts.calendar import CalendarDay, Chip

_CALENDAR: Final = st.components.v2.component(
    "masthead_calendar",
    html='<div class="root"><div class="cal" role="grid"></div><div class="sr live" aria-live="polite"></div></div>',
    css=frontend.style("calendar"),
    js=frontend.script("dom", "calendar"),
)
_MOST_DOTS: Final = 4

View = Literal["month", "week"]


@dataclass(frozen=True, slots=True)
class Moved:
    """What was asked for: what of a post stood at `was`, as it was `seen`, is to go to another day."""

    post_id: UUID
    was: datetime
    seen: str
    day: date


def calendar(
    days: Sequence[CalendarDay],
    zones: Zones,
    *,
    key: str,
    view: View,
    label: str,
    today: date,
    focus: date,
    month: int | None,
    may_write: bool,
    fixed: str | None,
    said: str,
    turn: int,
    day_address: Callable[[date], str],
    on_moved: Callable[[Moved], None],
    on_created: Callable[[date], None],
    on_unfolded: Callable[[date], None],
) -> None:
    """Draw whole weeks. Days outside `month` are quiet; `focus` is where the keyboard comes in.

    `fixed` says why nothing can be moved by this person. `said` is read out when `turn` changes, which it must with
    every answer: the browser draws anew only what is new.
    """

    def moved() -> None:
        asked = _moved(state.value(key))
        if asked is not None:
            on_moved(asked)

    def opened() -> None:
        navigation.go("post", post=UUID(str(state.value(key)["opened"]["post"])))

    def created() -> None:
        on_created(date.fromisoformat(state.value(key)["created"]["day"]))

    def unfolded() -> None:
        on_unfolded(date.fromisoformat(state.value(key)["unfolded"]["day"]))

    _CALENDAR(
        key=key,
        data={
            "view": view,
            "label": label,
            "today": today.isoformat(),
            "focus": focus.isoformat(),
            "may_write": may_write,
            "said": said,
            "turn": turn,
            "weekdays": [_head(each.day, view, today) for each in days[:7]],
            "days": [
                {
                    "iso": each.day.isoformat(),
                    "n": each.day.day,
                    "name": _named(each.day),
                    "label": _label(each, today),
                    "out": month is not None and each.day.month != month,
                    "weekend": each.day.weekday() > 4,
                    "total": each.total,
                    "href": day_address(each.day),
                    "chips": [_chip(chip, zones, fixed) for chip in each.chips],
                }
                for each in days
            ],
        },
        on_moved_change=moved,
        on_opened_change=opened,
        on_created_change=created,
        on_unfolded_change=unfolded,
    )


def _moved(held: Any) -> Moved | None:
    """What the browser handed over, checked for shape."""
    said = held.get("moved") if held else None
    if not isinstance(said, Mapping):
        return None
    try:
        was = datetime.fromisoformat(str(said["at"]))
        return Moved(UUID(str(said["post"])), was, str(said["seen"]), date.fromisoformat(str(said["day"])))
    except (KeyError, ValueError):
        return None


def _chip(chip: Chip, zones: Zones, fixed: str | None) -> dict[str, Any]:
    networks = {each.network: network_mark(each.network) for each in chip.publications}
    accounts = ", ".join(one_line(each.account_name) for each in chip.publications) or "No account yet"
    text = beginning(chip.text, 90)
    at = when(chip.at, zones)
    return {
        "post": str(chip.post_id),
        "at": chip.at.isoformat(),
        "seen": chip.seen,
        "href": navigation.address("post", post=chip.post_id),
        "time": hour(chip.at, zones.organization),
        "beside": beside(chip.at, zones).removeprefix(" · "),
        "text": text,
        "shown": badge_data(chip.shown),
        "networks": [{"title": each["title"], "color": each["color"]} for each in networks.values()][:_MOST_DOTS],
        "accounts": accounts,
        "fixed": chip.fixed or fixed or "",
        "title": f"{at}\n{chip.shown.words} · {accounts}",
        "words": f"{hour(chip.at, zones.organization)}, {chip.shown.words}, {text or 'no text yet'}, {accounts}",
    }


def _head(day: date, view: View, today: date) -> dict[str, Any]:
    return {"label": f"{day:%a}", "today": view == "week" and day == today}


def _named(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B}"


def _label(each: CalendarDay, today: date) -> str:
    posts = "no posts" if not each.total else "1 post" if each.total == 1 else f"{each.total} posts"
    return f"{_named(each.day)}{', today' if each.day == today else ''}, {posts}"
