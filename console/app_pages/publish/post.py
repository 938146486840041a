"""Post: everything that happened to one post, and what can be done about it now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import streamlit as st

from console import drafting, feedback, navigation, state
from console.components.account import account_badge
from console.components.empty import empty
from console.components.header import header
from console.components.networks import network_title
from console.components.plain import beginning, plain
from console.components.preview import preview
from console.components.status import badge
from console.components.timeline import Entry, timeline
from console.components.times import Zones, ago, clock, when
from console.identity import Visitor
from console.navigation import PageSpec
from core.infra.actor import Actor
from core.infra.clock import now
from core.infra.errors import Invalid, NotFound
from core.organizations.rules import Permission
from core.posts import queries, rules, slots
from core.posts.rules import Needs, PublicationState
from core.posts.views import Detail, PublicationRow, TimelineEntry
from core.publishing import commands as publishing
from core.publishing import queries as sending
from core.publishing.queries import Evidence

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
_MOVABLE: Final = frozenset({_S.DRAFT, _S.IN_REVIEW, _S.CHANGES_REQUESTED, _S.APPROVED, _S.SCHEDULED})
_SENDABLE: Final = frozenset({_S.APPROVED, _S.SCHEDULED})
_OVER: Final = frozenset({_S.FAILED, _S.CANCELLED})
_TRIED: Final = {
    "open": ("is being sent", "send", "blue"),
    "accepted": ("was accepted by the network", "check_circle", "green"),
    "rejected": ("was refused by the network", "error", "red"),
    "not_sent": ("never reached the network", "wifi_off", "gray"),
    "unknown": ("got no clear answer", "help", "violet"),
    "proven_absent": ("was proven not to be live", "search_off", "gray"),
    "superseded": ("was taken over by a later one", "history", "gray"),
}


def render(visitor: Visitor) -> None:
    """Draw the page."""
    zones = Zones.of(visitor)
    detail = queries.detail(visitor.actor, _asked_for())
    evidence = {each.id: sending.evidence(visitor.actor, each.id) for each in detail.publications if each.attempt_count}
    current = [each for each in detail.publications if each.current]
    with header("Post", detail.post.progress, mark=badge(detail.post.shown)):
        _post_actions(visitor, detail, current)
    left, right = st.columns([1.25, 1], gap="medium")
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
            _publication(visitor, detail, each, evidence.get(each.id), zones)
        if current:
            _preview(current[0], detail, zones)
        else:
            st.text(detail.post.text)
    with right, st.container(border=True, key="post_history"):
        st.header("History", anchor=False)
        st.caption(f"Times in {plain(zones.organization)}, newest first")
        timeline(_entries(detail, evidence), zones, key="post_timeline")


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
    movable = [each for each in current if _is_movable(each)]
    sendable = [each for each in current if _is_sendable(each)]
    _button(
        "Edit",
        "edit",
        visitor.why_not(Permission.WRITE) or detail.fixed,
        _edit,
        (post.id,),
        key="edit_post",
        kind="tertiary",
    )
    _button(
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
        _button("Withdraw", "undo", refusal, drafting.withdraw, (post.id, post.submitted_version), key="withdraw")
    if movable:
        _button(
            "Reschedule",
            "schedule",
            visitor.why_not(Permission.RESCHEDULE),
            _ask,
            ("reschedule", None),
            key="reschedule_post",
        )
    if sendable:
        _button(
            "Publish now",
            "send",
            visitor.why_not(Permission.PUBLISH_NOW),
            _ask,
            ("publish", None),
            key="publish_post",
            kind="primary",
        )
    asked = state.value("post_asked")
    if asked is not None:
        state.put("post_asked", None)
        verb, publication_id = asked
        chosen = [each for each in current if publication_id in (None, each.id)]
        _DIALOGS[verb](visitor, detail, chosen, publication_id)


def _ask(verb: str, publication_id: UUID | None) -> None:
    state.put("post_asked", (verb, publication_id))


def _button(
    label: str,
    icon: str,
    why_not: str | None,
    on_click: Callable[..., None],
    args: tuple[object, ...],
    *,
    key: str,
    kind: str = "secondary",
) -> None:
    st.button(
        label,
        icon=f":material/{icon}:",
        type=kind,  # type: ignore[arg-type]
        on_click=on_click,
        args=args,
        disabled=why_not is not None,
        help=plain(why_not) if why_not else None,
        key=key,
    )


# One publication


def _publication(
    visitor: Visitor, detail: Detail, each: PublicationRow, evidence: Evidence | None, zones: Zones
) -> None:
    with st.container(border=True, gap="small", key=f"publication_{each.id}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            account_badge(each.account_name, each.network, key=f"publication_badge_{each.id}")
            st.markdown(badge(each.shown), width="content")
            if each.url:
                st.link_button("Open live post", each.url, icon=":material/open_in_new:", type="tertiary")
        st.markdown(_time_words(each, zones))
        if each.because:
            color = "red" if each.state is _S.FAILED else "orange"
            st.markdown(f":{color}[:material/info:] {plain(each.because)}")
        if each.approved_by and each.approved_at:
            own = " (their own work)" if each.self_approved else ""
            lapsed = "" if each.approval_holds else " · no longer valid"
            st.caption(f"Approved by {plain(each.approved_by)}{own} {ago(each.approved_at)}{lapsed}")
        if each.needs is Needs.OUTCOME and evidence is not None:
            _what_was_read(evidence, zones)
        _publication_actions(visitor, each, evidence)


def _time_words(each: PublicationRow, zones: Zones) -> str:
    if each.published_at:
        found = "" if each.url else " · live, link not found yet"
        return f"Published **{plain(when(each.published_at, zones))}**{found}"
    if each.due_at is None:
        return "No time yet"
    if each.state in _OVER:
        word = "Was planned for"
    else:
        word = "Goes out" if each.due_at > now() else "Was due"
    own = " · its own time" if each.own_slot else ""
    return f"{word} **{plain(when(each.due_at, zones))}** :gray[· {ago(each.due_at)}]{own}"


def _publication_actions(visitor: Visitor, each: PublicationRow, evidence: Evidence | None) -> None:
    being_sent = "It is being sent now, that can't be stopped." if each.state in rules.BEING_SENT else None
    with st.container(horizontal=True, gap="small", key=f"actions_{each.id}"):
        if each.needs is Needs.OUTCOME:
            refusal = visitor.why_not(Permission.RESOLVE)
            _button("It is live", "check_circle", refusal, _ask, ("live", each.id), key=f"live_{each.id}")
            wait = _still_to_wait(evidence)
            _button("It is not live", "cancel", refusal or wait, _ask, ("not_live", each.id), key=f"not_live_{each.id}")
        if each.needs in (Needs.LATE, Needs.APPROVAL):
            _button(
                "Reschedule",
                "schedule",
                visitor.why_not(Permission.RESCHEDULE),
                _ask,
                ("reschedule", each.id),
                key=f"move_{each.id}",
            )
        if each.needs is Needs.LATE:
            _button(
                "Publish now",
                "send",
                visitor.why_not(Permission.PUBLISH_NOW),
                _ask,
                ("publish", each.id),
                key=f"now_{each.id}",
            )
        if each.state in _OVER:
            _button(
                "Try again",
                "refresh",
                visitor.why_not(Permission.TRY_AGAIN),
                _try_again,
                (each,),
                key=f"again_{each.id}",
            )
        cancellable = _is_movable(each) and each.state not in (_S.DRAFT, _S.CHANGES_REQUESTED)
        if cancellable or being_sent:
            _button(
                "Cancel",
                "cancel",
                visitor.why_not(Permission.CANCEL) or being_sent,
                _ask,
                ("cancel", each.id),
                key=f"cancel_{each.id}",
                kind="tertiary",
            )


def _is_movable(each: PublicationRow) -> bool:
    return each.state in _MOVABLE or each.needs in (Needs.LATE, Needs.APPROVAL)


def _is_sendable(each: PublicationRow) -> bool:
    return (each.state in _SENDABLE or each.needs is Needs.LATE) and each.approval_holds


def _still_to_wait(evidence: Evidence | None) -> str | None:
    until = evidence.resend_after if evidence is not None else None
    if until is None or until <= now():
        return None
    return f"The network may still show it. This can be said {ago(until)}."


def _what_was_read(evidence: Evidence, zones: Zones) -> None:
    if not evidence.reads:
        st.caption("Nothing was read from the account yet.")
        return
    latest = evidence.reads[-1]
    st.caption(f"Read the account {ago(latest.at)}: {plain(latest.words)}")
    for post in latest.posts:
        marks = " · same words as ours" if post.exact else ""
        marks += " · belongs to another publication" if post.taken else ""
        with st.container(border=True, gap="xsmall"):
            st.caption(f"{plain(clock(post.created_at, zones.organization))} · {plain(post.provider_post_id)}{marks}")
            st.text(beginning(post.text, 200))


def _preview(each: PublicationRow, detail: Detail, zones: Zones) -> None:
    at = each.published_at or each.due_at
    preview(
        account_id=str(each.account_id),
        name=each.account_name,
        network=each.network,
        text=each.text,
        link=each.link,
        when=clock(at, zones.organization) if at else "when approved",
        key="post_preview",
    )


# Dialogs


@st.dialog("Another time", icon=":material/schedule:")
def _reschedule(visitor: Visitor, detail: Detail, chosen: list[PublicationRow], publication_id: UUID | None) -> None:
    zone = visitor.zone
    due = next((each.due_at for each in chosen if each.due_at), None)
    wall = slots.wall_time(due, zone) if due else None
    today = now().astimezone(ZoneInfo(zone)).date()
    _account_names(chosen)
    day, clock_ = st.columns(2)
    start = wall.date() if wall and wall.date() >= today else today
    new_day: date = day.date_input("Day", value=start, min_value=today, format="YYYY-MM-DD", key="move_day")
    new_time: time = clock_.time_input(
        f"Time ({plain(zone)})", value=wall.time() if wall else time(9, 0), step=300, key="move_time"
    )
    at, which = None, None
    try:
        at = slots.instant(datetime.combine(new_day, new_time), zone)
    except slots.TimeOccursTwice as twice:
        which = st.segmented_control("This time occurs twice", ["first", "second"], key="move_which")
        at = {None: None, "first": twice.first, "second": twice.second}[which]
    except slots.TimeDoesNotExist as skipped:
        st.warning(plain(skipped.message), icon=":material/warning:")
    st.caption("Approvals stay: they are over the words, not the time.")
    subject = _subject(detail, publication_id)
    seen = [detail.post.revision, *(f"{each.id}:{each.due_at}" for each in chosen)]

    def run(actor: Actor) -> object:
        if at is None:
            raise Invalid(["Choose a time that exists once."])
        return publishing.reschedule(actor, feedback.action_id(actor, "reschedule", *seen, at), at, **subject)

    if _confirm("Reschedule", "schedule", disabled=at is None):
        feedback.act("publishing.reschedule", run, done="It has another time.")
        st.rerun()


@st.dialog("Publish now", icon=":material/send:")
def _publish_now(visitor: Visitor, detail: Detail, chosen: list[PublicationRow], publication_id: UUID | None) -> None:
    sendable = [each for each in chosen if _is_sendable(each)]
    st.markdown("This goes out within seconds and can't be taken back from here.")
    _account_names(sendable)
    subject = _subject(detail, publication_id)
    seen = [f"{each.id}:{each.state}:{each.due_at}" for each in sendable]

    def run(actor: Actor) -> object:
        return publishing.publish_now(actor, feedback.action_id(actor, "publish_now", *seen), **subject)

    if _confirm("Publish now", "send"):
        feedback.act("publishing.publish_now", run, done="On its way.")
        st.rerun()


@st.dialog("Cancel", icon=":material/cancel:")
def _cancel(visitor: Visitor, detail: Detail, chosen: list[PublicationRow], publication_id: UUID | None) -> None:
    st.markdown("It won't be sent. The words stay here and can be tried again.")
    _account_names(chosen)
    reason = st.text_input("Why (optional)", max_chars=500, key="cancel_reason")
    subject = _subject(detail, publication_id)
    seen = [f"{each.id}:{each.state}:{each.due_at}" for each in chosen]

    def run(actor: Actor) -> object:
        return publishing.cancel(actor, feedback.action_id(actor, "cancel", *seen), reason=reason, **subject)

    if _confirm("Cancel this publication", "cancel"):
        feedback.act("publishing.cancel", run, done="Cancelled.")
        st.rerun()


@st.dialog("It is live", icon=":material/check_circle:")
def _live(visitor: Visitor, detail: Detail, chosen: list[PublicationRow], publication_id: UUID | None) -> None:
    each = chosen[0]
    st.markdown(f"You looked at **{plain(each.account_name)}** and found it. Which post is it?")
    if each.account_url:
        st.link_button("Open the account", each.account_url, icon=":material/open_in_new:")
    post = st.text_input("Address or id of the live post", max_chars=500, key="live_post", required=True)
    reason = st.text_input("What you saw", max_chars=500, key="live_reason", required=True)

    def run(actor: Actor) -> object:
        action = feedback.action_id(actor, "resolve_live", each.id, each.attempt_count, post)
        return publishing.resolve_live(actor, action, each.id, post=post, reason=reason)

    if _confirm("It is live", "check_circle", disabled=not (post and reason)):
        feedback.act("publishing.resolve_live", run, done="Closed as published.")
        st.rerun()


@st.dialog("It is not live", icon=":material/cancel:")
def _not_live(visitor: Visitor, detail: Detail, chosen: list[PublicationRow], publication_id: UUID | None) -> None:
    each = chosen[0]
    evidence = sending.evidence(visitor.actor, each.id)
    st.markdown(f"You looked at **{plain(each.account_name)}** and it isn't there.")
    if evidence.resend_risk:
        st.warning(plain(evidence.resend_risk), icon=":material/warning:")
    again = st.segmented_control(
        "Then", ["Send it again", "Give it up"], default="Give it up", required=True, key="not_live_then"
    )
    reason = st.text_input("What you saw", max_chars=500, key="not_live_reason", required=True)

    def run(actor: Actor) -> object:
        action = feedback.action_id(actor, "resolve_not_live", each.id, each.attempt_count, again)
        return publishing.resolve_not_live(actor, action, each.id, send_again=again == "Send it again", reason=reason)

    if _confirm("It is not live", "cancel", disabled=not reason):
        feedback.act("publishing.resolve_not_live", run, done="Closed.")
        st.rerun()


_DIALOGS: Final[Mapping[str, Callable[[Visitor, Detail, list[PublicationRow], UUID | None], None]]] = {
    "reschedule": _reschedule,
    "publish": _publish_now,
    "cancel": _cancel,
    "live": _live,
    "not_live": _not_live,
}


def _try_again(each: PublicationRow) -> None:
    def run(actor: Actor) -> object:
        return publishing.try_again(actor, feedback.action_id(actor, "try_again", each.id, each.occurrence), each.id)

    feedback.act("publishing.try_again", run, done="Trying again.")


def _confirm(label: str, icon: str, *, disabled: bool = False) -> bool:
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Back", type="tertiary", key="dialog_back"):
            st.rerun()
        return st.button(label, type="primary", icon=f":material/{icon}:", disabled=disabled, key="dialog_confirm")


def _account_names(chosen: Iterable[PublicationRow]) -> None:
    st.markdown(" ".join(f":gray-badge[{plain(each.account_name)} · {network_title(each.network)}]" for each in chosen))


def _subject(detail: Detail, publication_id: UUID | None) -> dict[str, UUID]:
    return {"publication_id": publication_id} if publication_id else {"post_id": detail.post.id}


# History


def _entries(detail: Detail, evidence: Mapping[UUID, Evidence]) -> list[Entry]:
    several = len({each.account_id for each in detail.publications}) > 1
    names = {each.id: each.account_name for each in detail.publications}
    entries = [_entry(each, several=several) for each in detail.timeline]
    for publication_id, found in evidence.items():
        entries += _tried(found, names[publication_id] if several else "")
    return entries


def _entry(each: TimelineEntry, *, several: bool) -> Entry:
    facts = [("trace", each.correlation_id)] if each.correlation_id and each.kind == "program" else []
    return Entry(
        at=each.at,
        who=each.who,
        what=each.what,
        icon=each.icon,
        account=(each.account_name or "") if several else "",
        detail=each.detail,
        said=each.kind == "comment",
        facts=facts,
    )


def _tried(evidence: Evidence, account: str) -> Iterator[Entry]:
    for number, attempt in enumerate(evidence.attempts, start=1):
        what, icon, color = _TRIED.get(attempt.state, (attempt.state, "history", "gray"))
        facts = [
            (name, str(value))
            for name, value in (
                ("HTTP", attempt.http_status),
                ("code", attempt.provider_code),
                ("network's trace", attempt.provider_trace_id),
                ("trace", attempt.correlation_id),
                ("request", attempt.request_sha256[:16]),
            )
            if value
        ]
        yield Entry(
            at=attempt.closed_at or attempt.opened_at,
            who=f"Attempt {number}",
            what=what,
            icon=icon,
            color=color,
            account=account,
            detail=attempt.words or attempt.message or "",
            facts=facts,
        )
    for read in evidence.reads:
        yield Entry(
            at=read.at,
            who="Masthead",
            what="read the account",
            icon="manage_search",
            color="violet",
            account=account,
            detail=read.words,
        )
