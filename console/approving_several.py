"""Approving several posts at once: choose in a dialog, then read post by post what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import streamlit as st

from console import feedback, reviewing, state
from console.components.button import button
from console.components.confirm import confirm
from console.components.dialog import dialog
from console.components.networks import network_title
from console.components.times import Zones, clock
from console.identity import Visitor
from console.plain import beginning, plain, plain_label
from core.infra.actor import Actor
from core.organizations.rules import Permission
from core.posts import commands
from core.posts.views import AskedPublication, Decided, ReviewItem

_OPEN: Final = "approve_several_dialog"
_REPORT: Final = "approve_several_report"


def offer(visitor: Visitor, items: Sequence[ReviewItem], zones: Zones) -> None:
    """The button, and the dialog once it was pressed."""
    mine = [each for each in items if each.may_approve and each.asked]
    refusal = visitor.why_not(Permission.APPROVE)
    why_not = refusal or (None if len(mine) > 1 else "There are no two posts here that you may approve.")
    button("Approve several", "done_all", why_not, _ask, key="approve_several", kind="tertiary")
    if state.value(_OPEN):
        state.forget(_OPEN)
        _choose(mine, zones)


def show_report() -> None:
    """What became of each post, until it is put away."""
    report: list[tuple[bool, str]] | None = state.value(_REPORT)
    if not report:
        return
    with st.container(border=True, gap="xsmall", key="approved_several"):
        for done, words in report:
            mark = ":green[:material/verified:]" if done else ":orange[:material/block:]"
            st.markdown(f"{mark} {plain(words)}")
        st.button("Dismiss", type="tertiary", on_click=state.forget, args=(_REPORT,), key="approved_several_seen")


def _ask() -> None:
    state.forget(_REPORT)
    state.put(_OPEN, True)


@dialog("Approve several", icon="done_all", width="medium")
def _choose(items: Sequence[ReviewItem], zones: Zones) -> None:
    st.caption(
        "What you tick here is approved as it stands now. Open a post to read all of it first."
        f" Times in {plain(zones.organization)}."
    )
    chosen = [each for each in items if _row(each, zones)]
    label = f"Approve {len(chosen)}" if chosen else "Approve"
    why_not = None if chosen else "Tick the posts to approve."
    if confirm(label, "check", key="dialog", why_not=why_not):
        _approve(chosen)
        feedback.close_dialog()


def _row(item: ReviewItem, zones: Zones) -> bool:
    with st.container(border=True, gap="xsmall", key=f"several_row_{item.post_id}"):
        apart = _apart(item.asked)
        words = _said(item.asked[0]) if len(apart) == 1 else f"{len(apart)} different posts: read each of them"
        ticked = st.checkbox(plain_label(words), key=f"several_{item.post_id}_{item.version}")
        goes = clock(item.first_due_at, zones.organization) if item.first_due_at else "no time yet"
        st.caption(plain(f"{item.submitted_by.name} · {goes} · {_to(item.asked)}"))
        if len(apart) > 1:
            for several in apart:
                st.markdown(f":gray[{plain(_to(several))}:] {plain(_said(several[0]))}")
        reviewing.from_backup(item.asked)
    return ticked


def _apart(asked: Sequence[AskedPublication]) -> list[list[AskedPublication]]:
    """The publications in groups that get the same: what is ticked is what every single account gets."""
    groups: dict[object, list[AskedPublication]] = {}
    for each in asked:
        groups.setdefault((each.text, each.link, each.has_image), []).append(each)
    return list(groups.values())


def _said(each: AskedPublication) -> str:
    """What an account gets, in a line."""
    parts = [beginning(each.text, 120) or "No words"]
    if each.link:
        parts.append(beginning(each.link, 80))
    if each.has_image:
        parts.append("with an image")
    return " · ".join(parts)


def _to(asked: Sequence[AskedPublication]) -> str:
    return ", ".join(f"{each.account_name} ({network_title(each.network)})" for each in asked)


def _approve(chosen: Sequence[ReviewItem]) -> None:
    hashes = {publication_id: seen for each in chosen for publication_id, seen in each.hashes.items()}

    def run(actor: Actor) -> Decided:
        action = feedback.action_id(actor, "posts.approve_all", *sorted(each.hex() for each in hashes.values()))
        return commands.approve_all(actor, action, hashes)

    decided = feedback.act("posts.approve_all", run)
    if decided is not None:
        texts = {each.post_id: beginning(each.text, 50) for each in chosen}
        by_post = decided.by_post
        state.put(_REPORT, [_words(texts[each.post_id], each.post_id, by_post) for each in chosen])


def _words(text: str, post_id: UUID, by_post: dict[UUID, Decided]) -> tuple[bool, str]:
    """Whether all of a post was approved, and what became of it."""
    decided = by_post.get(post_id, Decided(()))
    left = " ".join(f"{each.account_name}: {each.words}" for each in decided.refused)
    if not decided.approved:
        return False, f"Not approved: “{text}”. {left or 'It left the review meanwhile.'}"
    verb = "Approved and scheduled" if any(each.due_at for each in decided.approved) else "Approved"
    names = ", ".join(each.account_name for each in decided.approved)
    return not left, f"{verb}: “{text}” for {names}.{f' Not for {left}' if left else ''}"
