"""Calendar: what goes out when, by month, week or as a list; a post is dragged to another day and keeps its time."""

from __future__ import annotations

import calendar as weeks
from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from types import MappingProxyType
from typing import Final, Literal, cast
from zoneinfo import ZoneInfo

import streamlit as st

from console import filters, moving, navigation, state
from console.components.calendar import Moved
from console.components.calendar import calendar as draw_calendar
from console.components.empty import empty
from console.components.header import header
from console.components.post_list import Row, post_list
from console.components.split import split
from console.components.status import mark
from console.components.times import Zones, beside
from console.filter_bar import FilterBar
from console.identity import Visitor
from console.navigation import PageSpec
from console.plain import plain
from core.infra.clock import now
from core.organizations.rules import Permission
from core.posts import queries
from core.posts.calendar import Calendar, Chip
from core.posts.rules import SHOWN, Word
from core.posts.views import Filters

PAGE = PageSpec(
    title="Calendar",
    icon="calendar_month",
    help="What goes out when. Drag a post to another day, or focus it and press Alt and an arrow key.",
    permission=Permission.READ,
    url_path="calendar",
    order=15,
)

View = Literal["month", "week", "list"]
_VIEWS: Final[Mapping[View, str]] = MappingProxyType({"month": "Month", "week": "Week", "list": "List"})
_PER_DAY: Final[Mapping[View, int]] = MappingProxyType({"month": 4, "week": 12, "list": 100})
_MOST: Final = 200
_LIST_DAYS: Final = 7
_FIRST, _LAST = date(2000, 2, 1), date(2199, 10, 1)

# The address is the view. `day` and `post` are parameters of the pages that are opened from here.
_VIEW, _ON = "view", "on"
_STRAYS: Final = ("day", "post")
_BAR: Final = FilterBar("calendar", (filters.STATES, filters.ACCOUNT, filters.AUTHOR))


def render(visitor: Visitor) -> None:
    """Draw the page."""
    zones = Zones.of(visitor)
    filters.mend_address("calendar", _STRAYS)
    view, today = _view(), now().astimezone(ZoneInfo(zones.organization)).date()
    on = filters.day(_ON)
    on = on if on is not None and _FIRST <= on <= _LAST else today
    first, last = _span(view, on)
    found = queries.calendar(
        visitor.actor,
        first,
        last,
        Filters(
            words=filters.words(), account_id=filters.uuid(filters.ACCOUNT), author_id=filters.uuid(filters.AUTHOR)
        ),
        per_day=_PER_DAY[view],
        most=_MOST,
    )
    _head(visitor, view, on, first, last, today)
    _filter_row(visitor)
    if view == "list":
        _list(visitor, found, zones)
    else:
        _grid(visitor, found, zones, view, on)
    moving.show_question()


def _view() -> View:
    asked = st.query_params.get(_VIEW)
    return cast("View", asked) if asked in _VIEWS else "month"


def _span(view: View, on: date) -> tuple[date, date]:
    """The days that are shown: whole weeks from Monday on, or the list's."""
    if view == "list":
        return on, on + timedelta(days=_LIST_DAYS - 1)
    if view == "week":
        first = on - timedelta(days=on.weekday())
        return first, first + timedelta(days=6)
    days = list(weeks.Calendar().itermonthdates(on.year, on.month))
    return days[0], days[-1]


def _head(visitor: Visitor, view: View, on: date, first: date, last: date, today: date) -> None:
    title = f"{on:%B %Y}" if view == "month" else _between(first, last)
    named = {"month": "month", "week": "week", "list": "days"}[view]
    with header(title, f"Times in {plain(visitor.zone)}"):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False, width="content", gap="small"):
            _turn(f"Previous {named}", "chevron_left", _shifted(view, on, -1), "Left")
            st.button("Today", on_click=_go_to, args=(today,), shortcut="T", key="calendar_today")
            _turn(f"Next {named}", "chevron_right", _shifted(view, on, 1), "Right")
        state.put("calendar_shown_by", view)
        st.segmented_control(
            "View",
            list(_VIEWS),
            format_func=lambda each: _VIEWS[each],
            required=True,
            key="calendar_shown_by",
            on_change=_view_to_address,
            label_visibility="collapsed",
        )
        navigation.new_post(visitor)


def _turn(words: str, icon: str, to: date, key: str) -> None:
    st.button(
        "",
        icon=f":material/{icon}:",
        type="tertiary",
        on_click=_go_to,
        args=(to,),
        shortcut=key,
        help=words,
        key=f"calendar_{key.lower()}",
    )


def _shifted(view: View, on: date, by: int) -> date:
    if view != "month":
        return on + timedelta(days=7 * by)
    return (on.replace(day=1) + timedelta(days=31 if by > 0 else -1)).replace(day=1)


def _between(first: date, last: date) -> str:
    begin = f"{first.day} {first:%b}" if first.month != last.month else f"{first.day}"
    year = f" {first.year}" if first.year != last.year else ""
    return f"{begin}{year} \N{EN DASH} {last.day} {last:%b %Y}"


def _filter_row(visitor: Visitor) -> None:
    account, author, clear = split("calendar", [1, 1, 0.9], filters=True)
    _BAR.account_and_author(visitor, account, author)
    _BAR.clear_button(clear)
    state.put("calendar_states", list(filters.words()))
    st.pills(
        "State",
        list(SHOWN),
        selection_mode="multi",
        format_func=lambda word: mark(SHOWN[word]),
        key="calendar_states",
        on_change=_states_to_address,
        label_visibility="collapsed",
    )


def _grid(visitor: Visitor, found: Calendar, zones: Zones, view: View, on: date) -> None:
    fixed = visitor.why_not(Permission.RESCHEDULE)
    days = {each.day for each in found.days}
    texts = {(chip.post_id, chip.at): chip.text for each in found.days for chip in each.chips}

    def moved(asked: Moved) -> None:
        text = texts.get((asked.post_id, asked.was), "")
        moving.to_day(asked, text=text, zone=zones.organization, follow=partial(_follow, days))

    draw_calendar(
        found.days,
        zones,
        key="calendar",
        view="week" if view == "week" else "month",
        label=f"Posts of {on:%B %Y}" if view == "month" else "Posts of the week",
        today=found.today,
        focus=found.today if found.today in days else on,
        month=on.month if view == "month" else None,
        may_write=visitor.may(Permission.WRITE),
        fixed=fixed,
        said=moving.said(),
        turn=moving.turn(),
        day_address=lambda day: navigation.address("calendar", **_address(view="list", on=day)),
        on_moved=moved,
        on_created=lambda day: navigation.go("compose", day=day.isoformat()),
        on_unfolded=_unfold,
    )
    _foot(
        zones,
        found,
        plain(fixed) if fixed else "Drag a post to another day, or focus it and press Alt and an arrow key.",
    )


def _foot(zones: Zones, found: Calendar, hint: str) -> None:
    same = not beside(now(), zones)
    mine = "" if same else f"Yours ({plain(zones.viewer)}) stand beside them in week and list, and on each post. "
    with st.container(horizontal=True, key="calendar_foot"):
        st.caption(f"{mine}{hint}" or "Open a post to give it another time.", width="stretch")
    if not found.total:
        with st.container(key="calendar_none_state"):
            st.caption(
                "Nothing fits these filters here."
                if _BAR.is_narrowed
                else "Nothing is planned here. Click a day to write for it."
            )


def _list(visitor: Visitor, found: Calendar, zones: Zones) -> None:
    rows = [_row(chip, zones) for each in found.days for chip in each.chips]
    if rows:
        post_list(rows, zones, key="calendar_list", label="Posts by day")
        if found.total > found.listed:
            st.caption(
                f"The first {found.listed:,} of {found.total:,} are listed."
                " Narrow them, or go on from a later day to see the rest."
            )
        _foot(zones, found, "")
    elif _BAR.is_narrowed:
        _BAR.nothing("No post fits", "Nothing fits these filters in these days.")
    else:
        may_write = visitor.may(Permission.WRITE)
        empty(
            "event_available",
            "Nothing is planned",
            "No post has a time in these days.",
            action="Write a post" if may_write else "See all posts",
            page="compose" if may_write else "posts",
            key="calendar_none",
        )


def _row(chip: Chip, zones: Zones) -> Row:
    return Row(
        post_id=chip.post_id,
        text=chip.text,
        shown=chip.shown,
        at=chip.at,
        accounts=[(each.account_name, each.network) for each in chip.publications],
        note=beside(chip.at, zones).removeprefix(" · "),
    )


def _address(**changed: object) -> dict[str, object]:
    kept = {name: st.query_params.get_all(name) for name in _BAR.parameters if name in st.query_params}
    return {**kept, **changed}


def _go_to(day: date) -> None:
    filters.put(_ON, day.isoformat())


def _follow(shown: set[date], day: date) -> None:
    if day not in shown:
        _go_to(day)


def _unfold(day: date) -> None:
    filters.put(_VIEW, "list")
    _go_to(day)


def _view_to_address() -> None:
    chosen = state.value("calendar_shown_by")
    filters.put(_VIEW, None if chosen == "month" else chosen)


def _states_to_address() -> None:
    chosen: list[Word] = state.value("calendar_states") or []
    _BAR.put(filters.STATES, [word.value for word in chosen])
