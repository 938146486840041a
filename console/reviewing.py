"""What is under review, as whoever decides reads it: who asked, when it goes out, what changed, how it will look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st

from console.components.networks import network_title
from console.components.preview import preview
from console.components.redline import publication_redline
from console.components.timeline import Entry, timeline
from console.components.times import Zones, ago, clock, when
from console.plain import plain
from core.posts.rules import CommentKind
from core.posts.views import AskedPublication, Difference, PublicationRow, Review, ReviewPublication

_COMMENTS: Final = {
    CommentKind.COMMENT: ("said", "chat", "gray"),
    CommentKind.CHANGES_REQUESTED: ("requested changes", "reply", "orange"),
    CommentKind.APPROVED: ("approved it", "verified", "green"),
    CommentKind.WITHDRAWN: ("withdrew it", "undo", "gray"),
}

_NO_TIME: Final = "has **no time yet**: approving doesn't send it"


def show(review: Review, zones: Zones) -> None:
    """Draw all of it."""
    _facts(review, zones)
    from_backup([each.publication for each in review.publications])
    tab = st.segmented_control(
        "Show",
        ["Changes", "Preview", "History"],
        default="Changes",
        required=True,
        label_visibility="collapsed",
        key="review_tab",
        persist_state="session",
    )
    if tab == "Preview":
        _previews(review, zones)
    elif tab == "History":
        _history(review, zones)
    else:
        _changes(review, zones)
    _problems(review)


def from_backup(publications: Sequence[PublicationRow] | Sequence[AskedPublication]) -> None:
    """Warn whoever approves these of what may have been sent since a backup was made; by name where not all were."""
    said = [each for each in publications if each.from_backup]
    if said:
        of = ", ".join(f"{each.account_name} ({network_title(each.network)})" for each in said)
        words = said[0].from_backup if len(said) == len(publications) else f"{of}: {said[0].from_backup}"
        st.warning(plain(words), icon=":material/settings_backup_restore:")


def _facts(review: Review, zones: Zones) -> None:
    post = review.post
    who = plain((post.submitted_by or post.author).name)
    asked = f"**{who}** asked for approval {ago(post.submitted_at)}" if post.submitted_at else f"by **{who}**"
    due = [each.publication.due_at for each in review.publications if each.publication.due_at]
    first = "first " if len(set(due)) > 1 or 0 < len(due) < len(review.publications) else ""
    goes = f"goes out {first}**{plain(when(min(due), zones))}**" if due else _NO_TIME
    st.markdown(f"{asked} · {goes}")
    st.markdown(" ".join(_account(each.publication, zones) for each in review.publications))


def _account(publication: PublicationRow, zones: Zones) -> str:
    """Name and network, with the time where it is the account's own."""
    own = ""
    if publication.own_slot:
        own = f" · {plain(clock(publication.due_at, zones.organization)) if publication.due_at else 'no time yet'}"
    return f":gray-badge[{plain(publication.account_name)} · {network_title(publication.network)}{own}]"


def _changes(review: Review, zones: Zones) -> None:
    for index, (names, each) in enumerate(_alike(review.publications, lambda each: each.since_approval)):
        since = "the last approval"
        if each.approved_before_at is not None:
            since = clock(each.approved_before_at, zones.organization)
        never = "Never approved before: all of it"
        st.caption(f"{names}{never if each.since_approval is None else f'Since it was approved on {plain(since)}'}")
        publication_redline(each.publication, each.since_approval, key=f"redline_{review.post.id}_{index}")
    moved = [each for each in review.publications if each.since_last_round and each.since_last_round.is_any]
    if moved:
        with st.expander("Since the last round", icon=":material/difference:"):
            for index, (names, each) in enumerate(_alike(moved, lambda each: each.since_last_round)):
                if names:
                    st.caption(names.removesuffix(": "))
                publication_redline(each.publication, each.since_last_round, key=f"redline_round_{index}")


def _alike(
    publications: Sequence[ReviewPublication], compared: Callable[[ReviewPublication], Difference | None]
) -> list[tuple[str, ReviewPublication]]:
    """Publications that read and look the same, once, with the names of their accounts where there are several."""
    groups: dict[object, list[ReviewPublication]] = {}
    for each in publications:
        row = each.publication
        groups.setdefault((compared(each), row.looks), []).append(each)
    if len(groups) == 1:
        return [("", publications[0])]
    return [
        (f"{plain(', '.join(one.publication.account_name for one in several))}: ", several[0])
        for several in groups.values()
    ]


def _previews(review: Review, zones: Zones) -> None:
    for each in review.publications:
        publication = each.publication
        when = clock(publication.due_at, zones.organization) if publication.due_at else "no time yet"
        preview(publication, when=when, key=f"preview_{publication.id}")


def _history(review: Review, zones: Zones) -> None:
    entries = [
        Entry(
            at=each.at,
            who=each.author.name,
            what=f"{_COMMENTS[each.kind][0]} (version {each.version})",
            icon=_COMMENTS[each.kind][1],
            color=_COMMENTS[each.kind][2],
            detail=each.text,
            said=True,
        )
        for each in review.comments
    ]
    entries += [
        Entry(at=each.at, who=each.submitted_by, what=f"submitted version {each.version}", icon="rate_review")
        for each in review.versions
    ]
    timeline(entries, zones, key=f"review_history_{review.post.id}")


def _problems(review: Review) -> None:
    for words in dict.fromkeys(problem.sentence for each in review.publications for problem in each.problems):
        st.markdown(f":orange[:material/warning:] {plain(words)}")
