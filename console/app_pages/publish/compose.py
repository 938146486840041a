"""Compose: write a post, choose accounts and a time, ask for approval. Everything is saved as it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import streamlit as st

from console import clash, draft_times, drafting, filters, navigation, state
from console.components.composer import Asked, Target, asked, composer
from console.components.empty import empty
from console.components.header import header
from console.components.networks import network_title
from console.components.split import split
from console.components.status import badge
from console.components.times import Zones, ago, clock
from console.drafting import key_of
from console.identity import Visitor
from console.navigation import PageSpec
from console.plain import plain
from console.state import DraftInHand
from core.accounts import queries as accounts
from core.accounts.rules import STATE_WORDS, AccountState
from core.organizations.rules import Permission
from core.posts import queries, rules
from core.posts.content import AccountContent, Content
from core.posts.library import Library, Wanted
from core.posts.payloads import is_said
from core.posts.rules import CommentKind
from core.posts.views import Draft, Who

PAGE = PageSpec(
    title="Compose",
    icon="edit_square",
    help="Write a post with counters and preview, choose accounts and a time, and ask for approval.",
    permission=Permission.WRITE,
    url_path="compose",
    order=10,
)
FILES_AT_ONCE: Final = 40


def render(visitor: Visitor) -> None:
    """Draw the page."""
    post_id = _asked_for()
    hand = state.draft_in_hand(post_id)
    asked_day = filters.day("day")
    if asked_day is not None:
        st.query_params.pop("day")
        draft_times.wish_day(hand, asked_day, visitor.zone)
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
    _slot_and_reviewer(hand, draft, zones)
    if draft is not None and draft.nobody_else_may_approve:
        _nobody_else(visitor)
    if hand.conflict is not None:
        clash.show(visitor, hand, draft)
    _composer(hand, draft, zones, choices, _library(visitor), locked)
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


def _slot_and_reviewer(hand: DraftInHand, draft: Draft | None, zones: Zones) -> None:
    columns = split("slot", [1.1, 1, 0.55, 1.4], controls=True)
    draft_times.show(columns, hand, draft, zones)
    who: Sequence[Who] = draft.approvers if draft is not None else ()
    names = {str(each.member_id): each.name for each in who}
    columns[3].selectbox(
        "Approver",
        list(names),
        format_func=names.__getitem__,
        index=None,
        placeholder="Anybody who may approve",
        key=key_of(hand, "reviewer"),
        on_change="ignore",
        persist_state="page",
    )
    draft_times.show_words(hand, draft, zones)


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
                ":orange[:material/gpp_maybe:] **An edit costs the approval of each account whose post it changes.**"
                " A new time costs none."
            )
            for name, words in costs.values():
                st.caption(plain(f"{name} {words}."))
        st.button("Edit anyway", icon=":material/edit:", on_click=drafting.edit_anyway, args=(hand,), key="edit_anyway")


def _lost_by_editing(draft: Draft) -> dict[UUID, tuple[str, str]]:
    """Account -> its name and what a change of its post costs it, in words; not those that lose nothing."""
    standing = [(each, each.publication) for each in draft.accounts if each.chosen]
    lost = {each.account_id: (each.name, rules.loses(row.state)) for each, row in standing if row is not None}
    return {account_id: (name, words) for account_id, (name, words) in lost.items() if words}


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
    library: tuple[Asked, Library] | None,
    locked: str | None,
) -> None:
    if draft is not None:
        chosen = [each.account_id for each in draft.accounts if each.chosen]
        apart, costs = draft.own_slots, _lost_by_editing(draft)
    else:
        chosen = [UUID(str(each)) for each in state.value(key_of(hand, "accounts")) or ()]
        apart, costs = {}, {}
    post = draft.post if draft is not None else None
    slot = post.slot_at if post else None

    def target(account_id: UUID) -> Target:
        at = apart.get(account_id, slot)
        name, network, _ = choices[account_id]
        goes_out = clock(at, zones.organization) if at else "no time yet"
        return Target(account_id, name, network, goes_out, costs.get(account_id, ("", ""))[1])

    composer(
        key=drafting.COMPOSER,
        token=hand.token,
        post_id=hand.post_id,
        refill=hand.refill,
        revision=post.revision if post else 0,
        done=hand.done,
        content=draft.content if draft is not None else Content(),
        files=draft.files.values() if draft is not None else (),
        targets=[target(each) for each in chosen if each in choices],
        problems=() if draft is None or _is_empty(draft) else draft.problems,
        library=library,
        locked=locked,
        saved_words=f"Saved {ago(post.updated_at)}" if post else "Nothing to save yet",
        trouble=hand.not_saved and f"Not saved: {hand.not_saved}",
        on_written=lambda: drafting.written(hand),
    )


def _library(visitor: Visitor) -> tuple[Asked, Library] | None:
    """What the composer asked for of the organization's files, with the answer; None while nobody looks."""
    wanted = asked(drafting.COMPOSER)
    if wanted is None:
        return None
    narrowed = Wanted(wanted.words, wanted.kinds)
    return wanted, queries.library(visitor.actor, narrowed, after=wanted.after, limit=FILES_AT_ONCE)


def _is_empty(draft: Draft) -> bool:
    """Whether nothing was written yet, for no account."""
    whole = draft.content
    said: list[Content | AccountContent] = [whole, *(each.content for each in draft.accounts if each.chosen)]
    return not whole.link and not any(
        each.text.strip() or each.files or any(map(is_said, each.options.values())) for each in said
    )


def _actions(visitor: Visitor, hand: DraftInHand, draft: Draft | None) -> None:
    if draft is not None:
        post = draft.post
        deletable = post.shown.word in (rules.Word.DRAFT, rules.Word.CHANGES_REQUESTED)
        st.button(
            "Delete",
            icon=":material/delete:",
            type="tertiary",
            on_click=drafting.delete,
            args=(post.id, post.revision, post.text),
            disabled=not deletable,
            help=None if deletable else "Only a draft can be deleted.",
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
    if draft is None or _is_empty(draft):
        return "Write something first."
    if not any(each.chosen for each in draft.accounts):
        return "Pick at least one account."
    if hand.conflict is not None:
        return "Choose one of the two versions first."
    if hand.time_troubles:
        return "Mend the time first."
    if draft.errors:
        return plain(draft.errors[0].sentence)
    to_ask = [each.publication for each in draft.accounts if each.chosen and each.publication is not None]
    if not any(each.can_be_asked for each in to_ask):
        return "It has been sent for approval already."
    return None
