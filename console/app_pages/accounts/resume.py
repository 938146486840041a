"""Resume: what came due while it was paused, what is to become of each, and the times that follow from that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import streamlit as st

from console import feedback, navigation, pausing, state
from console.components.empty import empty
from console.components.header import header
from console.components.networks import network_title
from console.components.split import split
from console.components.time_field import time_field
from console.components.times import Zones, clock, when
from console.identity import Visitor
from console.navigation import PageSpec
from console.plain import beginning, plain, plain_label
from core.accounts import queries as accounts
from core.accounts.rules import Pause
from core.infra.actor import Actor
from core.infra.errors import MastheadError, NotFound
from core.organizations.rules import Permission
from core.posts import slots
from core.publishing import commands, spacing
from core.publishing.commands import Decision, Fate, Resumed
from core.publishing.spacing import Wish
from core.publishing.triage import Overdue, Triage, triage

PAGE = PageSpec(
    title="Resume",
    icon="play_circle",
    help="What came due while something was paused: publish, spread, reschedule or drop it, then resume.",
    permission=Permission.READ,
    url_path="resume",
    order=62,
    hidden=True,
)

LISTED: Final = 50
LOOK_EVERY_S: Final = 5
_FIVE_MINUTES: Final = timedelta(minutes=5)


class Choice(StrEnum):
    """What a person can say of an overdue publication."""

    LATER = "Decide later"
    NOW = "Publish now"
    SPREAD = "Spread"
    AT = "Another time"
    DROP = "Drop"


_AS_ALL: Final = "As chosen for all"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to become of all that was listed. `times`: when what goes out does; `whole`: nothing is missing."""

    choices: Mapping[UUID, Choice]
    times: Mapping[UUID, datetime]
    whole: bool

    def count(self, choice: Choice) -> int:
        """How many were given this."""
        return sum(each is choice for each in self.choices.values())


def render(visitor: Visitor) -> None:
    """Draw the page."""
    zones = Zones.of(visitor)
    asked = _asked_for(visitor)
    if asked is None:
        return
    found = triage(visitor.actor, asked)
    refusal = visitor.why_not(pausing.permission(found.pause))
    with header("Resume", f"Times in {plain(zones.organization)}", back="accounts"):
        pass
    _facts(visitor, found, zones)
    if not found.overdue:
        empty(
            "event_available",
            "Nothing is overdue",
            "Nothing came due that this pause alone holds. What is planned goes out at its time once it is resumed.",
            border=False,
            key="resume_none",
        )
        _resume(found, Plan({}, {}, whole=True), refusal)
        return
    _triage(found, zones, refusal)


def _asked_for(visitor: Visitor) -> UUID | None:
    """The pause that the address names, else the only one; None where there isn't just one, which it says."""
    asked = st.query_params.get("pause")
    if asked is None:
        there = accounts.pauses(visitor.actor)
        if len(there) == 1:
            return there[0].id
        title = f"{len(there)} pauses are in force" if there else "Nothing is paused"
        why = "Choose on Accounts what to resume." if there else "What is planned goes out at its time."
        with header("Resume", back="accounts"):
            pass
        empty("play_circle", title, why, action="See the accounts", page="accounts", key="resume_nothing")
        return None
    try:
        return UUID(asked)
    except ValueError:
        raise NotFound from None


def _facts(visitor: Visitor, found: Triage, zones: Zones) -> None:
    with st.container(border=True, gap="small", key="resume_facts"):
        st.markdown(f":orange[:material/pause_circle:] **{plain(pausing.title(found.pause))}**")
        st.markdown(plain(pausing.because(found.pause, zones)))
        if found.planned:
            goes = "1 post has its time to come and goes" if found.planned == 1 else f"{found.planned} posts have their"
            rest = "" if found.planned == 1 else " time to come and go"
            st.markdown(f":material/schedule: {goes}{rest} out at it.")
        for other in found.others:
            st.markdown(f":material/lock: {plain(_stays(other, zones))}")
        if found.held_on:
            one = found.held_on == 1
            held = "1 overdue post stays" if one else f"{found.held_on} overdue posts stay"
            asked = f"{'is' if one else 'are'} asked about when that is resumed"
            st.markdown(f":material/lock: {held} held by that and {asked}.")
        _under_way(visitor, found)


def _stays(other: Pause, zones: Zones) -> str:
    return f"Stays in force: {pausing.title(other)}. {pausing.because(other, zones)}"


def _under_way(visitor: Visitor, found: Triage) -> None:
    """What had passed the last look when it was paused; it is soon over, so it is looked at again by itself."""
    if not found.being_sent:
        return

    @st.fragment(run_every=LOOK_EVERY_S)
    def look() -> None:
        try:
            count = triage(visitor.actor, found.pause.id).being_sent
        except MastheadError:
            return
        except Exception as error:  # a fragment that runs by itself has no page around it to say so
            feedback.report(error, "resume")
            return
        if count:
            are = "is" if count == 1 else "are"
            st.markdown(f":material/send: {count} {are} being sent now and can't be stopped.")

    look()


def _triage(found: Triage, zones: Zones, refusal: str | None) -> None:
    count = f"{len(found.overdue)}{'+' if found.more else ''}"
    st.header(f"{count} overdue", anchor=False)
    st.caption("What you decide nothing about needs you as late afterwards. Nothing of it leaves by itself.")
    with st.container(border=True, gap="small", key="resume_all"):
        for_all = st.segmented_control(
            "For all", [each.value for each in Choice], default=Choice.LATER.value, required=True, key="resume_for_all"
        )
        choices = {each.publication_id: _chosen(each, Choice(for_all or Choice.LATER)) for each in found.overdue}
        start, every = _shared(found, zones, choices)
    shown = found.overdue[:LISTED]
    # A row's own time is asked in the row, which is drawn after the plan: what it held at the last run counts.
    own = {each.publication_id: _own_time(each, zones, start) for each in shown}
    plan = _plan(found, choices, start, every, own)
    with st.container(border=True, gap="medium", key="resume_rows"):
        for each in shown:
            _row(each, plan, zones, start)
        if len(found.overdue) > LISTED:
            st.caption(f"And {len(found.overdue) - LISTED} more, as chosen for all.")
    if found.more:
        st.caption(f"Only the {len(found.overdue)} that are overdue longest are listed. The others become late.")
    _resume(found, plan, refusal)


def _key(each: Overdue, name: str) -> str:
    return f"resume_{name}_{each.publication_id}"


def _chosen(each: Overdue, for_all: Choice) -> Choice:
    own = state.value(_key(each, "choice"), _AS_ALL)
    choice = for_all if own == _AS_ALL else Choice(own)
    return choice if not each.stuck or choice in (Choice.LATER, Choice.DROP) else Choice.LATER


def _shared(found: Triage, zones: Zones, choices: Mapping[UUID, Choice]) -> tuple[datetime | None, timedelta]:
    """From when on, and how far apart, as far as anything was given that."""
    wanted = set(choices.values())
    least = max(1, round(found.least.total_seconds() / 60))
    if not wanted & {Choice.SPREAD, Choice.AT}:
        return None, found.least
    start = time_field(zones.organization, _soon(found.moment, zones), key="resume_start", day="From", at="At")
    if Choice.SPREAD not in wanted:
        return start, found.least
    minutes = st.number_input(
        "One per account every so many minutes",
        min_value=least,
        max_value=24 * 60,
        value=15,
        width=260,
        key="resume_every",
    )
    return start, timedelta(minutes=int(minutes))


def _soon(moment: datetime, zones: Zones) -> datetime:
    """A full five minutes, a little ahead; what clocks show there."""
    ahead = moment + 2 * _FIVE_MINUTES
    full = ahead - timedelta(minutes=ahead.minute % 5, seconds=ahead.second, microseconds=ahead.microsecond)
    return slots.wall_time(full, zones.organization)


def _own_time(each: Overdue, zones: Zones, start: datetime | None) -> datetime | None:
    key = _key(each, "at")
    day, at = (state.value(f"{key}_{name}") for name in ("day", "time"))
    if day is None or at is None:
        return start
    found = slots.instants(datetime.combine(day, at), zones.organization)
    if len(found) < 2:
        return found[0] if found else None
    which = state.value(f"{key}_which")
    return {"first": found[0], "second": found[1]}.get(str(which))


def _plan(
    found: Triage,
    choices: Mapping[UUID, Choice],
    start: datetime | None,
    every: timedelta,
    own: Mapping[UUID, datetime | None],
) -> Plan:
    """What follows from the choices: what goes out at which time, nothing closer together than it may be."""
    given = {choice: [each for each in found.overdue if choices[each.publication_id] is choice] for choice in Choice}
    wishes = [Wish(each.publication_id, each.account_id, found.moment) for each in given[Choice.NOW]]
    whole = True
    if given[Choice.SPREAD] and start is not None:
        wishes += spacing.spread(
            [(each.publication_id, each.account_id) for each in given[Choice.SPREAD]], start, every
        )
    elif given[Choice.SPREAD]:
        whole = False
    for each in given[Choice.AT]:
        at = own.get(each.publication_id, start)
        if at is None:
            whole = False
        else:
            wishes.append(Wish(each.publication_id, each.account_id, at))
    return Plan(choices, spacing.apart(wishes, found.taken, found.least), whole)


def _row(each: Overdue, plan: Plan, zones: Zones, start: datetime | None) -> None:
    what, choose, then = split(_key(each, "row"), [3, 1.4, 1.8], middle=True)
    with what, st.container(gap="xsmall"):
        st.markdown(f"**{plain(beginning(each.text, 90) or 'No text')}**")
        where = f"{each.account_name} ({network_title(each.network)})"
        st.caption(f"{plain(where)} · was due {plain(clock(each.due_at, zones.organization))}")
        if each.stuck:
            st.markdown(f":orange[:material/info:] {plain(each.stuck)}")
    with choose:
        options = [Choice.LATER, Choice.DROP] if each.stuck else list(Choice)
        st.selectbox(
            plain_label(f"What becomes of “{beginning(each.text, 40)}” on {each.account_name}"),
            [_AS_ALL, *(option.value for option in options)],
            label_visibility="collapsed",
            key=_key(each, "choice"),
        )
    with then:
        st.markdown(_outcome(each, plan, zones))
    own = state.value(_key(each, "choice"), _AS_ALL)
    if own == Choice.AT.value:
        wall = slots.wall_time(start, zones.organization) if start else None
        time_field(zones.organization, wall, key=_key(each, "at"))


def _outcome(each: Overdue, plan: Plan, zones: Zones) -> str:
    choice, at = plan.choices[each.publication_id], plan.times.get(each.publication_id)
    if choice is Choice.LATER:
        return ":red[:material/front_hand:] Needs you: late"
    if choice is Choice.DROP:
        return ":gray[:material/cancel:] Dropped: it won't be sent"
    if at is None:
        return ":orange[:material/schedule:] Choose a time"
    return f":blue[:material/send:] {plain(when(at, zones))}"


def _resume(found: Triage, plan: Plan, refusal: str | None) -> None:
    parts = [
        f"{plan.count(choice)} {words}"
        for choice, words in (
            (Choice.NOW, "published now, one after the other"),
            (Choice.SPREAD, "spread"),
            (Choice.AT, "at another time"),
            (Choice.DROP, "dropped"),
            (Choice.LATER, "left to decide"),
        )
        if plan.count(choice)
    ]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="resume_foot"):
        if st.button(
            "Resume",
            type="primary",
            icon=":material/play_circle:",
            disabled=refusal is not None or not plan.whole,
            help=plain(refusal or "") or (None if plan.whole else "A time is missing."),
            key="resume_confirm",
        ):
            _carry_out(found, plan)
        if parts:
            st.caption(" · ".join(parts))


def _carry_out(found: Triage, plan: Plan) -> None:
    decisions = _decisions(found.overdue, plan)

    def run(actor: Actor) -> Resumed:
        action = feedback.action_id(actor, "resume", found.pause.id, *decisions)
        return commands.resume(actor, action, found.pause.id, decisions)

    if feedback.act("publishing.resume", run, done=lambda done: done.words) is not None:
        navigation.go("accounts")
    st.rerun()


def _decisions(overdue: Sequence[Overdue], plan: Plan) -> list[Decision]:
    decided = []
    for each in overdue:
        choice = plan.choices[each.publication_id]
        if choice is Choice.LATER:
            continue
        fate = {Choice.NOW: Fate.NOW, Choice.DROP: Fate.DROP}.get(choice, Fate.AT)
        at = plan.times[each.publication_id] if fate is Fate.AT else None
        decided.append(Decision(publication_id=each.publication_id, was=each.due_at, fate=fate, at=at))
    return decided
