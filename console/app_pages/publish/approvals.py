"""Approvals: what waits for a second pair of eyes, and deciding on it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from console import approving_several, cached, feedback, reviewing, state
from console.components.button import button
from console.components.empty import empty
from console.components.header import header
from console.components.post_list import Row, post_list
from console.components.split import split
from console.components.status import badge
from console.components.times import Zones, ago
from console.identity import Visitor
from console.navigation import Badge, PageSpec
from console.plain import beginning, plain
from core.infra.actor import Actor
from core.organizations.rules import Permission
from core.posts import commands, queries
from core.posts.rules import SHOWN, Word
from core.posts.views import Decided, Review, ReviewItem

PAGE = PageSpec(
    title="Approvals",
    icon="rate_review",
    help="Posts that wait for approval, soonest first: read what changed, then approve or send back.",
    permission=Permission.READ,
    url_path="approvals",
    order=20,
    badge=lambda visitor: Badge(cached.menu_counts(visitor.actor).to_approve),
)


def render(visitor: Visitor) -> None:
    """Draw the page."""
    zones = Zones.of(visitor)
    queue = queries.review_queue(visitor.actor)
    with header("Approvals", f"{len(queue.items)}{'+' if queue.after else ''} waiting" if queue.items else None):
        if queue.items:
            approving_several.offer(visitor, queue.items, zones)
    approving_several.show_report()
    if not queue.items:
        empty(
            "task_alt",
            "Nothing waits for approval",
            "Posts show up here as soon as somebody asks for a review.",
            action="See all posts",
            page="posts",
        )
        return
    ids = [each.post_id for each in queue.items]
    shown = _asked_for(ids)
    left, right = split("approvals", [1, 1.75])
    with left:
        _queue(queue.items, shown, zones)
    with right, st.container(border=True, key="review"):
        _review(visitor, queries.review(visitor.actor, shown), ids, zones)


def _asked_for(ids: Sequence[UUID]) -> UUID:
    try:
        asked = UUID(st.query_params["post"])
    except (KeyError, ValueError):
        return ids[0]
    return asked if asked in ids else ids[0]


def _open(post_id: UUID) -> None:
    st.query_params["post"] = str(post_id)


def _queue(items: Sequence[ReviewItem], shown: UUID, zones: Zones) -> None:
    def row(item: ReviewItem) -> Row:
        note = f"{item.submitted_by.name} asked {ago(item.submitted_at)}"
        return Row(
            post_id=item.post_id,
            text=item.text,
            shown=SHOWN[Word.IN_REVIEW],
            at=item.first_due_at or item.submitted_at,
            timed=item.first_due_at is not None,
            accounts=[(each.account_name, each.network) for each in item.publications],
            note=note if item.reviewer is None else f"{note} · for {item.reviewer.name}",
            selected=item.post_id == shown,
        )

    post_list(
        [row(each) for each in items],
        zones,
        key="approvals_queue",
        label="Waiting for approval",
        page="approvals",
        layout="cards",
        on_open=_open,
    )


def _review(visitor: Visitor, review: Review, ids: Sequence[UUID], zones: Zones) -> None:
    post, at = review.post, ids.index(review.post.id)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header(f"Version {post.submitted_version}", anchor=False, width="content")
        st.markdown(badge(post.shown), width="content")
        st.space("stretch")
        for key, icon, step, words in (
            ("K", "keyboard_arrow_up", -1, "Previous"),
            ("J", "keyboard_arrow_down", 1, "Next"),
        ):
            st.button(
                "",
                icon=f":material/{icon}:",
                shortcut=key,
                on_click=_open,
                args=(ids[(at + step) % len(ids)],),
                help="No other waits." if len(ids) == 1 else words,
                disabled=len(ids) == 1,
                key=f"review_{words.lower()}",
            )
    reviewing.show(review, zones)
    _decide(visitor, review, ids)


def _decide(visitor: Visitor, review: Review, ids: Sequence[UUID]) -> None:
    post = review.post
    note = f"note_{post.id}_{post.submitted_version}"
    st.text_area(
        "Comment",
        placeholder="Optional when you approve; needed when you request changes",
        height=72,
        max_chars=5_000,
        key=note,
        on_change="ignore",
        persist_state="session",
    )
    due = any(each.publication.due_at for each in review.publications)
    why_not = None if review.may_approve else review.why_not
    with st.container(horizontal=True, gap="small"):
        button(
            "Approve and schedule" if due else "Approve",
            "check",
            why_not,
            _approve,
            (review, note, ids),
            key=f"approve_{post.id}_{post.submitted_version}",
            kind="primary",
            shortcut="A",
        )
        button(
            "Request changes",
            "reply",
            visitor.why_not(Permission.REQUEST_CHANGES),
            _request_changes,
            (review, note, ids),
            key=f"request_{post.id}_{post.submitted_version}",
            shortcut="X",
        )
        button(
            "Comment",
            "chat",
            visitor.why_not(Permission.WRITE),
            _comment,
            (review, note),
            key=f"comment_{post.id}_{post.submitted_version}",
            kind="tertiary",
            note="Say something without deciding.",
        )
    if why_not:
        st.caption(f":material/info: {plain(why_not)}")


def _approve(review: Review, note: str, ids: Sequence[UUID]) -> None:
    post = review.post

    def run(actor: Actor) -> Decided:
        action = feedback.action_id(actor, "posts.approve", post.id, post.submitted_version, *_hashes(review))
        return commands.approve(actor, action, post.id, review.hashes, text=state.value(note) or "")

    def words(decided: Decided) -> str:
        scheduled = any(each.due_at for each in decided.approved)
        left = f" Not for {', '.join(each.account_name for each in decided.refused)}." if decided.refused else ""
        return f"Approved{' and scheduled' if scheduled else ''}: “{beginning(post.text, 50)}”.{left}"

    if feedback.act("posts.approve", run, done=words) is not None:
        _move_on(post.id, ids)


def _request_changes(review: Review, note: str, ids: Sequence[UUID]) -> None:
    post = review.post

    def run(actor: Actor) -> bool:
        action = feedback.action_id(actor, "posts.request_changes", post.id, post.submitted_version)
        commands.request_changes(actor, action, post.id, post.submitted_version, state.value(note) or "")
        return True

    if feedback.act("posts.request_changes", run, done=f"Sent back: “{beginning(post.text, 50)}”.") is not None:
        _move_on(post.id, ids)


def _comment(review: Review, note: str) -> None:
    post, words = review.post, state.value(note) or ""

    def run(actor: Actor) -> bool:
        action = feedback.action_id(
            actor, "posts.comment", post.id, post.submitted_version, words, len(review.comments)
        )
        commands.comment(actor, action, post.id, post.submitted_version, words)
        return True

    if feedback.act("posts.comment", run, done="Said.") is not None:
        state.put(note, "")


def _hashes(review: Review) -> list[str]:
    return sorted(each.hex() for each in review.hashes.values())


def _move_on(post_id: UUID, ids: Sequence[UUID]) -> None:
    """To the next one, as J would; the decided one is gone."""
    rest = [each for each in ids if each != post_id]
    if rest:
        _open(rest[min(ids.index(post_id), len(rest) - 1)])
    else:
        st.query_params.pop("post", None)
