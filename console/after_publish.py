"""What is done to a publication once it is live: its first comment, another text, taking it away; and the buttons."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final, Literal
from uuid import UUID

import streamlit as st

from console import dialogs, feedback, fresh_sign_in
from console.components.button import ButtonKind, button
from console.components.times import Zones, ago, clock, hour
from console.identity import Visitor
from console.plain import plain
from core import providers
from core.infra.actor import Actor
from core.organizations.rules import Permission
from core.posts.rules import PublicationState
from core.posts.views import Detail, PublicationRow
from core.provider_kit.types import Deed
from core.publishing import commands as publishing
from core.publishing import live_rules
from core.publishing.commands import Changed
from core.publishing.live_rules import IN_TROUBLE, OPEN, Kind, LiveState
from core.publishing.views import LiveWork

_LOOKS: Final = {
    LiveState.WAITING: ("hourglass_top", "gray"),
    LiveState.SENDING: ("send", "blue"),
    LiveState.CHECKING: ("manage_search", "violet"),
    LiveState.NEEDS_HUMAN: ("front_hand", "red"),
    LiveState.FAILED: ("error", "red"),
    LiveState.DONE: ("check_circle", "green"),
    LiveState.DROPPED: ("cancel", "gray"),
}

Verb = Literal["there", "again", "leave"]


def is_under_way(works: Sequence[LiveWork]) -> bool:
    """Whether something of it goes on by itself."""
    return any(work.state in OPEN for work in works)


def standing(works: Sequence[LiveWork]) -> tuple[object, ...]:
    """What changes when any of it moves."""
    return tuple((work.id, work.state, work.words, work.closed_at) for work in works)


def show(visitor: Visitor, each: PublicationRow, works: Sequence[LiveWork], zones: Zones) -> None:
    """How the newest of each kind stands, with what a person can do about it; then what was done to it at last."""
    if each.deleted_at is not None:
        st.markdown(f":gray[:material/delete:] {plain(_deleted(each, zones))}")
    newest = {work.kind: work for work in works}
    for work in newest.values():
        if work.state is LiveState.DROPPED or (work.kind is Kind.DELETE and work.state is LiveState.DONE):
            continue
        _work(visitor, work, zones, gone=each.deleted_at is not None and work.kind is Kind.COMMENT)


def actions(visitor: Visitor, detail: Detail, each: PublicationRow, works: Sequence[LiveWork]) -> None:
    """The buttons that change what is live; none where nothing is, or the network has no such thing."""
    network = providers.networks().get(each.network)
    if each.state is not PublicationState.PUBLISHED or each.deleted_at is not None or network is None:
        return
    busy = "It is being changed now." if any(w.kind is not Kind.COMMENT and w.state in OPEN for w in works) else None
    deleting = any(w.kind is Kind.DELETE and w.state in OPEN for w in works)
    if network.edits:
        _offer(visitor, each, "Edit text", "edit", "edit", detail.why_no_new_words or busy)
    if network.deletes:
        _offer(visitor, each, "Delete", "delete", "delete", busy if deleting else None)


def _offer(visitor: Visitor, each: PublicationRow, label: str, icon: str, deed: Deed, busy: str | None) -> None:
    why_not = visitor.why_not(Permission.CHANGE_LIVE) or busy
    why_not = why_not or live_rules.why_not(
        deed,
        providers.networks().get(each.network),
        each.format,
        published=each.state is PublicationState.PUBLISHED,
        deleted=each.deleted_at is not None,
        named=each.provider_post_id is not None,
    )
    button(label, icon, why_not, dialogs.ask, (f"{deed}_live", each.id), key=f"{deed}_live_{each.id}", kind="tertiary")


def _deleted(each: PublicationRow, zones: Zones) -> str:
    network = providers.networks().get(each.network)
    at = clock(each.deleted_at, zones.organization) if each.deleted_at else ""
    by = f" by {each.deleted_by}" if each.deleted_by else ""
    return f"Deleted on {network.title if network else each.network}{by} at {at}"


def _work(visitor: Visitor, work: LiveWork, zones: Zones, *, gone: bool) -> None:
    icon, color = ("delete", "gray") if gone else _LOOKS[work.state]
    at = work.closed_at if work.state is LiveState.DONE and not gone else None
    when = f" :gray[· {plain(clock(at, zones.organization))}]" if at else ""
    st.markdown(f":{color}[:material/{icon}:] {plain(work.words)}{when}")
    if work.state is LiveState.CHECKING and work.next_at is not None:
        st.caption(f"Looked for again {ago(work.next_at)}")
    if work.looks and work.state in (LiveState.CHECKING, LiveState.NEEDS_HUMAN):
        lines = [f"- {hour(look.at, zones.organization)} {plain(look.words)}" for look in work.looks[-4:]]
        st.markdown("\n".join(lines))
    if work.state not in IN_TROUBLE:
        return
    unclear = work.state is LiveState.NEEDS_HUMAN
    why_not = partial(fresh_sign_in.why_not, visitor) if unclear else visitor.why_not
    if unclear:
        fresh_sign_in.offer(visitor, Permission.RESOLVE, key=work.id)
    with st.container(horizontal=True, gap="small", key=f"live_work_{work.id}"):
        if unclear:
            _decide(work, "It is there", "check_circle", why_not(Permission.RESOLVE), "there")
        again = "It isn't there: write it again" if unclear else "Try again"
        _decide(work, again, "refresh", why_not(Permission.TRY_AGAIN), "again")
        _decide(work, "Let it be", "cancel", visitor.why_not(Permission.RESOLVE), "leave", kind="tertiary")


def _decide(
    work: LiveWork, label: str, icon: str, why_not: str | None, verb: Verb, *, kind: ButtonKind = "secondary"
) -> None:
    """A button that decides about the try which the page shows."""
    button(label, icon, why_not, _carry_out, (verb, work.id, work.epoch), key=f"{verb}_live_{work.id}", kind=kind)


def _carry_out(verb: Verb, work_id: UUID, epoch: int) -> None:
    def run(actor: Actor) -> Changed:
        action = feedback.action_id(actor, f"live_{verb}", work_id, epoch)
        if verb == "again":
            return publishing.retry_live(actor, action, work_id, epoch=epoch)
        return publishing.close_live(actor, action, work_id, epoch=epoch, is_there=verb == "there")

    feedback.act(f"publishing.live_{verb}", run, done=lambda changed: changed.words)
