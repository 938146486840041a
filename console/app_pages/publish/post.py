"""Post: everything that happened to one post, and what can be done about it now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import streamlit as st

from console import after_publish, dialogs, drafting, feedback, history, navigation, pausing, questions
from console.components.account import account_badge
from console.components.button import ButtonKind, button
from console.components.empty import empty
from console.components.header import header
from console.components.preview import preview
from console.components.split import split
from console.components.status import badge
from console.components.timeline import timeline
from console.components.times import Zones, ago, clock, when
from console.identity import Visitor
from console.navigation import PageSpec
from console.plain import plain
from console.standing import AT_REST, OVER, is_cancellable, is_movable, is_sendable
from core.infra.actor import Actor
from core.infra.clock import now
from core.infra.errors import MastheadError, NotFound
from core.organizations.rules import Permission
from core.posts import queries, rules
from core.posts.rules import Needs, PublicationState
from core.posts.views import Detail, PublicationRow
from core.publishing import commands as publishing
from core.publishing import queries as sending
from core.publishing.queries import Evidence
from core.publishing.views import LiveWork

PAGE = PageSpec(
    title="Post",
    icon="article",
    help="One post: where each publication stands, what was tried, who did what, and the link to the live post.",
    permission=Permission.READ,
    url_path="post",
    order=35,
    hidden=True,
)

_S = PublicationState
Works = Mapping[UUID, Sequence[LiveWork]]
LOOK_SOON_S: Final = 3
LOOK_LATER_S: Final = 20
NEAR: Final = timedelta(minutes=5)
BEING_SENT: Final = "It is being sent now, that can't be stopped."


def render(visitor: Visitor) -> None:
    """Draw the page."""
    zones = Zones.of(visitor)
    detail = queries.detail(visitor.actor, _asked_for())
    evidence = {each.id: sending.evidence(visitor.actor, each.id) for each in detail.publications if each.approved_at}
    works = sending.live_works(visitor.actor, detail.post.id)
    current = [each for each in detail.publications if each.current]
    with header("Post", detail.post.progress, mark=badge(detail.post.shown), back="posts"):
        _post_actions(visitor, detail, current)
    left, right = split("post", [1.25, 1])
    with left:
        if not current:
            empty(
                "share",
                "No account chosen yet",
                "Pick the accounts this post goes to.",
                action="Open in Compose",
                on_click=lambda: _edit(detail.post.id),
            )
        for each in current:
            _publication(visitor, detail, each, evidence.get(each.id), works.get(each.id, ()), zones)
        if current:
            _previews(current, zones)
        else:
            st.text(detail.post.text)
    with right, st.container(border=True, key="post_history"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.header("History", anchor=False, width="content")
            st.space("stretch")
            st.caption(f"Times in {plain(zones.organization)}", width="content")
        timeline(history.entries(detail, evidence), zones, key="post_timeline")
    _follow(visitor, detail, works, evidence)


def _follow(visitor: Visitor, detail: Detail, works: Works, evidence: Mapping[UUID, Evidence]) -> None:
    """Look again while something is on its way, and draw anew when it moved or was read."""
    moving = [
        each
        for each in detail.publications
        if each.current
        and each.state not in AT_REST
        and (each.state is not _S.PUBLISHED or _link_may_come(each) or _is_worked_on(each, works))
    ]
    if not moving:
        return
    soon = any(each.state is not _S.SCHEDULED or _is_near(each) for each in moving)
    asked = [each.id for each in moving if each.state is _S.UNKNOWN]
    seen = _standing(detail, works), [len(evidence[each].reads) for each in asked]

    @st.fragment(run_every=LOOK_SOON_S if soon else LOOK_LATER_S)
    def look() -> None:
        try:
            there = queries.detail(visitor.actor, detail.post.id)
            worked_on = sending.live_works(visitor.actor, detail.post.id)
            reads = [len(sending.evidence(visitor.actor, each).reads) for each in asked]
        except MastheadError:
            return
        if (_standing(there, worked_on), reads) != seen:
            feedback.draw_page_anew()

    look()


def _is_worked_on(each: PublicationRow, works: Works) -> bool:
    return after_publish.is_under_way(works.get(each.id, ()))


def _link_may_come(each: PublicationRow) -> bool:
    return (
        each.url is None
        and not each.shown.detail
        and each.published_at is not None
        and now() - each.published_at < NEAR
    )


def _is_near(each: PublicationRow) -> bool:
    return each.due_at is not None and each.due_at - now() < NEAR


def _standing(detail: Detail, works: Works) -> tuple[object, ...]:
    return tuple(
        (
            each.id,
            each.state,
            each.due_at,
            each.url,
            each.shown,
            each.attempt_count,
            *after_publish.standing(works.get(each.id, ())),
        )
        for each in detail.publications
    )


def _asked_for() -> UUID:
    try:
        return UUID(st.query_params["post"])
    except (KeyError, ValueError):
        raise NotFound from None


def _edit(post_id: UUID) -> None:
    navigation.go("compose", post=post_id)


# What can be done about the whole post


def _post_actions(visitor: Visitor, detail: Detail, current: list[PublicationRow]) -> None:
    post = detail.post
    movable = [each for each in current if is_movable(each)]
    sendable = [each for each in current if is_sendable(each)]
    button(
        "Edit",
        "edit",
        visitor.why_not(Permission.WRITE) or detail.fixed,
        _edit,
        (post.id,),
        key="edit_post",
        kind="tertiary",
    )
    button(
        "Duplicate",
        "content_copy",
        visitor.why_not(Permission.WRITE),
        drafting.duplicate,
        (post.id, post.revision),
        key="duplicate_post",
        kind="tertiary",
    )
    if any(each.state is _S.IN_REVIEW for each in current):
        mine = visitor.actor.member_id in {post.author.member_id, post.submitted_by and post.submitted_by.member_id}
        refusal = visitor.why_not(Permission.WITHDRAW) or (
            None if mine else "Only who wrote or submitted it can withdraw it."
        )
        button("Withdraw", "undo", refusal, drafting.withdraw, (post.id, post.submitted_version), key="withdraw")
    if movable:
        button(
            "Reschedule" if any(each.due_at for each in movable) else "Schedule",
            "schedule",
            visitor.why_not(Permission.RESCHEDULE),
            dialogs.ask,
            ("reschedule", None),
            key="reschedule_post",
        )
    if sendable:
        button(
            "Publish now",
            "send",
            visitor.why_not(Permission.PUBLISH_NOW),
            dialogs.ask,
            ("publish", None),
            key="publish_post",
            kind="primary",
        )
    dialogs.show_asked(visitor, detail, current)


# One publication


def _publication(
    visitor: Visitor,
    detail: Detail,
    each: PublicationRow,
    evidence: Evidence | None,
    works: Sequence[LiveWork],
    zones: Zones,
) -> None:
    alone = sum(other.current for other in detail.publications) == 1
    with st.container(border=True, gap="small", key=f"publication_{each.id}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            account_badge(each.account_name, each.network, key=f"publication_badge_{each.id}")
            st.markdown(badge(each.shown), width="content")
            if each.url:
                st.link_button("Open live post", each.url, icon=":material/open_in_new:", type="tertiary")
            elif each.account_url and each.shown.detail == rules.NOT_SHOWN:
                st.link_button("Open the account", each.account_url, icon=":material/open_in_new:", type="tertiary")
        st.markdown(_time_words(each, zones, alone=alone))
        if each.because and not _is_link_looked_for(each):  # the line with its time says that
            color = "red" if each.state is _S.FAILED or each.shown.detail == rules.NOT_SHOWN else "orange"
            st.markdown(f":{color}[:material/info:] {plain(_because(each, zones))}")
        for pause in each.pauses if each.shown.word is rules.Word.HELD else ():
            navigation.link("resume", pausing.resume_words(visitor, pause), pause=pause.id)
        if each.shown.word is rules.Word.HELD and each.account_state != rules.ACCOUNT_SENDS:
            may = visitor.may(Permission.CONNECT)
            navigation.link("accounts", f"{'Connect' if may else 'See'} {each.account_name} on Accounts")
        if each.approved_by and each.approved_at:
            own = " (their own work)" if each.self_approved else ""
            lapsed = "" if each.approval_holds else " · no longer valid"
            st.caption(f"Approved by {plain(each.approved_by)}{own} {ago(each.approved_at)}{lapsed}")
        if evidence is not None and (each.needs is Needs.OUTCOME or each.state is _S.UNKNOWN):
            questions.question(visitor, each, evidence, zones, across=2)
        after_publish.show(visitor, each, works, zones)
        _publication_actions(visitor, detail, each, works, alone=alone)


def _because(each: PublicationRow, zones: Zones) -> str:
    """Why it stands as it does; of what waits for the network, until when, and whether that is too long."""
    if each.state is not _S.SCHEDULED or not each.held:
        return each.because
    if each.next_action_at is None:
        return f"Waiting: {each.because}."
    waiting = f"Waiting: {each.because} until {when(each.next_action_at, zones)}."
    if each.not_after is None or each.next_action_at < each.not_after:
        return waiting
    return f"{waiting} From {when(each.not_after, zones)} on it is late, and somebody must decide."


def _is_link_looked_for(each: PublicationRow) -> bool:
    """Whether it is live, neither deleted nor found not to be shown, and nobody knows where."""
    return each.published_at is not None and not each.url and not each.shown.detail


def _time_words(each: PublicationRow, zones: Zones, *, alone: bool) -> str:
    if each.published_at:
        found = " · live, link not found yet" if _is_link_looked_for(each) else ""
        changed = " · its text was changed since" if each.edited and not each.deleted_at else ""
        return f"Published **{plain(when(each.published_at, zones))}**{found}{changed}"
    if each.due_at is None:
        return "No time yet"
    word = "Was planned for" if each.state in OVER else "Goes out" if each.due_at > now() else "Was due"
    own = " · its own time" if each.own_slot and not alone else ""
    return f"{word} **{plain(when(each.due_at, zones))}** :gray[· {ago(each.due_at)}]{own}"


def _publication_actions(
    visitor: Visitor, detail: Detail, each: PublicationRow, works: Sequence[LiveWork], *, alone: bool
) -> None:
    """What can be done about one publication; what the post's own buttons do for a single one isn't said twice."""
    with st.container(horizontal=True, gap="small", key=f"actions_{each.id}"):
        if each.needs in (Needs.LATE, Needs.APPROVAL) and is_movable(each) and not alone:
            _offer("Reschedule", "schedule", visitor.why_not(Permission.RESCHEDULE), "reschedule", each)
        if each.needs is Needs.LATE and not each.late_unproven and not alone:
            _offer("Publish now", "send", visitor.why_not(Permission.PUBLISH_NOW), "publish", each)
        if each.state in OVER:
            refusal = visitor.why_not(Permission.TRY_AGAIN)
            button("Try again", "refresh", refusal, _try_again, (each,), key=f"again_{each.id}")
        if is_cancellable(each) or each.state in rules.BEING_SENT:
            being_sent = BEING_SENT if each.state in rules.BEING_SENT else None
            _offer("Cancel", "cancel", visitor.why_not(Permission.CANCEL) or being_sent, "cancel", each, "tertiary")
        after_publish.actions(visitor, detail, each, works)


def _offer(
    label: str, icon: str, why_not: str | None, verb: str, each: PublicationRow, kind: ButtonKind = "secondary"
) -> None:
    button(label, icon, why_not, dialogs.ask, (verb, each.id), key=f"{verb}_{each.id}", kind=kind)


def _previews(current: Sequence[PublicationRow], zones: Zones) -> None:
    """What goes out, once for each thing that differs, with the accounts that get it."""
    groups: dict[object, list[PublicationRow]] = {}
    for each in current:
        groups.setdefault(each.looks, []).append(each)
    for several in groups.values():
        first = several[0]
        at = first.published_at or first.due_at
        if len(several) > 1:
            st.caption(f"The same for {plain(', '.join(each.account_name for each in several))}")
        preview(
            first,
            when=clock(at, zones.organization) if at else "no time yet",
            key=f"post_preview_{first.id}",
        )


def _try_again(each: PublicationRow) -> None:
    def run(actor: Actor) -> object:
        return publishing.try_again(actor, feedback.action_id(actor, "try_again", each.id, each.occurrence), each.id)

    feedback.act("publishing.try_again", run, done="Trying again.")
