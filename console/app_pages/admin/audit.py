"""Audit: who did what, when, by which click; narrowed by what the address says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
import streamlit as st

from console import deeds, filters
from console.components.csv_button import csv_button
from console.components.header import header
from console.components.split import split
from console.components.times import Zones, when
from console.filter_bar import FROM, TO, FilterBar
from console.identity import Visitor
from console.navigation import PageSpec
from console.plain import plain
from core.audit.queries import Narrowed
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
_WHO, _AREA, _REFERENCE = "who", "area", "ref"
_BAR: Final = FilterBar("audit", (_WHO, _AREA, FROM, TO, _REFERENCE), place="before")


def render(visitor: Visitor) -> None:
    """Draw the page."""
    zones = Zones.of(visitor)
    narrowed = _narrowed(zones)
    found = trail(visitor.actor, narrowed, before=_number(st.query_params.get(_BAR.place)), limit=PER_PAGE)
    with header("Audit", f"Times in {plain(zones.organization)}"):
        csv_button(
            lambda actor: export_trail(actor, narrowed),
            "Every line that fits these filters, at most 50,000. The export is a line itself.",
            name="audit",
            zone=zones.organization,
            disabled=not found.lines,
        )
    _filter_row(visitor)
    if not found.lines:
        _BAR.nothing("No line fits", "Nothing that was done here fits these filters.")
        return
    chosen = _table(found, zones)
    _BAR.pager(found.before, shortcut="Right")
    if chosen is not None:
        _detail(chosen, zones)


def _narrowed(zones: Zones) -> Narrowed:
    address = st.query_params
    first, last = filters.day(FROM), filters.day(TO)
    return Narrowed(
        actor=f"person:{address[_WHO]}" if _WHO in address else None,
        areas=deeds.AREAS.get(address.get(_AREA, ""), ()),
        reference=address.get(_REFERENCE, "").strip(),
        since=slots.bounds(first, zones.organization).start if first else None,
        until=slots.bounds(last, zones.organization).end if last else None,
    )


def _filter_row(visitor: Visitor) -> None:
    names = {str(each.person_id): each.name for each in organizations.members(visitor.actor)}
    who, area, days, reference, clear = split("audit", [1.4, 1.4, 1.9, 1.9, 0.75], filters=True)
    _BAR.choice(who, _WHO, "Who", names, "Everybody")
    _BAR.choice(area, _AREA, "What", {each: each for each in deeds.AREAS}, "Everything")
    _BAR.days(days)
    _BAR.search(reference, _REFERENCE, "A subject's id or a trace id", label="Id", live=False)
    _BAR.clear_button(clear)


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


def _number(said: str | None) -> int | None:
    return int(said) if said and said.isascii() and said.isdigit() and len(said) < 19 else None
