"""Filters of posts, kept in the address alone: the address is the view, on Posts and in the calendar alike."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final
from uuid import UUID

import streamlit as st

from console import state
from core.posts.rules import Word

STATES: Final = "state"
ACCOUNT: Final = "account"
AUTHOR: Final = "author"


def mend_address(page: str, strays: Collection[str]) -> None:
    """Put the view back that another page was opened from.

    Streamlit writes the parameters of the next page before its path, so that the browser's Back leads to this page with
    that page's parameters (`strays`) in its address and without the filters it had.
    """
    if any(name in st.query_params for name in strays):
        st.query_params.from_dict(state.value(f"{page}_view", {}))
    state.put(f"{page}_view", {name: st.query_params.get_all(name) for name in st.query_params})


def words() -> tuple[Word, ...]:
    """The states that the address names."""
    return tuple(word for word in Word if word.value in st.query_params.get_all(STATES))


def uuid(parameter: str) -> UUID | None:
    """The id that a parameter of the address holds; None for nonsense."""
    said = st.query_params.get(parameter)
    try:
        return UUID(said) if said else None
    except ValueError:
        return None


def day(parameter: str) -> date | None:
    """The day that a parameter of the address holds; None for nonsense."""
    said = st.query_params.get(parameter)
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        return None


def put(parameter: str, value: object) -> None:
    """Write a value or a list of values into the address, or take the parameter away."""
    if value:
        st.query_params[parameter] = value if isinstance(value, list) else str(value)
    else:
        st.query_params.pop(parameter, None)


def narrowed(parameters: Sequence[str]) -> bool:
    """Whether the address narrows anything."""
    return any(parameter in st.query_params for parameter in parameters)


def clear(parameters: Sequence[str]) -> None:
    """Take these parameters out of the address."""
    for parameter in parameters:
        st.query_params.pop(parameter, None)
