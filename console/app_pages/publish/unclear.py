"""Unclear: every publication of which nobody knows whether it is live, with what was read, for a person to decide."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import streamlit as st

from console import cached, dialogs, feedback, navigation, questions
from console.components.account import account_badge
from console.components.empty import empty
from console.components.header import header
from console.components.post_list import Row, post_list
from console.components.preview import preview
from console.components.split import split
from console.components.status import badge
from console.components.times import Zones, ago, to_the_second, when
from console.identity import Visitor
from console.navigation import Badge, PageSpec
from console.plain import plain
from core.infra.errors import MastheadError
from core.organizations.rules import Permission
from core.posts import queries as posts
from core.posts.rules import SHOWN, Needs, PublicationState, Word
from core.posts.views import PublicationRow
from core.publishing import queries
from core.publishing.queries import MOST_QUESTIONS, Desk, Evidence, OpenQuestion

PAGE = PageSpec(
    title="Unclear",
    icon="help",
    help="Posts whose sending got no clear answer: what was read of each, and deciding whether it is live.",
    permission=Permission.READ,
    url_path="unclear",
    order=25,
    badge=lambda visitor: Badge(_waiting(visitor), "red"),
)

LOOK_EVERY_S: Final = 5
_PUBLICATION: Final = "publication"


def _waiting(visitor: Visitor) -> int:
    return cached.menu_counts(visitor.actor).unclear if visitor.may(Permission.RESOLVE) else 0


def render(visitor: Visitor) -> None:
    """Draw the page."""
    zones = Zones.of(visitor)
    desk = queries.desk(visitor.actor)
    asked = sum(each.asked for each in desk.questions)
    with header("Unclear", f"{asked}{'+' if desk.more else ''} to decide" if asked else None):
        pass
    if not desk.questions:
        empty(
            "task_alt",
            "Nothing is unclear",
            "When a network gives no clear answer, Masthead reads the account and closes the question by itself where"
            " it can. What it can't tell comes here.",
            action="See all posts",
            page="posts",
            key="unclear_none",
        )
        _follow(visitor, desk)
        return
    chosen = _chosen(desk)
    left, right = split("unclear", [1, 2.2])
    with left:
        post_list(
            [_row(each, chosen) for each in desk.questions],
            zones,
            key="unclear_list",
            label="Unclear outcomes",
            page="unclear",
            parameter=_PUBLICATION,
            layout="cards",
            on_open=_open,
        )
        if desk.more:
            st.caption(f"The oldest {MOST_QUESTIONS}. Others follow when these are decided.")
    with right, st.container(border=True, gap="small", key="unclear_question"):
        _question(visitor, chosen, zones)
    _follow(visitor, desk)


def _chosen(desk: Desk) -> OpenQuestion:
    """What the address names: a publication, or a post with one; else the first."""
    publication, post = (st.query_params.get(name) for name in (_PUBLICATION, "post"))
    named = [each for each in desk.questions if str(each.publication_id) == publication]
    named += [each for each in desk.questions if str(each.post_id) == post]
    return named[0] if named else desk.questions[0]


def _open(publication_id: UUID) -> None:
    st.query_params.clear()
    st.query_params[_PUBLICATION] = str(publication_id)


def _row(each: OpenQuestion, chosen: OpenQuestion) -> Row:
    shown = SHOWN[Word.NEEDS_YOU if each.asked else Word.CHECKING]
    next_read = questions.next_read_words(each.next_read_at, first=False) if each.next_read_at else ""
    return Row(
        post_id=each.publication_id,
        text=each.text,
        shown=shown,
        at=each.sent_at,
        accounts=[(each.account_name, each.network)],
        note=next_read if each.asked else shown.label,
        selected=each is chosen,
    )


def _question(visitor: Visitor, chosen: OpenQuestion, zones: Zones) -> None:
    detail = posts.detail(visitor.actor, chosen.post_id)
    each = next(row for row in detail.publications if row.id == chosen.publication_id)
    evidence = queries.evidence(visitor.actor, each.id)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        account_badge(each.account_name, each.network, key="unclear_account")
        st.markdown(badge(each.shown), width="content")
        if each.account_url:
            st.link_button("Open the account", each.account_url, icon=":material/open_in_new:", type="tertiary")
        navigation.link("post", "Its history", post=each.post_id)
    _what_was_sent(each, evidence, zones)
    questions.question(visitor, each, evidence, zones, across=3)
    dialogs.show_asked(visitor, detail, [each])


def _what_was_sent(each: PublicationRow, evidence: Evidence, zones: Zones) -> None:
    tries = f"try {len(evidence.attempts)}, " if len(evidence.attempts) > 1 else ""
    attempt = evidence.attempts[-1] if evidence.attempts else None
    at = f" :gray[· {tries}{plain(when(attempt.opened_at, zones))} · {ago(attempt.opened_at)}]" if attempt else ""
    st.markdown(f"**What was sent**{at}")
    if attempt and attempt.message:
        st.caption(f":material/help: {plain(attempt.message)}")
    preview(
        each,
        when=to_the_second(attempt.opened_at, zones.organization) if attempt else "",
        key="unclear_preview",
        described=False,
    )
    if each.needs is Needs.OUTCOME:
        why = evidence.events[-1].because if evidence.events else ""
        st.markdown(f":orange[:material/info:] {plain(why or each.because)}")
    elif each.state is PublicationState.UNKNOWN:
        st.markdown(":violet[:material/manage_search:] Masthead is still reading; nothing has to be done yet.")


def _follow(visitor: Visitor, desk: Desk) -> None:
    """Look again, and draw anew when something was read, decided or asked since."""
    seen = _standing(desk)

    @st.fragment(run_every=LOOK_EVERY_S)
    def look() -> None:
        try:
            there = queries.desk(visitor.actor)
        except MastheadError:
            return
        except Exception as error:  # a fragment that runs by itself has no page around it to say so
            feedback.report(error, "unclear")
            return
        if _standing(there) != seen:
            feedback.draw_page_anew()

    look()


def _standing(desk: Desk) -> tuple[object, ...]:
    return tuple((each.publication_id, each.asked, each.next_read_at) for each in desk.questions)
