"""When a post goes out, as the composer asks for it: one time for all accounts, and an own one for some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final
from uuid import UUID

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from console import drafting, state
from console.components.account import account_badge
from console.components.networks import network_title
from console.components.split import split
from console.components.times import Zones, ago, beside
from console.drafting import key_of
from console.plain import plain, plain_label
from console.state import DraftInHand
from core.infra.clock import now
from core.posts import rules, slots
from core.posts.slots import TimeDoesNotExist, TimeOccursTwice, Which
from core.posts.views import Draft, DraftAccount

_NO_TIME: Final = "No time yet: approving won't send it."
_ASK_TIME: Final = "Choose a time as well."
_ASK_DAY: Final = "Choose a day as well."


@dataclass(frozen=True, slots=True)
class SlotTrouble:
    """A wall time that the clocks skip or show twice, and what to choose from; or half a time."""

    words: str
    skipped: TimeDoesNotExist | None = None
    twice: TimeOccursTwice | None = None
    wall: datetime | None = None


def wish_day(hand: DraftInHand, day: date, zone: str) -> None:
    """Begin a new post with a day, as the calendar asks; the time is still to be chosen."""
    if hand.post_id is None and day >= slots.day_of(now(), zone).day:
        state.put(key_of(hand, "day"), day)
        hand.time_troubles[None] = SlotTrouble(_ASK_TIME)


def show(columns: Sequence[DeltaGenerator], hand: DraftInHand, draft: Draft | None, zones: Zones) -> None:
    """The post's own time: day, time and the way to none, in these three columns."""
    slot = draft.post.slot_at if draft is not None else None
    over = draft is not None and draft.fixed is not None
    _fields(columns, hand, None, slot, zones, disabled=over)
    columns[2].button(
        "No time",
        type="tertiary",
        on_click=_clear,
        args=(hand,),
        disabled=over or slot is None,
        help="Approve now, choose the time later.",
        key=key_of(hand, "no_time"),
    )


def show_words(hand: DraftInHand, draft: Draft | None, zones: Zones) -> None:
    """What the post's time comes to, then the accounts with a time of their own and the way to give one."""
    slot = draft.post.slot_at if draft is not None else None
    chosen = [each for each in draft.accounts if each.chosen] if draft is not None else []
    apart = [each for each in chosen if each.own_slot or each.account_id in hand.own_times]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="when"):
        if not _trouble(hand, None, zones):
            _goes_out(slot, zones)
        if draft is not None and draft.fixed is None and len(chosen) > 1:
            _own_time_menu(hand, [each for each in chosen if each not in apart])
    if draft is not None:
        for account in apart:
            _own(hand, account, draft, zones)


def _own_time_menu(hand: DraftInHand, rest: Sequence[DraftAccount]) -> None:
    """Which account is to have a time of its own."""
    if not rest:
        return
    labels: dict[str, str] = {}
    for each in rest:
        label = f"{plain_label(each.name)} · {network_title(each.network)}"
        twins = sum(known.startswith(label) for known in labels.values())
        labels[str(each.account_id)] = f"{label} ({twins + 1})" if twins else label
    st.menu_button(
        "Own time",
        list(labels),
        icon=":material/more_time:",
        type="tertiary",
        format_func=labels.__getitem__,
        on_click=_begin_own,
        args=(hand,),
        help="Give one account a time of its own.",
        key=key_of(hand, "own_time"),
    )


def _own(hand: DraftInHand, account: DraftAccount, draft: Draft, zones: Zones) -> None:
    account_id, row = account.account_id, account.publication
    at = account.own_slot_at if account.own_slot else draft.post.slot_at
    over = row is not None and rules.why_fixed(row.state, row.needs, account.name) is not None
    with st.container(gap="xsmall", key=f"own_time_row_{account_id}"):
        columns = split(f"own_time_{account_id}", [1.4, 1.1, 1, 0.55], controls=True)
        with columns[0]:
            account_badge(account.name, account.network, key=key_of(hand, f"own_time_of_{account_id}"))
        _fields(columns[1:], hand, account_id, at, zones, disabled=over)
        columns[3].button(
            "As the post",
            type="tertiary",
            on_click=_as_the_post,
            args=(hand, account_id),
            disabled=over,
            help="Let it go out at the post's time again.",
            key=key_of(hand, f"as_the_post_{account_id}"),
        )
        if not _trouble(hand, account_id, zones):
            _goes_out(at, zones)


def _goes_out(at: datetime | None, zones: Zones) -> None:
    words = f"Goes out {ago(at)} once approved{beside(at, zones)}." if at else _NO_TIME
    st.caption(f":material/schedule: {words}", width="content")


def _fields(
    columns: Sequence[DeltaGenerator],
    hand: DraftInHand,
    account_id: UUID | None,
    at: datetime | None,
    zones: Zones,
    *,
    disabled: bool,
) -> None:
    """Day and time of the post (None) or of one account, in the organization's zone."""
    zone, day, clock = zones.organization, _key(hand, "day", account_id), _key(hand, "time", account_id)
    if account_id not in hand.time_troubles:
        wall = slots.wall_time(at, zone) if at else None
        state.put(day, wall.date() if wall else None)
        state.put(clock, wall.time() if wall else None)
    today, held = slots.day_of(now(), zone).day, state.value(day)
    args = (hand, account_id, zone)
    columns[0].date_input(
        "Day" if account_id is None else "Own day",
        value=None,
        min_value=min(today, held) if held else today,
        format="YYYY-MM-DD",
        key=day,
        on_change=_chosen,
        args=args,
        disabled=disabled,
    )
    columns[1].time_input(
        f"{'Time' if account_id is None else 'Own time'} ({plain_label(zone)})",
        value=None,
        step=300,
        key=clock,
        on_change=_chosen,
        args=args,
        disabled=disabled,
    )


def _trouble(hand: DraftInHand, account_id: UUID | None, zones: Zones) -> bool:
    """Why the time isn't one yet, with what to choose from; False when nothing is wrong."""
    trouble: SlotTrouble | None = hand.time_troubles.get(account_id)
    if trouble is None:
        return False
    zone, of = zones.organization, "" if account_id is None else f"_{account_id}"
    with st.container(horizontal=True, vertical_alignment="center", key=f"slot_trouble{of}"):
        st.markdown(f":orange[:material/warning:] {plain(trouble.words)}", width="content")
        if trouble.skipped is not None:
            for wall in (trouble.skipped.before, trouble.skipped.after):
                args = (hand, account_id, wall, zone)
                st.button(f"{wall:%H:%M}", on_click=_set, args=args, key=f"slot_{wall:%H%M}{of}")
        if trouble.twice is not None and trouble.wall is not None:
            for which, at in (("first", trouble.twice.first), ("second", trouble.twice.second)):
                st.button(
                    f"The {which} ({slots.said_offset(at, zone)})",
                    on_click=_set,
                    args=(hand, account_id, trouble.wall, zone, which),
                    key=f"slot_{which}{of}",
                )
    return True


# What the controls do


def _chosen(hand: DraftInHand, account_id: UUID | None, zone: str) -> None:
    """Day or time were set."""
    day: date | None = state.value(_key(hand, "day", account_id))
    clock: time | None = state.value(_key(hand, "time", account_id))
    hand.time_troubles.pop(account_id, None)
    if day is None and clock is None:
        _save(hand, account_id, None)
    elif day is None or clock is None:
        hand.time_troubles[account_id] = SlotTrouble(_ASK_TIME if clock is None else _ASK_DAY)
    else:
        _set(hand, account_id, datetime.combine(day, clock), zone)


def _set(hand: DraftInHand, account_id: UUID | None, wall: datetime, zone: str, which: Which | None = None) -> None:
    """Give this wall time, if the clocks show it exactly once or `which` says which time is meant."""
    try:
        at = slots.instant(wall, zone, which)
    except TimeDoesNotExist as skipped:
        hand.time_troubles[account_id] = SlotTrouble(skipped.message, skipped=skipped)
    except TimeOccursTwice as twice:
        hand.time_troubles[account_id] = SlotTrouble(twice.message, twice=twice, wall=wall)
    else:
        hand.time_troubles.pop(account_id, None)
        _save(hand, account_id, at)


def _clear(hand: DraftInHand) -> None:
    """Take the post's time away again."""
    hand.time_troubles.pop(None, None)
    _save(hand, None, None)


def _begin_own(hand: DraftInHand) -> None:
    """Open the row of the account that was chosen in the menu; nothing is saved until it gets a time."""
    hand.own_times.add(UUID(str(state.value(key_of(hand, "own_time")))))


def _as_the_post(hand: DraftInHand, account_id: UUID) -> None:
    """Let an account go out at the post's time again."""
    hand.time_troubles.pop(account_id, None)
    if drafting.give_times(hand, {}, as_the_post={account_id}):
        hand.own_times.discard(account_id)


def _save(hand: DraftInHand, account_id: UUID | None, at: datetime | None) -> None:
    if account_id is None:
        drafting.give_time(hand, at)
    else:
        drafting.give_times(hand, {account_id: at})


def _key(hand: DraftInHand, name: str, account_id: UUID | None) -> str:
    return key_of(hand, name if account_id is None else f"{name}_{account_id}")
