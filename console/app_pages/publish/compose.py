"""Compose: write a post, choose accounts and a time, ask for approval. Everything is saved as it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import streamlit as st

from console import drafting, filters, navigation, state
from console.components.composer import Hint, Target, composer
from console.components.empty import empty
from console.components.header import header
from console.components.networks import network_title
from console.components.redline import redline as draw_redline
from console.components.split import split
from console.components.status import badge
from console.components.times import Zones, ago, beside, clock
from console.drafting import key_of
from console.identity import Visitor
from console.navigation import PageSpec
from console.plain import plain
from console.state import DraftInHand
from core.accounts import queries as accounts
from core.accounts.rules import STATE_WORDS, AccountState
from core.infra.clock import now
from core.organizations.rules import Permission
from core.posts import queries, rules, slots
from core.posts.redline import redline
from core.posts.rules import CommentKind
from core.posts.views import AccountProblem, Draft, Who

PAGE = PageSpec(
    title="Compose",
    icon="edit_square",
    help="Write a post with counters and preview, choose accounts and a time, and ask for approval.",
    permission=Permission.WRITE,
    url_path="compose",
    order=10,
)


_NO_TIME: Final = "No time yet: approving won't send it."


def render(visitor: Visitor) -> None:
    """Draw the page."""
    post_id = _asked_for()
    hand = state.draft_in_hand(post_id)
    asked_day = filters.day("day")
    if asked_day is not None:
        st.query_params.pop("day")
        drafting.wish_day(hand, asked_day, visitor.zone)
    draft = queries.draft(visitor.actor, hand.post_id) if hand.post_id else None
    zones = Zones.of(visitor)
    mark = badge(draft.post.shown) if draft is not None else None
    with header("New post" if draft is None else "Compose", mark=mark):
        actions = st.container(horizontal=True, width="content", gap="small", key="compose_actions")
    choices = _accounts(visitor, draft)
    if not choices:
        empty(
            "add_link",
            "No account to post to",
            "Connect a Page first; then you can write for it.",
            action="Go to Accounts",
            page="accounts",
        )
        return
    if draft is not None:
        _sent_back(draft, zones)
        _costs(draft, hand)
    locked = _locked(draft, hand)
    if draft is not None and locked is not None:
        _chosen_accounts(draft)
    else:
        _pick_accounts(hand, draft, choices)
    _slot_and_reviewer(visitor, hand, draft, zones)
    if draft is not None and draft.nobody_else_may_approve:
        _nobody_else(visitor)
    if hand.conflict is not None:
        _conflict(hand, zones)
    _composer(hand, draft, zones, choices, locked)
    with actions:
        _actions(visitor, hand, draft)


def _asked_for() -> UUID | None:
    try:
        return UUID(st.query_params["post"])
    except (KeyError, ValueError):
        return None


def _accounts(visitor: Visitor, draft: Draft | None) -> Mapping[UUID, tuple[str, str, str]]:
    """Account -> name, network, state; disconnected ones only where the post already goes there."""
    if draft is not None:
        return {each.account_id: (each.name, each.network, each.state) for each in draft.accounts}
    return {
        each.id: (each.name, each.network, each.state)
        for each in accounts.accounts(visitor.actor)
        if each.state is not AccountState.DISABLED
    }


def _pick_accounts(hand: DraftInHand, draft: Draft | None, choices: Mapping[UUID, tuple[str, str, str]]) -> None:
    networks = {network for _, network, _ in choices.values()}

    def label(account_id: str) -> str:
        name, network, account_state = choices[UUID(account_id)]
        where = f" · {network_title(network)}" if len(networks) > 1 else ""
        stands = (
            "" if account_state == AccountState.ACTIVE else f" ({STATE_WORDS[AccountState(account_state)].lower()})"
        )
        return plain(f"{name}{where}{stands}")

    if draft is not None:
        state.put(key_of(hand, "accounts"), [str(each.account_id) for each in draft.accounts if each.chosen])
    st.pills(
        "Publish to",
        [str(each) for each in choices],
        selection_mode="multi",
        format_func=label,
        key=key_of(hand, "accounts"),
        on_change=drafting.accounts_chosen,
        args=(hand,),
    )


def _chosen_accounts(draft: Draft) -> None:
    """While nothing about them can be changed, accounts are words and no controls."""
    names = [
        f":gray-badge[{plain(each.name)} · {network_title(each.network)}]" for each in draft.accounts if each.chosen
    ]
    st.markdown(f"Publishes to {' '.join(names) or 'no account'}")


def _slot_and_reviewer(visitor: Visitor, hand: DraftInHand, draft: Draft | None, zones: Zones) -> None:
    slot = draft.post.slot_at if draft is not None else None
    if hand.slot_trouble is None:
        wall = slots.wall_time(slot, zones.organization) if slot else None
        state.put(key_of(hand, "day"), wall.date() if wall else None)
        state.put(key_of(hand, "time"), wall.time() if wall else None)
    today = now().astimezone(ZoneInfo(zones.organization)).date()
    over = draft is not None and draft.fixed is not None
    day, clock_, clear, reviewer = split("slot", [1.1, 1, 0.55, 1.4], controls=True)
    args = (hand, zones.organization)
    held = state.value(key_of(hand, "day"))
    day.date_input(
        "Day",
        value=None,
        min_value=min(today, held) if held else today,
        format="YYYY-MM-DD",
        key=key_of(hand, "day"),
        on_change=drafting.slot_chosen,
        args=args,
        disabled=over,
    )
    clock_.time_input(
        f"Time ({plain(zones.organization)})",
        value=None,
        step=300,
        key=key_of(hand, "time"),
        on_change=drafting.slot_chosen,
        args=args,
        disabled=over,
    )
    clear.button(
        "No time",
        type="tertiary",
        on_click=drafting.clear_slot,
        args=(hand,),
        disabled=over or slot is None,
        help="Approve now, choose the time later.",
        key=key_of(hand, "no_time"),
    )
    who: Sequence[Who] = draft.approvers if draft is not None else ()
    names = {str(each.member_id): each.name for each in who}
    reviewer.selectbox(
        "Approver",
        [None, *names],
        format_func=lambda each: names[each] if each else "Anybody who may approve",
        key=key_of(hand, "reviewer"),
        on_change="ignore",
        persist_state="page",
    )
    _slot_words(hand, slot, zones)


def _slot_words(hand: DraftInHand, slot: datetime | None, zones: Zones) -> None:
    trouble: drafting.SlotTrouble | None = hand.slot_trouble
    if trouble is None:
        words = f"Goes out {ago(slot)} once approved{beside(slot, zones)}." if slot else _NO_TIME
        st.caption(f":material/schedule: {words}")
        return
    zone = zones.organization
    with st.container(horizontal=True, vertical_alignment="center", key="slot_trouble"):
        st.markdown(f":orange[:material/warning:] {plain(trouble.words)}", width="content")
        if trouble.skipped is not None:
            for wall in (trouble.skipped.before, trouble.skipped.after):
                st.button(f"{wall:%H:%M}", on_click=drafting.set_slot, args=(hand, wall, zone), key=f"slot_{wall:%H%M}")
        if trouble.twice is not None and trouble.wall is not None:
            for which, at in (("first", trouble.twice.first), ("second", trouble.twice.second)):
                st.button(
                    f"The {which} ({slots.said_offset(at, zone)})",
                    on_click=drafting.set_slot,
                    args=(hand, trouble.wall, zone, which),
                    key=f"slot_{which}",
                )


def _nobody_else(visitor: Visitor) -> None:
    """The author is the only one who could approve this; an admin can change the rule on the spot."""
    admin = visitor.may(Permission.MANAGE_SETTINGS)
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="nobody_else"):
        ask = "Invite an approver, or allow it." if admin else "Ask an admin to invite an approver, or to allow it."
        st.markdown(
            f":orange[:material/person_off:] **Nobody else here may approve this,** and approving one's own work isn't"
            f" allowed in this organization. {ask}",
            width="stretch",
        )
        if admin:
            st.button("Allow it", icon=":material/verified:", on_click=drafting.allow_own_work, key="allow_own_work")


def _sent_back(draft: Draft, zones: Zones) -> None:
    asked = [each for each in draft.comments if each.kind is CommentKind.CHANGES_REQUESTED]
    latest = asked[-1] if asked else None
    if (
        latest is None
        or latest.version != draft.post.submitted_version
        or draft.post.shown.word
        in (
            rules.Word.IN_REVIEW,
            rules.Word.APPROVED,
            rules.Word.SCHEDULED,
        )
    ):
        return
    with st.container(border=True, gap="xsmall", key="sent_back"):
        st.markdown(f":orange[:material/reply:] **{plain(latest.author.name)}** asked for changes {ago(latest.at)}")
        st.text(latest.text)


def _costs(draft: Draft, hand: DraftInHand) -> None:
    """Before anything is saved over an approval: what an edit would cost, and the choice."""
    if draft.fixed is not None:
        with st.container(border=True, horizontal=True, vertical_alignment="center", key="fixed"):
            st.markdown(f":material/lock: {plain(draft.fixed)}", width="stretch")
            st.button(
                "Duplicate",
                icon=":material/content_copy:",
                on_click=drafting.duplicate,
                args=(draft.post.id, draft.post.revision),
                key="duplicate_fixed",
            )
        return
    costs = _lost_by_editing(draft)
    if not costs or hand.editing_approved:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="costs"):
        with st.container(gap="xsmall"):
            st.markdown(
                ":orange[:material/gpp_maybe:] **Editing text, link or accounts costs approvals.** A new time doesn't."
            )
            for words in costs:
                st.caption(plain(words))
        st.button("Edit anyway", icon=":material/edit:", on_click=drafting.edit_anyway, args=(hand,), key="edit_anyway")


def _lost_by_editing(draft: Draft) -> list[str]:
    standing = [each for each in draft.accounts if each.chosen and each.publication is not None]
    lost = [(each.name, rules.loses(each.publication.state)) for each in standing if each.publication is not None]
    return [f"{name} {words}." for name, words in lost if words]


def _locked(draft: Draft | None, hand: DraftInHand) -> str | None:
    if draft is None:
        return None
    if draft.fixed is not None:
        return "Can't be changed any more"
    if hand.conflict is not None:
        return "Choose a version first"
    return "Approved words are locked" if _lost_by_editing(draft) and not hand.editing_approved else None


def _composer(
    hand: DraftInHand,
    draft: Draft | None,
    zones: Zones,
    choices: Mapping[UUID, tuple[str, str, str]],
    locked: str | None,
) -> None:
    if draft is not None:
        chosen = [each.account_id for each in draft.accounts if each.chosen]
    else:
        chosen = [UUID(str(each)) for each in state.value(key_of(hand, "accounts")) or ()]
    slot = draft.post.slot_at if draft is not None else None
    when = clock(slot, zones.organization) if slot else "no time yet"
    post = draft.post if draft is not None else None
    empty_yet = post is None or not (post.text.strip() or post.link)
    hints = [] if empty_yet or draft is None else [_hint(each, draft) for each in draft.problems]
    composer(
        key=drafting.COMPOSER,
        token=hand.token,
        post_id=hand.post_id,
        refill=hand.refill,
        revision=post.revision if post else 0,
        done=hand.done,
        text=post.text if post else "",
        link=post.link if post else None,
        targets=[Target(each, choices[each][0], choices[each][1], when) for each in chosen if each in choices],
        hints=hints,
        locked=locked,
        saved_words=f"Saved {ago(post.updated_at)}" if post else "Nothing to save yet",
        trouble=hand.not_saved and f"Not saved: {hand.not_saved}",
        on_written=lambda: drafting.written(hand),
    )


def _hint(problem: AccountProblem, draft: Draft) -> Hint:
    several = sum(each.chosen for each in draft.accounts) > 1
    named = f"{problem.account_name}: {problem.words}" if problem.account_name and several else problem.words
    return Hint(problem.severity, named, problem.fix, about_length="too long for" in problem.words)


def _conflict(hand: DraftInHand, zones: Zones) -> None:
    clash: drafting.Clash = hand.conflict
    theirs = clash.theirs
    with st.container(border=True, gap="small", key="conflict"):
        st.markdown(
            f":red[:material/call_split:] **{plain(theirs.saved_by)} saved this post {ago(theirs.saved_at)},"
            " while you were writing.** Yours is not saved over it. Choose one; Undo brings the other back."
        )
        st.caption("Theirs, with what is different in yours marked")
        draw_redline(
            redline(theirs.text, clash.text),
            link=clash.link,
            link_before=theirs.link,
            compared=True,
            key="conflict_redline",
        )
        with st.container(horizontal=True):
            st.button("Keep mine", type="primary", on_click=drafting.keep_mine, args=(hand,), key="keep_mine")
            st.button("Take theirs", on_click=drafting.take_theirs, args=(hand,), key="take_theirs")


def _actions(visitor: Visitor, hand: DraftInHand, draft: Draft | None) -> None:
    if draft is not None:
        post = draft.post
        st.button(
            "Delete",
            icon=":material/delete:",
            type="tertiary",
            on_click=drafting.delete,
            args=(post.id, post.revision, post.text),
            disabled=post.shown.word not in (rules.Word.DRAFT, rules.Word.CHANGES_REQUESTED),
            help="Only a draft can be deleted." if post.shown.word is not rules.Word.DRAFT else None,
            key="delete_draft",
        )
        st.button(
            "Open",
            icon=":material/article:",
            type="tertiary",
            on_click=navigation.go,
            args=("post",),
            kwargs={"post": post.id},
            help="Everything that happened to this post",
            key="open_post",
        )
    why_not = _why_no_submit(visitor, hand, draft)
    st.button(
        "Send for approval",
        icon=":material/rate_review:",
        type="primary",
        shortcut="Ctrl+Enter",
        on_click=drafting.submit,
        args=(hand,),
        disabled=why_not is not None,
        help=why_not,
        key="submit",
    )


def _why_no_submit(visitor: Visitor, hand: DraftInHand, draft: Draft | None) -> str | None:
    refusal = visitor.why_not(Permission.SUBMIT)
    if refusal is not None:
        return plain(refusal)
    if draft is None or not (draft.post.text.strip() or draft.post.link):
        return "Write something first."
    if not any(each.chosen for each in draft.accounts):
        return "Pick at least one account."
    if hand.conflict is not None:
        return "Choose one of the two versions first."
    if hand.slot_trouble is not None:
        return "Mend the time first."
    if draft.errors:
        return plain(draft.errors[0].sentence)
    to_ask = [each.publication for each in draft.accounts if each.chosen and each.publication is not None]
    if not any(each.can_be_asked for each in to_ask):
        return "It has been sent for approval already."
    return None
