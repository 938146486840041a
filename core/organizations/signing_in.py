"""Signing in and out, and the organization a sign-in works in. A sign-in that ended never comes back."""

from __future__ import annotations

import hmac
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from core.infra import db
from core.infra.errors import NotFound, SignedOut
from core.organizations import store
from core.organizations.claims import Claims

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """A sign-in that counts, and until when."""

    session_id: UUID
    person_id: UUID
    expires_at: datetime


def sign_in(claims: Claims, session_key: bytes) -> SessionFacts:
    """Begin, or find, the 12 hours of this sign-in.

    Anybody the sign-in service knows may come in, as a person without an organization until one takes them. Raises
    SignedOut when this sign-in was ended, has run out, is older than 12 h, or its person is disabled.
    """
    if not hmac.compare_digest(claims.key, session_key):
        raise SignedOut
    told = told_by(claims)
    with db.free_transaction() as session:
        person_id = store.person_entered(session, claims.issuer, claims.subject, told)
        is_new = store.session_entered(session, session_key, person_id, claims.issued_at, claims.authenticated_at)
        # An old cookie shown again must not bring back an address that the person has lost since.
        if is_new and store.is_newest(session, person_id, claims.issued_at):
            store.person_told(session, person_id, told)
        live = store.live(session, session_key)
        if live is None:
            raise SignedOut("This sign-in is over, or was switched off here. Sign in again, or ask an admin.")
    if is_new:
        _log.info("signed in", extra={"person_id": person_id, "session_id": live.session_id})
    return SessionFacts(live.session_id, live.person_id, live.expires_at)


def sign_out(session_key: bytes) -> None:
    """End a sign-in: its cookie, and every copy of it, is refused from now on. Nothing happens when it is over."""
    with db.free_transaction() as session:
        live = store.live(session, session_key)
        if live is not None:
            store.end_session(session, live.session_id)
            _log.info("signed out", extra={"person_id": live.person_id, "session_id": live.session_id})


def choose_organization(session_key: bytes, organization_id: UUID) -> None:
    """Work in another organization from the next click on, in every tab of this sign-in.

    Raises SignedOut, or NotFound when the person is no active member of it.
    """
    with db.free_transaction() as session:
        live = store.live(session, session_key)
        if live is None:
            raise SignedOut
        if organization_id not in live.organization_ids:
            raise NotFound("You are no member of this organization. Ask one of its admins for an invitation.")
        store.choose(session, live.session_id, organization_id)


def told_by(claims: Claims) -> dict[str, Any]:
    """What a sign-in says of a person that may change with the next one."""
    return {
        "email": claims.email,
        "email_verified": claims.email_verified,
        "name": claims.name,
        "timezone": claims.timezone,
    }
