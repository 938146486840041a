"""Organizations, people and their sign-ins, made by the commands that make real ones."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.infra.actor import Actor, Role
from core.organizations import Claims, commands, queries, session_key

ISSUER = "https://id.example"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class SignIn:
    """A sign-in as the browser holds it."""

    claims: Mapping[str, Any]

    @property
    def key(self) -> bytes:
        return session_key(self.claims)

    def begin(self) -> commands.SessionFacts:
        return commands.sign_in(Claims.read(self.claims), self.key)

    def now(self, correlation_id: str = "test") -> queries.SignedIn | None:
        return queries.signed_in(self.key, correlation_id)

    def here(self, correlation_id: str = "test") -> queries.SignedIn:
        """As `now`, of a sign-in that must count."""
        found = self.now(correlation_id)
        assert found is not None, "this sign-in is over"
        return found

    def actor(self, correlation_id: str = "test") -> Actor:
        """Who acts at this moment; there must be somebody."""
        actor = self.here(correlation_id).actor
        assert actor is not None, "this person is in no organization"
        return actor


def make_organization(name: str = "Northwind", timezone: str = "Europe/Berlin") -> UUID:
    return commands.create_organization(name, timezone)


def make_sign_in(
    subject: str | None = None,
    *,
    email: str | None = None,
    name: str = "Maya Lindt",
    verified: object = True,
    age_s: float = 0,
    **more: Any,
) -> SignIn:
    """A new sign-in of a person, who was asked for it, new unless `subject` is given; not begun yet."""
    number = next(_numbers)
    subject = subject or f"subject-{number}"
    issued_at = int(time.time() - age_s)
    claims = {
        "iss": ISSUER,
        "sub": subject,
        "iat": issued_at,
        "auth_time": issued_at,
        "nonce": f"nonce-{number}",
        "email": email or f"{subject}@people.example",
        "email_verified": verified,
        "name": name,
        "is_logged_in": True,
        "provider": "oidc",
    }
    return SignIn({**claims, **more})


def make_actor(
    organization_id: UUID | None = None,
    role: Role = Role.ADMIN,
    *,
    name: str = "Maya Lindt",
    subject: str | None = None,
) -> Actor:
    """A signed-in member, of a new organization unless one is given."""
    return make_signed_in(organization_id, role, name=name, subject=subject)[1]


def make_signed_in(
    organization_id: UUID | None = None,
    role: Role = Role.ADMIN,
    *,
    name: str = "Maya Lindt",
    subject: str | None = None,
    age_s: float = 0,
    **more: Any,
) -> tuple[SignIn, Actor]:
    """As `make_actor`, with the sign-in behind it."""
    organization_id = organization_id or make_organization()
    sign_in = make_sign_in(subject, name=name, age_s=age_s, **more)
    claims = sign_in.claims
    commands.enrol(
        organization_id, issuer=claims["iss"], subject=claims["sub"], email=claims["email"], name=name, role=role
    )
    sign_in.begin()
    commands.choose_organization(sign_in.key, organization_id)
    return sign_in, sign_in.actor()
