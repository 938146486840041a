"""What became of it? What was read of an unclear outcome, which posts it may be, and the buttons that decide.

Drawn on the desk and on the post's own page. Nothing is preselected: whoever decides names the post.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import streamlit as st

from console import dialogs, feedback, fresh_sign_in
from console.components.button import ButtonKind, button
from console.components.times import Zones, ago, hour, to_the_second
from console.identity import Visitor
from console.plain import beginning, plain
from core.infra.clock import now
from core.organizations.rules import Permission
from core.posts.rules import Needs
from core.posts.views import PublicationRow
from core.publishing.candidates import NamedPost, SeenPost
from core.publishing.queries import Evidence, Read

_LIKENESS: Final = {
    "same": ":violet-badge[:material/equal: The same words]",
    "alike": ":gray-badge[:material/compare: Looks like it]",
    "other": ":gray-badge[:material/article: Another post]",
}
_NEWEST_READS: Final = 6
_MOMENT_S: Final = 0.5


def question(visitor: Visitor, each: PublicationRow, evidence: Evidence, zones: Zones, *, across: int) -> None:
    """All of it. `across` is how many candidates stand side by side."""
    _reads(evidence, zones)
    named = next((read.named for read in reversed(evidence.reads) if read.named is not None), None)
    if named is not None:
        _named(visitor, each, evidence, named)
    if evidence.candidates:
        _candidates(visitor, each, evidence, zones, across)
    if each.needs is Needs.OUTCOME:
        _decide(visitor, each, evidence)


def _reads(evidence: Evidence, zones: Zones) -> None:
    """What each read found, the newest first, and when the next one comes."""
    reads = (
        [read for read in evidence.reads if read.attempt_id == evidence.attempts[-1].id] if evidence.attempts else []
    )
    st.markdown(f"**What was read** :gray[· {next_read_words(evidence.next_read_at, first=not reads)}]")
    if not reads:
        st.caption("Nothing was read from the account yet.")
        return
    newest = list(reversed(reads))
    st.markdown(_lines(newest[:_NEWEST_READS], zones))
    if len(newest) > _NEWEST_READS:
        with st.expander(f"{len(newest) - _NEWEST_READS} earlier reads"):
            st.markdown(_lines(newest[_NEWEST_READS:], zones))


def next_read_words(at: datetime | None, *, first: bool) -> str:
    """When an account is read for it; `first`: it was not read yet."""
    again = "" if first else " again"
    if at is None:
        return "it is not read" if first else "it is not read any more"
    return f"read{again} {ago(at)}" if at > now() else f"being read{again}"


def _lines(reads: Sequence[Read], zones: Zones) -> str:
    lines = []
    for read in reads:
        icon = "manage_search" if read.complete else "error_outline"
        at = f"{hour(read.at, zones.organization)} :gray[· {ago(read.at)}]"
        lines.append(f":gray[:material/{icon}:] {at} {plain(read.words)}")
    return "  \n".join(lines)


def _named(visitor: Visitor, each: PublicationRow, evidence: Evidence, named: NamedPost) -> None:
    """The network refused it as a repeat of a post that it named."""
    with st.container(border=True, gap="xsmall", key=f"named_{each.id}"):
        st.markdown(
            f"{_TAKEN if named.taken else ''}:material/content_copy: The network refused it as a repeat of"
            f" **{plain(named.provider_post_id)}**, which may be this post or an older one."
        )
        _choose(visitor, each, evidence, named, key="named")


_TAKEN: Final = ":orange-badge[:material/link: Belongs to another publication] "


def _candidates(visitor: Visitor, each: PublicationRow, evidence: Evidence, zones: Zones, across: int) -> None:
    st.markdown(f"**Posts on the account at that time** :gray[· times in {plain(zones.organization)}]")
    with st.grid(min(across, len(evidence.candidates)), gap="small"):
        for number, candidate in enumerate(evidence.candidates):
            post = candidate.post
            with st.container(border=True, gap="xsmall", height="stretch", key=f"candidate_{each.id}_{number}"):
                marks = _LIKENESS[post.likeness] + (f" {_TAKEN}" if post.taken else "")
                marks += " :gray-badge[:material/visibility_off: Not shown any more]" if candidate.gone else ""
                st.markdown(marks)
                st.caption(
                    f"{plain(to_the_second(post.created_at, zones.organization))}  \n{plain(post.provider_post_id)}"
                )
                st.text(beginning(post.text, 280) or "No text")
                if post.link:
                    st.caption(f":material/link: {plain(beginning(post.link, 80))}")
                _choose(visitor, each, evidence, post, key=str(number))


def _choose(
    visitor: Visitor, each: PublicationRow, evidence: Evidence, post: SeenPost | NamedPost, *, key: str
) -> None:
    with st.container(horizontal=True, gap="small"):
        if post.permalink:
            st.link_button("Open", post.permalink, icon=":material/open_in_new:", type="tertiary")
        if each.needs is not Needs.OUTCOME:
            return
        refusal = fresh_sign_in.why_not(visitor, Permission.RESOLVE) or (
            "It belongs to another publication." if post.taken else None
        )
        button(
            "It is this one",
            "check_circle",
            refusal,
            dialogs.ask,
            ("live", each.id, evidence.open_attempt_id, post.provider_post_id),
            key=f"this_{each.id}_{key}",
        )


def _decide(visitor: Visitor, each: PublicationRow, evidence: Evidence) -> None:
    fresh_sign_in.offer(visitor, Permission.RESOLVE, key=each.id)
    refusal = fresh_sign_in.why_not(visitor, Permission.RESOLVE)
    wait = _still_to_wait(evidence)
    too_early = refusal or wait
    with st.container(horizontal=True, gap="small", key=f"decide_{each.id}"):
        _ask(each, evidence, "live", "It is live: here is the link", "check_circle", refusal)
        _ask(each, evidence, "resend", "It is not live: send again", "send", too_early)
        _ask(each, evidence, "give_up", "Give it up", "cancel", too_early, kind="tertiary")
    if wait and not refusal:
        st.caption(f":material/schedule: {plain(wait)}")
        _draw_anew_when_over(evidence)


def _still_to_wait(evidence: Evidence) -> str | None:
    until = evidence.resend_after
    if until is None or until <= now():
        return None
    return f"The network may still show it: that it is not live can be said {ago(until)}."


def _draw_anew_when_over(evidence: Evidence) -> None:
    """What can't be said yet can be said in a moment: nobody should have to load the page again for it."""
    until = evidence.resend_after
    if until is None:
        return

    @st.fragment(run_every=max(1.0, (until - now()).total_seconds() + _MOMENT_S))
    def look() -> None:
        if now() >= until:
            feedback.draw_page_anew()

    look()


def _ask(
    each: PublicationRow,
    evidence: Evidence,
    verb: str,
    label: str,
    icon: str,
    why_not: str | None,
    *,
    kind: ButtonKind = "secondary",
) -> None:
    seen = (verb, each.id, evidence.open_attempt_id)
    button(label, icon, why_not, dialogs.ask, seen, key=f"{verb}_{each.id}", kind=kind)
