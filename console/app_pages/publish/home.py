"""Home: what goes out today, and what waits for this person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

import streamlit as st

from console import feedback, navigation, pausing
from console.components.attention import Item, attention
from console.components.empty import empty
from console.components.header import header
from console.components.post_list import Row, post_list
from console.components.split import split
from console.components.times import Zones, ago, clock
from console.identity import Visitor
from console.navigation import PageSpec
from console.plain import beginning, plain
from core import providers
from core.infra.clock import now
from core.organizations.rules import Permission
from core.posts import queries, slots
from core.posts.overview import LINES
from core.posts.rules import Needs
from core.posts.views import Asked, Home, Waiting
from core.publishing import queries as sending
from core.publishing.live_rules import Kind, LiveState
from core.publishing.views import LiveTrouble

PAGE = PageSpec(
    title="Home",
    icon="space_dashboard",
    help="What goes out today and what waits for you: approvals, requested changes, failures, accounts to reconnect.",
    permission=Permission.READ,
    url_path=navigation.HOME,
    order=0,
    grouped=False,
)


LOOK_EVERY_S: Final = 10
_UNDER: Final = {Kind.COMMENT: "first comment", Kind.EDIT: "new text", Kind.DELETE: "deletion"}


def render(visitor: Visitor) -> None:
    """Draw the page."""
    zones = Zones.of(visitor)
    here = now().astimezone(ZoneInfo(zones.organization))
    with header(f"{_greeting(here.hour)}, {plain(visitor.actor.name.partition(' ')[0])}"):
        navigation.new_post(visitor)

    @st.fragment(run_every=LOOK_EVERY_S)
    def as_it_is_now() -> None:
        try:
            home = queries.home(visitor.actor)
            trouble = sending.live_trouble(visitor.actor)
            stopped_since = sending.stopped_since(visitor.actor) if visitor.may(Permission.WRITE) else None
        except Exception as error:  # a fragment that runs by itself has no page around it to say so
            feedback.show_broken(error, navigation.HOME)
            return
        if stopped_since is not None:
            _stopped(stopped_since, zones)
        _figures(home, len(trouble), zones)
        left, right = split("home", [1.5, 1])
        with left, st.container(border=True, height="stretch", key="home_today"):
            _today(home, zones)
        with right, st.container(border=True, height="stretch", key="home_attention"):
            _attention(visitor, home, trouble, zones)

    as_it_is_now()


def _stopped(since: datetime, zones: Zones) -> None:
    first = plain(slots.said(since, zones.organization))
    st.warning(
        f"Posts are waiting though nothing holds them back, the first since {first}:"
        " the program that sends may have stopped. Ask your operator to run `masthead doctor`.",
        icon=":material/hourglass_disabled:",
    )


def _today(home: Home, zones: Zones) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Today", anchor=False, width="content")
        st.space("stretch")
        st.caption(f"Times in {plain(zones.organization)}", width="content")
    if home.today_slots:
        post_list(map(_row, home.today_slots), zones, key="home_slots", label="Today", layout="lines")
        navigation.link("calendar", "Open the calendar")
    else:
        empty(
            "event_available",
            "Nothing has its time today",
            "What goes out today shows up here, with how it stands.",
            action="Open the calendar",
            page="calendar",
            border=False,
            key="no_plans",
        )


def _attention(visitor: Visitor, home: Home, trouble: Sequence[LiveTrouble], zones: Zones) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Waits for you", anchor=False, width="content")
    items = [*_under_live_posts(visitor, trouble), *_waiting(visitor, home, zones)]
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


def _figures(home: Home, under_live_posts: int, zones: Zones) -> None:
    sent = home.published_today
    trouble = home.counts.failed + home.counts.not_shown + home.counts.needs_person + under_live_posts
    first = min((each.first_due_at for each in home.to_approve if each.first_due_at), default=None)
    with st.grid(4, gap="small"):
        _figure("Out today", home.out_today, f"{sent} published" if sent else "")
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


def _waiting(visitor: Visitor, home: Home, zones: Zones) -> Iterator[Item]:
    """Every list in turn, the gravest first, each line with what this person can do about it."""

    def can(permission: Permission, label: str) -> str:
        return label if visitor.may(permission) else "Open" if visitor.may(Permission.WRITE) else ""

    counts = home.counts
    for each in home.needs_person:
        title = f"{_on(each)}: {each.shown.detail or 'needs you'}"
        outcome = each.needs is Needs.OUTCOME
        moves = can(Permission.RESCHEDULE, "Open" if each.late_unproven else "Reschedule")
        action = can(Permission.RESOLVE, "Decide") if outcome else moves
        page = "unclear" if outcome else "post"
        group, note = f"Needs a person {counts.needs_person}", each.from_backup
        yield _publication(each, group, "front_hand", "red", title, action, note, page=page)
    for each in home.failed:
        title, action = f"Failed on {_on(each)}", can(Permission.TRY_AGAIN, "Try again")
        yield _publication(each, f"Failed {counts.failed}", "error", "red", title, action, each.because)
    for each in home.not_shown:
        title, action = f"Not shown on {_on(each)}", can(Permission.CHANGE_LIVE, "Open")
        yield _publication(each, f"Not shown {counts.not_shown}", "error", "red", title, action, each.because)
    for account in home.accounts_to_reconnect:
        waiting = "1 post waits" if account.waiting == 1 else f"{account.waiting} posts wait"
        yield Item(
            "key",
            "orange",
            providers.named(account.name, account.network),
            waiting if account.waiting else account.reason,
            "accounts",
            group=f"Accounts to reconnect {counts.reconnect}",
            action="Reconnect" if visitor.may(Permission.CONNECT) else "",
        )
    for each in home.at_risk:
        title, action = f"At risk: {beginning(each.text, 60)}", can(Permission.RESCHEDULE, "Open")
        yield _publication(each, f"At risk {counts.at_risk}", "warning", "orange", title, action, _whose(each))
    for asked in home.to_approve:
        note = f"{asked.from_backup} {asked.who} asked {ago(asked.at)}".strip()
        yield _asked(
            asked, zones, f"To approve {counts.to_approve}", "rate_review", "yellow", "approvals", note, "Review"
        )
    for asked in home.changes_requested:
        note = f"{asked.who}: {asked.words}" if asked.words else asked.who
        group = f"Changes requested {counts.changes_requested}"
        may_edit = "Edit" if visitor.may(Permission.WRITE) else ""
        yield _asked(asked, zones, group, "reply", "orange", "compose" if may_edit else "post", note, may_edit)
    for pause in home.pauses:
        may = visitor.may(pausing.permission(pause))
        yield Item(
            "pause_circle",
            "orange",
            pausing.title(pause),
            pausing.because(pause, zones),
            "resume",
            pause.id,
            group=f"Paused {len(home.pauses)}",
            action="Resume" if may else "",
            parameter="pause",
        )
    for each in home.held:
        title, action = beginning(each.text, 70), can(Permission.CANCEL, "Open")
        yield _publication(each, f"Held {counts.held}", "pause_circle", "orange", title, action, _whose(each))
    many = len(home.untimed) if len(home.untimed) < LINES else f"{LINES} or more"
    for each in home.untimed:
        title, action = beginning(each.text, 70) or "No text", can(Permission.RESCHEDULE, "Set a time")
        note = _whose(each) if each.from_backup else _on(each)
        yield _publication(each, f"Approved, without a time {many}", "event", "gray", title, action, note)


def _under_live_posts(visitor: Visitor, trouble: Sequence[LiveTrouble]) -> Iterator[Item]:
    """Comments that may be there or not, and what didn't go through under a live post."""
    for each in trouble:
        unclear = each.state is LiveState.NEEDS_HUMAN
        action = "Decide" if unclear else "Try again"
        permission = Permission.RESOLVE if unclear else Permission.TRY_AGAIN
        yield Item(
            "front_hand" if unclear else "error",
            "red",
            f"{_on(each)}: {_UNDER[each.kind]}",
            f"{beginning(each.text, 40)} · {each.words}",
            "post",
            each.post_id,
            group=f"Under live posts {len(trouble)}",
            action=action if visitor.may(permission) else "",
        )


def _publication(
    each: Waiting, group: str, icon: str, color: str, title: str, action: str, note: str = "", page: str = "post"
) -> Item:
    return Item(icon, color, title, note or beginning(each.text, 70), page, each.post_id, group, action)


def _whose(each: Waiting) -> str:
    """Why, and of which account: a post for three of them is three lines."""
    return each.because if each.because.startswith(_on(each)) else f"{_on(each)}: {each.because}"


def _on(each: Waiting | LiveTrouble) -> str:
    return providers.named(each.account_name, each.network)


def _asked(asked: Asked, zones: Zones, group: str, icon: str, color: str, page: str, note: str, action: str) -> Item:
    due = f" · due {clock(asked.first_due_at, zones.organization)}" if asked.first_due_at else ""
    title = beginning(asked.text, 80) or "No text"
    return Item(icon, color, title, f"{note}{due}", page, asked.post_id, group, action)


def _greeting(hour: int) -> str:
    return "Good morning" if 5 <= hour < 12 else "Good afternoon" if 12 <= hour < 18 else "Good evening"
