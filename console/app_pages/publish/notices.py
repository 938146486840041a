"""Notices: what this person was told, newest first, each with the way to what it is about."""

from __future__ import annotations

from typing import Final

import streamlit as st

from console import feedback, navigation
from console.components.empty import empty
from console.components.header import header
from console.components.split import split
from console.components.times import Zones, ago, when
from console.identity import Visitor
from console.navigation import PageSpec
from console.plain import plain
from core.infra.actor import Actor
from core.notices import commands, queries
from core.notices.queries import NoticeRow
from core.organizations.rules import Permission

PAGE = PageSpec(
    title="Notices",
    icon="notifications",
    help="What you were told: approvals, requested changes, failures, accounts to connect again.",
    permission=Permission.READ,
    url_path="notices",
    order=92,
    hidden=True,
)

_SHOWN_AT_MOST: Final = 50


def render(visitor: Visitor) -> None:
    """Draw the page."""
    zones = Zones.of(visitor)
    rows = queries.listed(visitor.actor, _SHOWN_AT_MOST)
    unseen = queries.unseen(visitor.actor)
    with (
        header("Notices", f"{unseen} not seen" if unseen else "all seen"),
        st.container(horizontal=True, vertical_alignment="center", width="content", gap="small"),
    ):
        navigation.link("profile", "What is mailed to you", icon="tune")
        st.button(
            "Mark all as seen",
            icon=":material/done_all:",
            on_click=_see_all,
            disabled=not unseen,
            help=None if unseen else "There is nothing that you haven't seen.",
            key="notices_see_all",
        )
    if not rows:
        empty(
            "notifications",
            "Nothing yet",
            "Approvals, requested changes and trouble that concern you show up here, and by mail as you wish.",
            action="Choose what is mailed to you",
            page="profile",
            key="notices_none",
        )
        return
    with st.container(border=True, gap="small", key="notices_list"):
        for each in rows:
            _notice(each, zones)
    if len(rows) == _SHOWN_AT_MOST:
        st.caption(f"The newest {_SHOWN_AT_MOST} are shown.")


def _notice(each: NoticeRow, zones: Zones) -> None:
    words, actions = split(f"notice_{each.id}", [4, 1.3], middle=True)
    with words, st.container(gap="xsmall"):
        said = plain(each.words)
        st.markdown(f":material/{each.icon}: {said if each.seen_at else f'**{said}**'}")
        st.caption(f"{plain(when(each.at, zones))} · {ago(each.at)}")
    with actions, st.container(horizontal=True, gap="small", horizontal_alignment="right"):
        if each.seen_at is None:
            st.button(
                "Seen", icon=":material/done:", type="tertiary", on_click=_see, args=(each,), key=f"see_{each.id}"
            )
        st.button("Open", icon=":material/arrow_forward:", on_click=_open, args=(each,), key=f"open_{each.id}")


def _see(each: NoticeRow) -> None:
    def run(actor: Actor) -> int:
        return commands.see(actor, [each.id])

    feedback.act("notices.see", run)


def _see_all() -> None:
    feedback.act("notices.see_all", commands.see_all)


def _open(each: NoticeRow) -> None:
    if each.seen_at is None:
        _see(each)
    if each.subject_kind == "post":
        navigation.go("post", post=each.subject_id)
    else:
        navigation.go("accounts")
