"""Audit: who did what, when, by which click; narrowed by what the address says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, Literal

import pandas as pd
import streamlit as st

from console import deeds, identity, state
from console.components.empty import empty
from console.components.header import header
from console.components.split import split
from console.components.times import Zones, when
from console.identity import Visitor
from console.navigation import PageSpec
from console.plain import plain
from core.audit.queries import Narrowed
from core.infra.clock import now
from core.organizations import queries as organizations
from core.organizations.rules import Permission
from core.organizations.trail import Trail, TrailLine, export_trail, trail
from core.posts import slots

PAGE = PageSpec(
    title="Audit",
    icon="policy",
    help="Everything that anybody did here, with what it was before and after. Nobody can change or delete a line.",
    permission=Permission.READ_AUDIT,
    url_path="audit",
    order=90,
)

PER_PAGE: Final = 50
_WHO, _AREA, _FROM, _TO, _REFERENCE, _BEFORE = "who", "area", "from", "to", "ref", "before"
_FILTERS: Final = (_WHO, _AREA, _FROM, _TO, _REFERENCE)


def render(visitor: Visitor) -> None:
    """Draw the page."""
    zones = Zones.of(visitor)
    narrowed = _narrowed(zones)
    found = trail(visitor.actor, narrowed, before=_number(st.query_params.get(_BEFORE)), limit=PER_PAGE)
    with header("Audit", f"Times in {plain(zones.organization)}"):
        _csv(zones, narrowed, anything=bool(found.lines))
    _filter_row(visitor)
    if not found.lines:
        _nothing()
        return
    chosen = _table(found, zones)
    _pager(found)
    if chosen is not None:
        _detail(chosen, zones)


def _csv(zones: Zones, narrowed: Narrowed, *, anything: bool) -> None:
    """A file of every line that fits, made when it is asked for, by whoever is signed in then."""
    said = identity.claims()

    def make() -> bytes:
        return export_trail(identity.actor_of(said, identity.correlation_id()), narrowed)

    st.download_button(
        "CSV",
        data=make,
        file_name=f"audit_{slots.day_of(now(), zones.organization).day}.csv",
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
        disabled=not anything,
        help="Every line that fits these filters, at most 50,000. The export is a line itself.",
        key="audit_csv",
    )


def _narrowed(zones: Zones) -> Narrowed:
    address = st.query_params
    first, last = _day(address.get(_FROM)), _day(address.get(_TO))
    return Narrowed(
        actor=f"person:{address[_WHO]}" if _WHO in address else None,
        areas=deeds.AREAS.get(address.get(_AREA, ""), ()),
        reference=address.get(_REFERENCE, "").strip(),
        since=slots.bounds(first, zones.organization).start if first else None,
        until=slots.bounds(last, zones.organization).end if last else None,
    )


def _filter_row(visitor: Visitor) -> None:
    names = {str(each.person_id): each.name for each in organizations.members(visitor.actor)}
    who, area, days, reference, clear = split("audit", [1.4, 1.4, 1.9, 1.9, 0.75], controls=True)
    state.put("audit_who", st.query_params.get(_WHO) if st.query_params.get(_WHO) in names else None)
    who.selectbox(
        "Who",
        list(names),
        format_func=lambda each: names[each],
        index=None,
        placeholder="Everybody",
        key="audit_who",
        on_change=_to_address,
        args=(_WHO, "audit_who"),
    )
    state.put("audit_area", st.query_params.get(_AREA) if st.query_params.get(_AREA) in deeds.AREAS else None)
    area.selectbox(
        "What",
        list(deeds.AREAS),
        index=None,
        placeholder="Everything",
        key="audit_area",
        on_change=_to_address,
        args=(_AREA, "audit_area"),
    )
    first, last = _day(st.query_params.get(_FROM)), _day(st.query_params.get(_TO))
    chosen: list[date | datetime | str | Literal["today"] | None] = [first, last] if first and last else []
    key = "_".join(("audit_days", *map(str, chosen)))
    days.date_input("Days", value=chosen, format="YYYY-MM-DD", key=key, on_change=_days_to_address, args=(key,))
    state.put("audit_reference", st.query_params.get(_REFERENCE, ""))
    reference.text_input(
        "Id",
        type="search",
        placeholder="A subject's id or a trace id",
        key="audit_reference",
        on_change=_to_address,
        args=(_REFERENCE, "audit_reference"),
    )
    clear.button(
        "Clear",
        icon=":material/filter_alt_off:",
        type="tertiary",
        on_click=_clear,
        disabled=not _is_narrowed(),
        key="audit_clear",
    )


def _table(found: Trail, zones: Zones) -> TrailLine | None:
    """The lines; the one that is chosen. A choice belongs to exactly these lines, so another page starts without."""
    frame = pd.DataFrame(
        {
            "When": [each.at for each in found.lines],
            "Who": [_who(each) for each in found.lines],
            "What": [deeds.words(each.action) for each in found.lines],
            "Subject": [f"{each.subject_kind} {each.subject_id[:8]}" for each in found.lines],
            "Trace": [each.correlation_id for each in found.lines],
        }
    )
    picked = st.dataframe(
        frame,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "When": st.column_config.DatetimeColumn(
                timezone=zones.organization, format="ddd D MMM YYYY, HH:mm:ss", width=190
            ),
            "Who": st.column_config.TextColumn(width=150),
            "What": st.column_config.TextColumn(width="large"),
        },
        height=min(38 + 35 * len(found.lines), 560),
        alt="Audit lines, newest first: when, who, what, subject and trace id",
        key=f"audit_lines_{found.lines[0].id}_{len(found.lines)}",
    )
    rows = picked["selection"]["rows"]
    if not rows:
        st.caption("Choose a line to see what it was before and after.")
        return None
    return found.lines[rows[0]]


def _detail(line: TrailLine, zones: Zones) -> None:
    with st.container(border=True, gap="small", key="audit_detail"):
        st.markdown(f"**{plain(_who(line))}** {plain(deeds.words(line.action))}")
        st.caption(
            f"{plain(when(line.at, zones))}  \n`{line.action}` · {plain(line.subject_kind)} `{line.subject_id}`"
            f" · trace `{line.correlation_id or '-'}`"
        )
        before, after = split("audit_detail", [1, 1])
        with before:
            _values("Before", line.before)
        with after:
            _values("After", line.after)


def _values(title: str, values: Mapping[str, Any]) -> None:
    st.caption(title)
    if values:
        st.code(json.dumps(dict(values), indent=2, ensure_ascii=False), language="json", wrap_lines=True)
    else:
        st.caption("Nothing was kept.")


def _who(line: TrailLine) -> str:
    return f"Masthead ({line.who})" if line.by_program else line.who


def _pager(found: Trail) -> None:
    if found.before is None and _BEFORE not in st.query_params:
        return
    with st.container(horizontal=True, horizontal_alignment="center", key="audit_pager"):
        st.button(
            "Newest",
            icon=":material/first_page:",
            type="tertiary",
            on_click=_open_page,
            args=(None,),
            disabled=_BEFORE not in st.query_params,
            key="audit_newest",
        )
        st.button(
            "Older",
            icon=":material/chevron_right:",
            on_click=_open_page,
            args=(found.before,),
            disabled=found.before is None,
            shortcut="Right",
            key="audit_older",
        )


def _nothing() -> None:
    empty(
        "search_off",
        "No line fits",
        "Nothing that was done here fits these filters.",
        action="Clear filters",
        on_click=_clear,
        key="audit_none",
    )


def _to_address(parameter: str, key: str) -> None:
    _set(parameter, state.value(key))


def _days_to_address(key: str) -> None:
    days = state.value(key) or ()
    if len(days) == 1:  # the second end is still to be chosen
        return
    _set(_FROM, days[0].isoformat() if days else None)
    _set(_TO, days[1].isoformat() if days else None)


def _set(parameter: str, value: object) -> None:
    st.query_params.pop(_BEFORE, None)
    if value:
        st.query_params[parameter] = str(value)
    else:
        st.query_params.pop(parameter, None)


def _open_page(before: int | None) -> None:
    if before is None:
        st.query_params.pop(_BEFORE, None)
    else:
        st.query_params[_BEFORE] = str(before)


def _clear() -> None:
    for parameter in (*_FILTERS, _BEFORE):
        st.query_params.pop(parameter, None)


def _is_narrowed() -> bool:
    return any(parameter in st.query_params for parameter in _FILTERS)


def _number(said: str | None) -> int | None:
    return int(said) if said and said.isascii() and said.isdigit() and len(said) < 19 else None


def _day(said: str | None) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        return None
