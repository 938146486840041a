"""The filters over a list, and the way through its pages. The address is the view: nothing else remembers either."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from console import filters, state
from console.components.empty import empty
from console.identity import Visitor
from core.accounts import queries as accounts
from core.posts import queries as posts

FROM: Final = "from"
TO: Final = "to"


@dataclass(frozen=True, slots=True)
class FilterBar:
    """The filters of one page: `parameters` of the address narrow its list, `place` says where the list goes on.

    A filter that changes begins the list anew. `page` stands before the keys of all controls, `unfolded` are parameters
    that say what stands open in the list: with another list nothing does.
    """

    page: str
    parameters: tuple[str, ...]
    place: str = "after"
    unfolded: tuple[str, ...] = ()

    @property
    def is_narrowed(self) -> bool:
        """Whether the address narrows anything."""
        return filters.narrowed(self.parameters)

    def put(self, parameter: str, value: object) -> None:
        """Write a filter into the address, or take it away."""
        self._turn(None)
        filters.put(parameter, value)

    def heard(self, parameter: str, key: str) -> None:
        """Write what the control with this key holds into the address."""
        self.put(parameter, state.value(key))

    def clear(self) -> None:
        """Show all of the list, from its beginning."""
        self._turn(None)
        filters.clear(self.parameters)

    def search(
        self, where: DeltaGenerator, parameter: str, placeholder: str, *, label: str = "Search", live: bool = True
    ) -> None:
        """Draw a field for words."""
        key = f"{self.page}_{parameter}"
        state.put(key, st.query_params.get(parameter, ""))
        where.text_input(
            label,
            type="search",
            live=live,
            placeholder=placeholder,
            key=key,
            on_change=self.heard,
            args=(parameter, key),
        )

    def choice(
        self, where: DeltaGenerator, parameter: str, label: str, names: Mapping[str, str], everything: str | None
    ) -> None:
        """Draw a choice of one of these values, by their names.

        `everything` stands where none is chosen; without it one always is, the first unless the address names another.
        """
        key, asked = f"{self.page}_{parameter}", st.query_params.get(parameter)
        none = None if everything else next(iter(names))
        state.put(key, asked if asked in names else none)
        where.selectbox(
            label,
            list(names),
            format_func=names.__getitem__,
            placeholder=everything,
            index=None if everything else 0,
            key=key,
            on_change=self.heard,
            args=(parameter, key),
        )

    def account_and_author(self, visitor: Visitor, account: DeltaGenerator, author: DeltaGenerator) -> None:
        """Draw the two choices that narrow posts."""
        named = {str(each.id): each.name for each in accounts.accounts(visitor.actor)}
        wrote = {str(each.member_id): each.name for each in posts.authors(visitor.actor)}
        self.choice(account, filters.ACCOUNT, "Account", named, "All accounts")
        self.choice(author, filters.AUTHOR, "Author", wrote, "Everybody")

    def days(self, where: DeltaGenerator) -> None:
        """Draw a choice of days, from FROM to TO."""
        first, last = filters.day(FROM), filters.day(TO)
        chosen: list[date | datetime | str | Literal["today"] | None] = [first, last] if first and last else []
        # A key for each pair of days: Streamlit warns when a range gets its value from the state and has a default too.
        key = "_".join((f"{self.page}_days", *map(str, chosen)))
        where.date_input("Days", value=chosen, format="YYYY-MM-DD", key=key, on_change=self._days_chosen, args=(key,))

    def clear_button(self, where: DeltaGenerator) -> None:
        """Draw the way back to everything."""
        where.button(
            "Clear",
            icon=":material/filter_alt_off:",
            type="tertiary",
            on_click=self.clear,
            disabled=not self.is_narrowed,
            help=None if self.is_narrowed else "Nothing is narrowed.",
            key=f"{self.page}_clear",
        )

    def pager(self, following: object, *, shortcut: str | None = None) -> None:
        """Draw the way through the pages, where there are several; `following` is where the next one begins, if any."""
        begins = st.query_params.get(self.place) is None
        if begins and not following:
            return
        with st.container(
            horizontal=True, horizontal_alignment="center", vertical_alignment="center", key=f"{self.page}_pager"
        ):
            st.button(
                "First page",
                icon=":material/first_page:",
                type="tertiary",
                on_click=self._turn,
                args=(None,),
                disabled=begins,
                help="This is the first page." if begins else None,
                key=f"{self.page}_first",
            )
            st.button(
                "Next page",
                icon=":material/chevron_right:",
                on_click=self._turn,
                args=(following,),
                disabled=not following,
                help=None if following else "Nothing follows.",
                shortcut=shortcut,
                key=f"{self.page}_next",
            )

    def nothing(self, title: str, words: str) -> None:
        """Say that nothing fits, with the way back to everything."""
        empty("search_off", title, words, action="Clear filters", on_click=self.clear, key=f"{self.page}_none")

    def _turn(self, place: object) -> None:
        filters.clear(self.unfolded)
        filters.put(self.place, place)

    def _days_chosen(self, key: str) -> None:
        days = state.value(key) or ()
        if len(days) == 1:  # the second end is still to be chosen
            return
        self.put(FROM, days[0].isoformat() if days else None)
        self.put(TO, days[1].isoformat() if days else None)
