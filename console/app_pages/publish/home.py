"""Home: what goes out today, and what waits for this person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import streamlit as st

from console import navigation
from console.components.attention import Item, attention
from console.components.empty import empty
from console.components.header import header
from console.components.networks import network_title
from console.components.post_list import Row, post_list
from console.components.split import split
from console.components.times import Zones, ago, clock
from console.identity import Visitor
from console.navigation import PageSpec
from console.plain import beginning, plain
from core.infra.clock import now
from core.organizations.rules import Permission
from core.posts import queries
from core.posts.rules import PublicationState, Word
from core.posts.views import Asked, Filters, Home, Waiting

PAGE = PageSpec(
    title="Home",
    icon="space_dashboard",
    help="What goes out today and what waits for you: approvals, requested changes, failures, accounts to reconnect.",
    permission=Permission.READ,
    url_path=navigation.HOME,
    order=0,
    grouped=False,
)


DAYS_AHEAD: Final = 7
LINES_AHEAD: Final = 12


def render(visitor: Visitor) -> None:
    """Draw the page."""
    zones = Zones.of(visitor)
    home = queries.home(visitor.actor)
    here = now().astimezone(ZoneInfo(zones.organization))
    with header(f"{_greeting(here.hour)}, {plain(visitor.actor.name.partition(' ')[0])}"):
        navigation.new_post(visitor)
    _figures(home, zones)
    left, right = split("home", [1.6, 1])
    with left, st.container(border=True, height="stretch", key="home_today"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header("Today and the days ahead", anchor=False, width="content")
            st.space("stretch")
            st.caption(f"Times in {plain(zones.organization)}", width="content")
        rows = [_row(each) for each in home.today_slots] + _ahead(visitor, home)
        if rows:
            post_list(rows, zones, key="home_slots", label="Today and the days ahead", layout="lines")
        else:
            empty(
                "event_available",
                "Nothing is planned",
                f"Posts with a time in the next {DAYS_AHEAD} days show up here.",
                action="Write a post" if visitor.may(Permission.WRITE) else "See all posts",
                page="compose" if visitor.may(Permission.WRITE) else "posts",
                border=False,
                key="no_plans",
            )
    with right, st.container(border=True, height="stretch", key="home_attention"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header("Waits for you", anchor=False, width="content")
        items = list(_waiting(home, zones))
        if items:
            attention(items, key="home_items")
        else:
            empty(
                "task_alt",
                "All caught up",
                "Approvals, requested changes and trouble show up here.",
                action="See all posts",
                page="posts",
                border=False,
                key="caught_up",
            )


def _ahead(visitor: Visitor, home: Home) -> list[Row]:
    """The posts of the next days, soonest first."""
    first, last = home.today + timedelta(days=1), home.today + timedelta(days=DAYS_AHEAD)
    listing = queries.listing(visitor.actor, Filters(from_day=first, to_day=last), limit=100)
    planned = [each for each in listing.rows if each.slot_at is not None and each.shown.word is not Word.CANCELLED]
    return [
        Row(
            post_id=each.id,
            text=each.text,
            shown=each.shown,
            at=each.slot_at or each.created_at,
            accounts=[(one.account_name, one.network) for one in each.publications],
            progress=each.progress or "",
        )
        for each in planned[::-1][:LINES_AHEAD]
    ]


def _figures(home: Home, zones: Zones) -> None:
    sent = sum(each.state is PublicationState.PUBLISHED for each in home.today_slots)
    trouble = home.counts.failed + home.counts.needs_person
    first = min((each.first_due_at for each in home.to_approve if each.first_due_at), default=None)
    with st.grid(4, gap="small"):
        _figure("Out today", len(home.today_slots), f"{sent} published" if sent else "")
        _figure("To approve", home.counts.to_approve, f"first due {clock(first, zones.organization)}" if first else "")
        _figure("Sent back to you", home.counts.changes_requested, "")
        _figure("Failed or needs you", trouble, "look at these first" if trouble else "", "red" if trouble else "gray")


def _figure(label: str, figure: int, note: str, color: Literal["gray", "red"] = "gray") -> None:
    st.metric(
        label,
        figure,
        note or None,
        delta_color=color,
        delta_arrow="off",
        border=True,
        height="stretch",
    )


def _row(waiting: Waiting) -> Row:
    at = waiting.due_at or waiting.published_at or waiting.since
    return Row(
        post_id=waiting.post_id,
        text=waiting.text,
        shown=waiting.shown,
        at=at,
        accounts=[(waiting.account_name, waiting.network)],
        note=waiting.because,
    )


def _waiting(home: Home, zones: Zones) -> Iterator[Item]:
    for each in home.needs_person:
        yield Item(
            "front_hand",
            "red",
            f"{each.account_name}: {each.shown.detail or 'needs you'}",
            beginning(each.text, 70),
            "post",
            each.post_id,
        )
    for each in home.failed:
        yield Item(
            "error",
            "red",
            f"Failed on {each.account_name}",
            each.because or beginning(each.text, 70),
            "post",
            each.post_id,
        )
    for account in home.accounts_to_reconnect:
        waits = (
            f"{account.waiting} posts wait"
            if account.waiting > 1
            else "1 post waits"
            if account.waiting
            else account.reason
        )
        yield Item("key", "orange", f"Reconnect {account.name} ({network_title(account.network)})", waits, "accounts")
    for asked in home.to_approve:
        yield _asked(asked, zones, "rate_review", "yellow", "approvals", f"{asked.who} asked {ago(asked.at)}")
    for asked in home.changes_requested:
        yield _asked(
            asked, zones, "reply", "orange", "compose", f"{asked.who}: {asked.words}" if asked.words else asked.who
        )
    for each in home.held:
        yield Item("pause_circle", "orange", f"Held: {beginning(each.text, 60)}", each.because, "post", each.post_id)


def _asked(asked: Asked, zones: Zones, icon: str, color: str, page: str, note: str) -> Item:
    due = f" · due {clock(asked.first_due_at, zones.organization)}" if asked.first_due_at else ""
    return Item(icon, color, beginning(asked.text, 80) or "No text", f"{note}{due}", page, asked.post_id)


def _greeting(hour: int) -> str:
    return "Good morning" if 5 <= hour < 12 else "Good afternoon" if 12 <= hour < 18 else "Good evening"
