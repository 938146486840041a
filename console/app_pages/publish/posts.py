"""Posts: every post of the organization, narrowed by what the address says."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal

import streamlit as st

from console import filters, identity, navigation, state
from console.components.empty import empty
from console.components.header import header
from console.components.post_list import Row, post_list
from console.components.split import split
from console.components.times import Zones
from console.identity import Visitor
from console.navigation import PageSpec
from console.plain import plain
from core.infra.clock import now
from core.organizations.rules import Permission
from core.posts import commands, queries, slots
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
# The address is the view: these are its parameters, and nothing else remembers a filter.
_WORDS, _FROM, _TO, _AFTER = "q", "from", "to", "after"
_STRAYS: Final = ("post",)
_FILTERS: Final = (filters.STATES, filters.ACCOUNT, filters.AUTHOR, _WORDS, _FROM, _TO)


def render(visitor: Visitor) -> None:
    """Draw the page."""
    zones = Zones.of(visitor)
    filters.mend_address("posts", _STRAYS)
    wanted = _from_address()
    listing = queries.listing(visitor.actor, wanted, after=st.query_params.get(_AFTER), limit=PER_PAGE)
    with header("Posts", f"Times in {plain(zones.organization)}"):
        _export(visitor, listing, wanted)
        navigation.new_post(visitor)
    _filter_row(visitor)
    _chips(listing, wanted)
    if not listing.rows:
        _nothing()
        return
    post_list([_row(each) for each in listing.rows], zones, key="posts_list", label="Posts")
    _pager(listing)


def _export(visitor: Visitor, listing: Listing, wanted: Filters) -> None:
    """All posts that fit, not this page of them, as a file that is made when it is asked for."""
    fitting = sum(listing.counts[word] for word in wanted.words) if wanted.words else listing.total
    said = identity.claims()

    def make() -> bytes:
        return commands.export(identity.actor_of(said, identity.correlation_id()), wanted).data

    listed = min(fitting, MOST_EXPORTED)
    st.download_button(
        f"CSV of {listed:,}",
        data=make,
        file_name=f"posts_{slots.day_of(now(), visitor.zone).day}.csv",
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
        disabled=not fitting,
        help=_export_words(fitting, listed),
        key="posts_csv",
    )


def _export_words(fitting: int, listed: int) -> str:
    if not fitting:
        return "No post fits, so there is nothing to export."
    if listed < fitting:
        return f"The newest {listed:,} of {fitting:,} posts that fit. Narrow the days to get the others."
    return "Every post that fits these filters, for a spreadsheet. The export is noted in the audit trail."


def _row(row: PostRow) -> Row:
    return Row(
        post_id=row.id,
        text=row.text,
        shown=row.shown,
        at=row.slot_at or row.created_at,
        timed=row.slot_at is not None,
        went_out=max((each.published_at for each in row.publications if each.published_at), default=None),
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
        from_day=filters.day(_FROM),
        to_day=filters.day(_TO),
    )


def _filter_row(visitor: Visitor) -> None:
    state.put("posts_q", st.query_params.get(_WORDS, ""))
    words, account, author, days, clear = split("posts", [1.9, 1.4, 1.3, 2.1, 0.75], controls=True)
    words.text_input(
        "Search",
        type="search",
        live=True,
        placeholder="Text or link",
        key="posts_q",
        on_change=_to_address,
        args=(_WORDS, "posts_q"),
    )
    filters.account_and_author(visitor, account, author, page="posts", on_change=_to_address)
    first, last = filters.day(_FROM), filters.day(_TO)
    chosen: list[date | datetime | str | Literal["today"] | None] = [first, last] if first and last else []
    # A key for each pair of days: Streamlit warns when a range gets its value from the state and has a default too.
    key = "_".join(("posts_days", *map(str, chosen)))
    days.date_input(
        "Days",
        value=chosen,
        format="YYYY-MM-DD",
        key=key,
        on_change=_days_to_address,
        args=(key,),
    )
    clear.button(
        "Clear",
        icon=":material/filter_alt_off:",
        type="tertiary",
        on_click=_clear,
        disabled=not _narrowed(),
        key="posts_clear",
    )


def _chips(listing: Listing, wanted: Filters) -> None:
    state.put("posts_states", [word for word in Word if word in wanted.words])
    st.pills(
        "State",
        [word for word in SHOWN if listing.counts.get(word) or word in wanted.words],
        selection_mode="multi",
        format_func=lambda word: f"{SHOWN[word].label} {listing.counts.get(word, 0)}",
        key="posts_states",
        on_change=_states_to_address,
        label_visibility="collapsed",
    )


def _pager(listing: Listing) -> None:
    after = st.query_params.get(_AFTER)
    if after is None and listing.after is None:
        return
    with st.container(horizontal=True, horizontal_alignment="center", vertical_alignment="center", key="posts_pager"):
        st.button(
            "First page",
            icon=":material/first_page:",
            type="tertiary",
            on_click=_open_page,
            args=(None,),
            disabled=after is None,
            key="posts_first",
        )
        st.button(
            "Next page",
            icon=":material/chevron_right:",
            on_click=_open_page,
            args=(listing.after,),
            disabled=listing.after is None,
            shortcut="Right",
            key="posts_next",
        )


def _nothing() -> None:
    if _narrowed() or st.query_params.get(_AFTER):
        empty(
            "search_off",
            "No post matches",
            "Nothing fits this search and these filters.",
            action="Clear filters",
            on_click=_clear,
            key="posts_none",
        )
    else:
        empty(
            "edit_square",
            "No posts yet",
            "Posts show up here from the first draft on.",
            action="Write the first one",
            page="compose",
            key="posts_none",
        )


def _to_address(parameter: str, key: str) -> None:
    _set(parameter, state.value(key))


def _days_to_address(key: str) -> None:
    days = state.value(key) or ()
    if len(days) == 1:  # the second end is still to be chosen
        return
    _set(_FROM, days[0].isoformat() if days else None)
    _set(_TO, days[1].isoformat() if days else None)


def _states_to_address() -> None:
    _set(filters.STATES, [word.value for word in state.value("posts_states") or ()])


def _set(parameter: str, value: object) -> None:
    filters.put(_AFTER, None)
    filters.put(parameter, value)


def _open_page(after: str | None) -> None:
    filters.put(_AFTER, after)


def _clear() -> None:
    filters.clear((*_FILTERS, _AFTER))


def _narrowed() -> bool:
    return filters.narrowed(_FILTERS)
