"""The button that gives a list as a file for a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from console import identity
from core.infra.actor import Actor
from core.infra.clock import now
from core.posts import slots


def csv_button(
    make: Callable[[Actor], bytes], note: str, *, name: str, zone: str, label: str = "CSV", disabled: bool = False
) -> None:
    """Draw it. The file is called by `name` and the day it is in `zone`; `note` says what is in it.

    It is made when it is asked for, on a thread of its own, for whoever is signed in then.
    """
    said = identity.claims()

    def data() -> bytes:
        return make(identity.actor_of(said, identity.correlation_id()))

    st.download_button(
        label,
        data=data,
        file_name=f"{name}_{slots.day_of(now(), zone).day}.csv",
        mime="text/csv",
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
        disabled=disabled,
        help=note,
        key=f"{name}_csv",
    )
