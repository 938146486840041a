"""Errors: what networks refused or left unclear, alike ones together, with the fix, the trace ids and the posts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import streamlit as st

from console import filters, navigation
from console.components.csv_button import csv_button
from console.components.empty import empty
from console.components.header import header
from console.components.networks import network_title
from console.components.split import split
from console.components.times import Zones, ago, when
from console.filter_bar import FilterBar
from console.identity import Visitor
from console.navigation import PageSpec
from console.plain import beginning, code, plain
from core.accounts import queries as accounts
from core.organizations.rules import Permission
from core.publishing.error_reads import (
    MOST,
    MOST_EXPORTED,
    Behind,
    ErrorGroup,
    Narrowed,
    SeenError,
    Within,
    behind,
    errors,
    export_errors,
)
from core.publishing.error_rows import Place

PAGE = PageSpec(
    title="Errors",
    icon="report",
    help="What the networks refused or left unclear: how often, for which accounts and posts, and what mends it.",
    permission=Permission.READ_ERRORS,
    url_path="errors",
    order=86,
)

PER_PAGE: Final = 20
_POSTS: Final = 10
_WITHIN, _NETWORK, _ACCOUNT, _OPEN, _SHOWN = "within", "network", "account", "open", "shown"
_BAR: Final = FilterBar("errors", (_NETWORK, _ACCOUNT), place="before", unfolded=(_OPEN, _SHOWN))
_WORDS: Final = {Within.DAY: "24 hours", Within.WEEK: "7 days", Within.MONTH: "30 days"}


def render(visitor: Visitor) -> None:
    """Draw the page."""
    zones = Zones.of(visitor)
    narrowed = _narrowed()
    found = errors(visitor.actor, narrowed, after=_place(), limit=PER_PAGE)
    with header("Errors", f"Times in {plain(zones.organization)}"):
        csv_button(
            lambda actor: export_errors(actor, narrowed),
            f"Every error that fits, at most {MOST_EXPORTED:,}. The export is a line of the audit trail.",
            name="errors",
            zone=zones.organization,
            disabled=not found.groups,
        )
    _filter_row(visitor)
    if not found.groups:
        _nothing(narrowed)
        return
    for each in found.groups:
        _group(visitor, each, narrowed, zones)
    _BAR.pager(f"{found.after.at.isoformat()}~{found.after.key}" if found.after else None, shortcut="Right")


def _narrowed() -> Narrowed:
    said = st.query_params.get(_WITHIN, "")
    within = Within(said) if said in set(Within) else Within.DAY
    return Narrowed(within, st.query_params.get(_NETWORK, ""), filters.uuid(_ACCOUNT))


def _place() -> Place | None:
    """Where the page before this one ended; None for nonsense."""
    at, _, key = st.query_params.get(_BAR.place, "").partition("~")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return Place(moment, key) if moment.tzinfo is not None else None


def _filter_row(visitor: Visitor) -> None:
    rows = accounts.accounts(visitor.actor)
    networks = {each: network_title(each) for each in sorted({row.network for row in rows})}
    within, network, account, clear = split("errors", [1.1, 1.4, 1.9, 0.75], filters=True)
    _BAR.choice(within, _WITHIN, "The last", {each.value: words for each, words in _WORDS.items()}, None)
    _BAR.choice(network, _NETWORK, "Network", networks, "All networks")
    _BAR.choice(account, _ACCOUNT, "Account", {str(each.id): each.name for each in rows}, "All accounts")
    _BAR.clear_button(clear)


def _group(visitor: Visitor, each: ErrorGroup, narrowed: Narrowed, zones: Zones) -> None:
    key = each.key.replace("|", "_")
    is_open = st.query_params.get(_OPEN) == each.key
    with st.container(border=True, gap="small", key=f"error_{key}"):
        what, how_often, mend = split(f"error_{key}", [4.4, 2, 2.2])
        what.markdown(
            f"**{plain(each.network_title)}** :red-badge[{plain(_code(each))}]  \n"
            f"{plain(each.words)}" + (f"  \n:gray[{plain(each.fix)}]" if each.fix else "")
        )
        if each.trace_ids and not is_open:
            what.markdown(":gray[Trace] " + " ".join(map(code, each.trace_ids)))
        how_often.markdown(
            f"**{_times(each.times)}** in {_posts(each.publications)}  \n"
            f":gray[Last {ago(each.last_at)}, {plain(when(each.last_at, zones))}]  \n:gray[{plain(_names(each))}]"
        )
        with mend:
            _mend(each, zones)
            st.button(
                "Hide the posts" if is_open else "Show the posts",
                icon=":material/expand_less:" if is_open else ":material/expand_more:",
                type="tertiary",
                on_click=_open,
                args=(None if is_open else each.key,),
                key=f"errors_open_{key}",
            )
        if is_open:
            shown = _shown()
            _behind(behind(visitor.actor, each.key, narrowed, limit=shown), each, zones, shown)


def _mend(each: ErrorGroup, zones: Zones) -> None:
    """The way to where it is mended."""
    match each.mend:
        case "reconnect":
            navigation.link("accounts", "Reconnect on Accounts", icon="key")
        case "setup":
            navigation.link("accounts", "Check the setup on Accounts", icon="troubleshoot")
        case "look":
            navigation.link("unclear", "See what is unclear", icon="help")
        case "post":
            navigation.link("post", "Open the newest post", icon="edit_note", post=each.post_id)
        case "wait":
            st.markdown(":gray[:material/hourglass_top: Masthead goes on by itself.]")
    if each.again_at is not None:
        st.caption(f"Tried again {plain(when(each.again_at, zones))}")


def _behind(found: Behind, group: ErrorGroup, zones: Zones, shown: int) -> None:
    if group.trace_ids:
        st.caption(f"What {plain(group.network_title)}'s support asks for, the newest first:")
        st.code("\n".join(group.trace_ids), language=None)
    for each in found.errors:
        _line(each, zones)
    if found.more and shown < MOST:
        st.button(
            "Show more",
            icon=":material/more_horiz:",
            type="tertiary",
            on_click=_show_more,
            args=(shown,),
            key="errors_more",
        )
    elif found.more:
        st.caption("The file that CSV gives has all of them.")


def _line(each: SeenError, zones: Zones) -> None:
    at, words, link = split(f"error_line_{each.line.replace('|', '_')}", [2, 5, 1.4], middle=True)
    at.markdown(f"{plain(when(each.at, zones))}  \n:gray[{plain(each.account_name)}, {each.during}]")
    trace = f" · {code(each.trace_id)}" if each.trace_id else ""
    words.markdown(f"{plain(beginning(each.text)) or 'Without words'}  \n:gray[{plain(each.words)}{trace}]")
    with link:
        navigation.link("post", "Open the post", post=each.post_id)


def _code(each: ErrorGroup) -> str:
    """As in "190 / 463 · HTTP 400"; a word where there was no code."""
    code = " / ".join(filter(None, (each.code, each.subcode)))
    status = f"HTTP {each.status}" if each.status is not None else ""
    return " · ".join(filter(None, (code, status))) or "no answer"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _posts(count: int) -> str:
    return "1 post" if count == 1 else f"{count:,} posts"


def _names(each: ErrorGroup) -> str:
    more = each.accounts - len(each.account_names)
    return _listed(each.account_names) + (f" and {more} more" if more > 0 else "")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def _nothing(narrowed: Narrowed) -> None:
    words = f"In the last {_WORDS[narrowed.within]} no network refused anything or left it unclear"
    if _BAR.is_narrowed:
        _BAR.nothing("No errors", f"{words} that fits these filters.")
    else:
        empty("task_alt", "No errors", f"{words}.", key="errors_none")


def _open(key: str | None) -> None:
    filters.clear((_SHOWN,))
    filters.put(_OPEN, key)


def _shown() -> int:
    said = st.query_params.get(_SHOWN, "")
    return min(int(said), MOST) if said.isascii() and said.isdigit() and 0 < len(said) < 4 else _POSTS


def _show_more(shown: int) -> None:
    filters.put(_SHOWN, min(shown + _POSTS, MOST))
