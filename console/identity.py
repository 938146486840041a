"""Who is here, asked anew on every run: no answer is kept, so that whoever is disabled or signed out is refused.

Streamlit's cookie says only that somebody signed in. Whether that sign-in still counts, in which organization and with
which role is read from the database each time (PRODUCT 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from console import state
from core import organizations
from core.infra.actor import Actor
from core.infra.errors import MastheadError, SignedOut
from core.infra.ids import new_id
from core.organizations import commands, fresh, queries, rules
from core.organizations.claims import ASKED_ANEW
from core.organizations.rules import Permission

# The sections of the sign-in settings; Streamlit forbids underscores in them. In the second the service asks anew.
PROVIDER: Final = "oidc"
AGAIN: Final = ASKED_ANEW


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in member and how they look at things."""

    signed_in: queries.SignedIn
    actor: Actor
    viewer_zone: str

    @property
    def organization(self) -> queries.OrganizationFacts:
        """The organization they work in."""
        facts = self.signed_in.organization
        assert facts is not None  # an actor comes with one  # noqa: S101
        return facts

    @property
    def zone(self) -> str:
        """The zone that rules slots and "today"."""
        return self.organization.timezone

    def may(self, permission: Permission) -> bool:
        """Whether their role allows it."""
        return rules.may(self.actor.role, permission)

    @property
    def signed_in_lately(self) -> bool:
        """Whether this sign-in is young enough for what takes a fresh one."""
        return fresh.is_fresh(self.actor)

    def why_not(self, permission: Permission) -> str | None:
        """Why their role doesn't allow it, None when it does."""
        try:
            rules.require(self.actor, permission)
        except MastheadError as refusal:
            return refusal.message
        return None


@dataclass(frozen=True, slots=True)
class Outside:
    """Nobody we can work with: not signed in, or signed in without an organization."""

    because: str | None = None
    signed_in: queries.SignedIn | None = None


def correlation_id() -> str:
    """A new id that follows one click through rows, jobs and calls to the network's own trace id."""
    return str(new_id())


def claims() -> Mapping[str, Any] | None:
    """What the identity provider said of who holds this tab's cookie; None when nobody signed in."""
    said = st.user.to_dict()
    return said if said.get("is_logged_in") else None


def can_sign_in() -> bool:
    """Whether a sign-in service is set."""
    try:
        return "auth" in st.secrets
    except StreamlitSecretNotFoundError:
        return False


def key_of(said: Mapping[str, Any]) -> bytes:
    """The key under which the database knows this sign-in."""
    return organizations.session_key(said)


def signed_in_now(correlation: str) -> queries.SignedIn | None:
    """The sign-in as the database has it at this moment; None when it is over."""
    said = claims()
    return queries.signed_in(key_of(said), correlation) if said else None


def visitor() -> Visitor | Outside:
    """Who is here on this run. The first run after a sign-in makes the session; an ended one is never made again."""
    said = claims()
    if said is None:
        return Outside(because=state.signed_out_because())
    try:
        found = queries.signed_in(key_of(said), correlation_id())
        if found is None:
            commands.sign_in(organizations.Claims.read(said), key_of(said))
            found = queries.signed_in(key_of(said), correlation_id())
    except SignedOut as over:
        return Outside(because=over.message)
    if found is None:
        return Outside(because=SignedOut().message)
    if found.actor is None:
        return Outside(signed_in=found)
    return Visitor(found, found.actor, viewer_zone(found))


def actor_now(correlation: str) -> Actor:
    """Who acts, for a callback. Raises SignedOut when the sign-in is over or without an organization."""
    found = signed_in_now(correlation)
    if found is None or found.actor is None:
        raise SignedOut
    return found.actor


def actor_of(said: Mapping[str, Any] | None, correlation: str) -> Actor:
    """As `actor_now`, outside a run of the page, for whoever held this sign-in when it was drawn."""
    found = queries.signed_in(key_of(said), correlation) if said else None
    if found is None or found.actor is None:
        raise SignedOut
    return found.actor


def still_here(actor: Actor) -> bool:
    """Whether the sign-in that drew this page still counts, in the same organization and role."""
    found = signed_in_now(correlation_id())
    return (
        found is not None
        and found.actor is not None
        and (found.actor.organization_id, found.actor.role) == (actor.organization_id, actor.role)
    )


def note_seen(actor: Actor) -> None:
    """Note that this person is at work; asked of the database once a minute at most."""
    if state.a_minute_has_passed():
        commands.note_seen(actor)


def viewer_zone(found: queries.SignedIn) -> str:
    """The zone of the person: as set for them, else as their browser says."""
    for name in (found.timezone, st.context.timezone):
        try:
            if name:
                return ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError):
            continue
    return "UTC"


def begin_sign_in() -> None:
    """Send the browser to the identity provider."""
    st.login(PROVIDER)


def sign_in_again() -> None:
    """Let the identity provider ask anew who it is; the browser comes back to the page it is on."""
    st.login(AGAIN)


def sign_out() -> None:
    """End the sign-in in the database first, then in the browser and at the identity provider."""
    said = claims()
    if said is not None:
        commands.sign_out(key_of(said))
    st.logout()
