"""Posts as rows under the days of the organization's zone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import streamlit as st

from console import navigation, state
from console.components import frontend
from console.components.networks import network_mark
from console.components.status import badge_data
from console.components.times import Zones, ago, clock, day, day_title, hour, when
from console.plain import beginning, one_line
from core.posts.rules import Shown

_LIST: Final = st.components.v2.component(
    "masthead_post_list",
    html='<div class="root"><div class="list" role="group"></div></div>',
    css=frontend.style("post_list"),
    js=frontend.script("dom", "post_list"),
)


Layout = Literal["days", "lines", "cards"]


@dataclass(frozen=True, slots=True)
class Row:
    """One post, or one publication, in a list. `at` orders it; `timed` False: nothing of it goes out at `at`.

    `goes_out` is when it was published, or is to be, by its accounts' own times: shown instead of `at` then.
    """

    post_id: UUID
    text: str
    shown: Shown
    at: datetime
    timed: bool = True
    goes_out: datetime | None = None
    accounts: Sequence[tuple[str, str]] = ()  # (name, network)
    note: str = ""
    progress: str = ""
    selected: bool = False


def post_list(
    rows: Iterable[Row],
    zones: Zones,
    *,
    key: str,
    label: str,
    page: str = "post",
    parameter: str = "post",
    layout: Layout = "days",
    on_open: Callable[[UUID], None] | None = None,
) -> None:
    """Draw the rows: under their days, as lines inside a card (under their days too), or as cards of a narrow column.

    A click opens the post on `page`, or calls `on_open` where the list stands beside a detail. `parameter` is what the
    page's address calls the ids of these rows.
    """

    def opened() -> None:
        chosen = UUID(str(state.value(key)["opened"]))
        if on_open is not None:
            on_open(chosen)
        else:
            navigation.go(page, **{parameter: chosen})

    if layout == "cards":
        groups = [
            {"title": "", "note": "", "rows": [_row(row, zones, page, parameter, under_day=False) for row in rows]}
        ]
    else:
        groups = _by_day(rows, zones, page, parameter)
    _LIST(key=key, data={"groups": groups, "layout": layout, "label": label}, on_opened_change=opened)


def _by_day(rows: Iterable[Row], zones: Zones, page: str, parameter: str) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = []
    for row in rows:
        title, note = day_title(row.at, zones.organization)
        if not groups or groups[-1]["title"] != title:
            groups.append({"title": title, "note": note, "rows": []})
        groups[-1]["rows"].append(_row(row, zones, page, parameter, under_day=True))
    return groups


def _row(row: Row, zones: Zones, page: str, parameter: str, *, under_day: bool) -> dict[str, Any]:
    at = row.at if row.timed else row.goes_out
    beside = ago(row.at) if row.timed and not under_day else ""
    if at is None:
        shown_time, title = "No time", "No time chosen yet"
    else:
        shown_time = hour(at, zones.organization) if under_day else clock(at, zones.organization)
        title = when(at, zones)
        if under_day and day(at, zones.organization) != day(row.at, zones.organization):
            beside = day(at, zones.organization)
    return {
        "id": str(row.post_id),
        "href": navigation.address(page, **{parameter: row.post_id}),
        "time": shown_time,
        "time_title": title,
        "ago": beside,
        "text": beginning(row.text, 160),
        "note": one_line(row.note),
        "accounts": [{"name": one_line(name), "network": network_mark(network)} for name, network in row.accounts],
        "shown": badge_data(row.shown),
        "progress": row.progress,
        "selected": row.selected,
    }
