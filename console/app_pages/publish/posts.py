"""Posts: every post of the organization, narrowed by what the address says."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

import streamlit as st

from console import navigation, state
from console.components.empty import empty
from console.components.header import header
from console.components.post_list import Row, post_list
from console.components.split import split
from console.components.times import Zones
from console.identity import Visitor
from console.navigation import PageSpec
from console.plain import plain
from core.accounts import queries as accounts
from core.organizations.rules import Permission
from core.posts import queries
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
_STATES, _ACCOUNT, _AUTHOR, _WORDS, _FROM, _TO, _AFTER = "state", "account", "author", "q", "from", "to", "after"
_STRAY: Final = "post"
_FILTERS: Final = (_STATES, _ACCOUNT, _AUTHOR, _WORDS, _FROM, _TO)


def render(visitor: Visitor) -> None:
    """Draw the page."""
    zones = Zones.of(visitor)
    _mend_address()
    filters = _from_address()
    listing = queries.listing(visitor.actor, filters, after=st.query_params.get(_AFTER), limit=PER_PAGE)
    with header("Posts", f"Times in {plain(zones.organization)}"):
        navigation.new_post(visitor)
    _filter_row(visitor)
    _chips(listing, filters)
    if not listing.rows:
        _nothing(filters)
        return
    post_list([_row(each) for each in listing.rows], zones, key="posts_list", label="Posts")
    _pager(listing)


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


def _mend_address() -> None:
    """Put the view back that a post was opened from.

    Streamlit writes the parameters of the next page before its path, so that the browser's Back leads to this page with
    a post in its address and without the filters it had.
    """
    if _STRAY in st.query_params:
        st.query_params.from_dict(state.value("posts_view", {}))
    state.put("posts_view", {name: st.query_params.get_all(name) for name in st.query_params})


def _from_address() -> Filters:
    address = st.query_params
    return Filters(
        words=tuple(word for word in Word if word.value in address.get_all(_STATES)),
        account_id=_uuid(address.get(_ACCOUNT)),
        author_id=_uuid(address.get(_AUTHOR)),
        text=address.get(_WORDS, ""),
        from_day=_day(address.get(_FROM)),
        to_day=_day(address.get(_TO)),
    )


def _filter_row(visitor: Visitor) -> None:
    named = {str(each.id): each.name for each in accounts.accounts(visitor.actor)}
    wrote = {str(each.member_id): each.name for each in queries.authors(visitor.actor)}
    _follow_address(named, wrote)
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
    account.selectbox(
        "Account",
        list(named),
        format_func=lambda each: named[each],
        placeholder="All accounts",
        index=None,
        key="posts_account",
        on_change=_to_address,
        args=(_ACCOUNT, "posts_account"),
    )
    author.selectbox(
        "Author",
        list(wrote),
        format_func=lambda each: wrote[each],
        placeholder="Everybody",
        index=None,
        key="posts_author",
        on_change=_to_address,
        args=(_AUTHOR, "posts_author"),
    )
    first, last = _day(st.query_params.get(_FROM)), _day(st.query_params.get(_TO))
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


def _chips(listing: Listing, filters: Filters) -> None:
    state.put("posts_states", [word for word in Word if word in filters.words])
    st.pills(
        "State",
        [word for word in SHOWN if listing.counts.get(word) or word in filters.words],
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


def _nothing(filters: Filters) -> None:
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


def _follow_address(named: dict[str, str], wrote: dict[str, str]) -> None:
    address = st.query_params
    account, author = address.get(_ACCOUNT), address.get(_AUTHOR)
    state.put("posts_q", address.get(_WORDS, ""))
    state.put("posts_account", account if account in named else None)
    state.put("posts_author", author if author in wrote else None)


def _to_address(parameter: str, key: str) -> None:
    _set(parameter, state.value(key))


def _days_to_address(key: str) -> None:
    days = state.value(key) or ()
    if len(days) == 1:  # the second end is still to be chosen
        return
    _set(_FROM, days[0].isoformat() if days else None)
    _set(_TO, days[1].isoformat() if days else None)


def _states_to_address() -> None:
    _set(_STATES, [word.value for word in state.value("posts_states") or ()])


def _set(parameter: str, value: object) -> None:
    st.query_params.pop(_AFTER, None)
    if value:
        st.query_params[parameter] = value if isinstance(value, list) else str(value)
    else:
        st.query_params.pop(parameter, None)


def _open_page(after: str | None) -> None:
    if after is None:
        st.query_params.pop(_AFTER, None)
    else:
        st.query_params[_AFTER] = after


def _clear() -> None:
    for parameter in (*_FILTERS, _AFTER):
        st.query_params.pop(parameter, None)


def _narrowed() -> bool:
    return any(parameter in st.query_params for parameter in _FILTERS)


def _uuid(said: str | None) -> UUID | None:
    try:
        return UUID(said) if said else None
    except ValueError:
        return None


def _day(said: str | None) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        return None
