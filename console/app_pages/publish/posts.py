"""Posts: every post of the organization, narrowed by what the address says."""

from __future__ import annotations

from typing import Final

import streamlit as st

from console import filters, navigation, state
from console.components.csv_button import csv_button
from console.components.empty import empty
from console.components.header import header
from console.components.post_list import Row, post_list
from console.components.split import split
from console.components.status import mark
from console.components.times import Zones
from console.filter_bar import FROM, TO, FilterBar
from console.identity import Visitor
from console.navigation import PageSpec
from console.plain import plain
from core.organizations.rules import Permission
from core.posts import commands, queries
from core.posts.exporting import MOST as MOST_EXPORTED
from core.posts.rules import SHOWN, Word
from core.posts.views import Filters, Listing, PostRow

PAGE = PageSpec(
    title="Posts",
    icon="article",
    help="Every post with its state. Narrow by state, account, author, days or words; the address keeps the view.",
    permission=Permission.READ,
    url_path="posts",
    order=30,
)

PER_PAGE: Final = 50
_WORDS: Final = "q"
_STRAYS: Final = ("post",)
_BAR: Final = FilterBar("posts", (filters.STATES, filters.ACCOUNT, filters.AUTHOR, _WORDS, FROM, TO))


def render(visitor: Visitor) -> None:
    """Draw the page."""
    zones = Zones.of(visitor)
    filters.mend_address("posts", _STRAYS)
    wanted = _from_address()
    listing = queries.listing(visitor.actor, wanted, after=st.query_params.get(_BAR.place), limit=PER_PAGE)
    with header("Posts", f"Times in {plain(zones.organization)}"):
        _export(visitor, listing, wanted)
        navigation.new_post(visitor)
    _filter_row(visitor)
    _chips(listing, wanted)
    if not listing.rows:
        _nothing()
        return
    post_list([_row(each) for each in listing.rows], zones, key="posts_list", label="Posts")
    _BAR.pager(listing.after, shortcut="Right")


def _export(visitor: Visitor, listing: Listing, wanted: Filters) -> None:
    """All posts that fit, not this page of them."""
    fitting = sum(listing.counts[word] for word in wanted.words) if wanted.words else listing.total
    listed = min(fitting, MOST_EXPORTED)
    csv_button(
        lambda actor: commands.export(actor, wanted).data,
        _export_words(fitting, listed),
        name="posts",
        zone=visitor.zone,
        label=f"CSV of {listed:,}",
        disabled=not fitting,
    )


def _export_words(fitting: int, listed: int) -> str:
    if not fitting:
        return "No post fits, so there is nothing to export."
    if listed < fitting:
        return f"The newest {listed:,} of {fitting:,} posts that fit. Narrow the days to get the others."
    return "Every post that fits these filters, for a spreadsheet. The export is noted in the audit trail."


def _row(row: PostRow) -> Row:
    out = [each.published_at for each in row.publications if each.published_at]
    due = [each.due_at for each in row.publications if each.due_at]
    return Row(
        post_id=row.id,
        text=row.text,
        shown=row.shown,
        at=row.slot_at or row.created_at,
        timed=row.slot_at is not None and (not due or row.slot_at in due),
        goes_out=max(out, default=None) or min(due, default=None),
        accounts=[(each.account_name, each.network) for each in row.publications],
        note=row.author.name,
        progress=row.progress or "",
    )


def _from_address() -> Filters:
    return Filters(
        words=filters.words(),
        account_id=filters.uuid(filters.ACCOUNT),
        author_id=filters.uuid(filters.AUTHOR),
        text=st.query_params.get(_WORDS, ""),
        from_day=filters.day(FROM),
        to_day=filters.day(TO),
    )


def _filter_row(visitor: Visitor) -> None:
    words, account, author, days, clear = split("posts", [1.9, 1.4, 1.3, 2.1, 0.75], filters=True)
    _BAR.search(words, _WORDS, "Text or link")
    _BAR.account_and_author(visitor, account, author)
    _BAR.days(days)
    _BAR.clear_button(clear)


def _chips(listing: Listing, wanted: Filters) -> None:
    state.put("posts_states", [word for word in Word if word in wanted.words])
    st.pills(
        "State",
        [word for word in SHOWN if listing.counts.get(word) or word in wanted.words],
        selection_mode="multi",
        format_func=lambda word: f"{mark(SHOWN[word])} {listing.counts.get(word, 0)}",
        key="posts_states",
        on_change=_states_to_address,
        label_visibility="collapsed",
    )


def _nothing() -> None:
    if _BAR.is_narrowed or st.query_params.get(_BAR.place):
        _BAR.nothing("No post matches", "Nothing fits this search and these filters.")
    else:
        empty(
            "edit_square",
            "No posts yet",
            "Posts show up here from the first draft on.",
            action="Write the first one",
            page="compose",
            key="posts_none",
        )


def _states_to_address() -> None:
    _BAR.put(filters.STATES, [word.value for word in state.value("posts_states") or ()])
