"""The one module that uses Streamlit's caches: the organization first in every key, a ttl on every entry.

Who is signed in and what they may do is never cached (`console.identity`).
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

import streamlit as st

from console import state
from core.accounts import queries as accounts
from core.accounts.rules import Pause
from core.infra.actor import Actor
from core.posts import queries as posts
from core.posts.views import Counts

_FIGURES_TTL_S: Final = 5
_PAUSES_TTL_S: Final = 2


def menu_counts(actor: Actor) -> Counts:
    """Figures beside the menu: at most 5 s old, and new at once after anything this person did.

    The actor itself is no part of the key (Streamlit skips names with an underscore); what it may see is.
    """
    return _menu_counts(actor.organization_id, actor.member_id, actor.role.value, state.writes(), actor)


def pauses(actor: Actor) -> tuple[Pause, ...]:
    """What is paused, for every page: at most 2 s old, and new at once after anything this person did."""
    return _pauses(actor.organization_id, state.writes(), actor)


@st.cache_data(ttl=_PAUSES_TTL_S, max_entries=2_000, show_spinner=False)
def _pauses(organization_id: UUID, writes: int, _actor: Actor) -> tuple[Pause, ...]:
    return accounts.pauses(_actor)


@st.cache_data(ttl=_FIGURES_TTL_S, max_entries=2_000, show_spinner=False)
def _menu_counts(organization_id: UUID, member_id: UUID, role: str, writes: int, _actor: Actor) -> Counts:
    return posts.counts(_actor)
