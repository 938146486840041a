"""Limits: how much of what the networks allow is used up, which of them is in trouble, and which posts wait for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from console.components.empty import empty
from console.components.header import header
from console.components.split import split
from console.components.times import Zones, ago, clock, when
from console.identity import Visitor
from console.navigation import PageSpec
from console.plain import plain
from core.organizations.rules import Permission
from core.provider_kit.throttle import STOP_FROM
from core.publishing.held_reads import HeldPosts, held_posts
from core.throttle import queries, rules
from core.throttle.queries import Breaker, Budget
from core.throttle.rules import BreakerState, Pace

PAGE = PageSpec(
    title="Limits",
    icon="speed",
    help="How much of what the networks allow is used up, which of them is in trouble, and what waits for it.",
    permission=Permission.READ_LIMITS,
    url_path="limits",
    order=85,
)

_PACE: Final = {
    Pace.FREE: "As fast as posts come",
    Pace.SLOWED: "Posts are spread",
    Pace.DUE_ONLY: "Only posts, spread",
    Pace.STOPPED: "Nothing",
}
_MOST_ROWS: Final = 15
_TALLEST_PX: Final = 560


def render(visitor: Visitor) -> None:
    """Draw the page."""
    zones = Zones.of(visitor)
    standing = queries.standing(visitor.actor)
    waiting = held_posts(visitor.actor)
    with header("Limits", f"Times in {plain(zones.organization)}"):
        pass
    if not (standing.accounts or standing.apps or standing.breakers or waiting):
        empty(
            "speed",
            "Nothing is limited",
            "No network has spoken of a limit in the last 24 hours, all of them answer, and no post waits for one.",
            key="limits_none",
        )
        return
    _waiting(waiting, zones)
    _breakers(standing.breakers, zones)
    _budgets("Accounts", "What each account may still ask of its network.", standing.accounts, zones, "accounts")
    _budgets(
        "The whole installation",
        "Masthead's apps at the networks serve every organization here, so these figures are everybody's together.",
        standing.apps,
        zones,
        "apps",
    )
    _how_it_works()


def _waiting(waiting: Sequence[HeldPosts], zones: Zones) -> None:
    st.header("What waits", anchor=False)
    if not waiting:
        st.caption(":material/check: No post waits for a limit.")
        return
    with st.container(border=True, gap="small", key="limits_waiting"):
        for each in waiting:
            who, count, why = split(f"limits_{each.account_id}_{each.why}", [2, 0.8, 4], middle=True)
            who.markdown(f"**{plain(each.account_name)}**  \n:gray[{plain(each.network)}]")
            count.markdown(f"**{each.posts}** {'post' if each.posts == 1 else 'posts'}")
            why.markdown(
                f"Waiting: {plain(rules.words(each.why, each.network))} until {plain(when(each.next_at, zones))}  \n"
                f":gray[From {plain(when(each.late_at, zones))} on the first is late, and somebody must decide.]"
            )


def _breakers(breakers: Sequence[Breaker], zones: Zones) -> None:
    if not breakers:
        return
    st.header("Networks in trouble", anchor=False)
    with st.container(border=True, gap="small", key="limits_breakers"):
        for each in breakers:
            where, how = split(f"limits_{each.network}_{each.route}", [2, 4.8], middle=True)
            where.markdown(f"**{plain(each.network)}**  \n:gray[{rules.ROUTE_WORDS[each.route]}]")
            how.markdown(_trouble(each, zones))


def _trouble(each: Breaker, zones: Zones) -> str:
    since = plain(when(each.opened_at, zones))
    if each.state is BreakerState.CLOSED and each.closed_at:
        return f":green[:material/check: Answers again] since {plain(when(each.closed_at, zones))}, after {since}."
    if each.state is BreakerState.HALF_OPEN:
        return f":orange[:material/search: Masthead is looking] whether it answers again; stopped {since}."
    return (
        f":red[:material/block: Stopped] {since}, because too many calls failed.  \n"
        f":gray[From {plain(when(each.until, zones))} on one harmless call looks again, as soon as a post waits.]"
    )


def _budgets(title: str, words: str, budgets: Sequence[Budget], zones: Zones, key: str) -> None:
    if not budgets:
        return
    st.header(title, anchor=False)
    st.caption(words)
    frame = pd.DataFrame(
        {
            "Whose": [each.whose for each in budgets],
            "Network": [each.network or "all" for each in budgets],
            "Used": [each.percent for each in budgets],
            "What goes out": [_goes(each, zones) for each in budgets],
            "Counts": [each.of for each in budgets],
            "Said": [ago(each.said_at) for each in budgets],
        }
    )
    st.dataframe(
        frame,
        hide_index=True,
        column_config={
            "Used": st.column_config.ProgressColumn(min_value=0, max_value=100, format="%.0f %%", width=100),
            "Said": st.column_config.TextColumn(help="When the network last spoke of it"),
        },
        height="content" if len(budgets) <= _MOST_ROWS else _TALLEST_PX,
        placeholder="",
        alt=f"{title}: whose budget, how much of it is used, what follows, what it counts, and when it was said",
        key=f"limits_{key}",
    )


def _goes(each: Budget, zones: Zones) -> str:
    """What a budget lets through now; the times are in the zone that the page names."""
    if each.pace is Pace.STOPPED and each.held_until:
        return f"{_PACE[each.pace]} until {clock(each.held_until, zones.organization)}"
    if each.pace in (Pace.SLOWED, Pace.DUE_ONLY) and each.gap_s:
        return f"{_PACE[each.pace]}: one in {each.gap_s:.0f} s"
    return _PACE[each.pace]


def _how_it_works() -> None:
    st.caption(
        f"Masthead spreads posts from {rules.SLOW_FROM:.0f} % on, asks only for what is due from"
        f" {rules.DUE_ONLY_FROM:.0f} % on, and asks nothing from {STOP_FROM:.0f} % on until the network welcomes calls"
        " again. A network that fails is left alone and then tried with one harmless call."
    )
