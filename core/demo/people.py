"""The demo's organizations and people, as actors that call commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from sqlalchemy.exc import NoResultFound

from core.demo.content import PEOPLE, Organization
from core.infra import db
from core.infra.actor import Actor
from core.infra.ids import new_id
from core.organizations import commands, queries

_ACTOR = "program:demo"


@dataclass(frozen=True, slots=True)
class Team:
    """One demo organization with its people as actors, by OpenID subject."""

    organization: Organization
    id: UUID
    actors: dict[str, Actor]

    @classmethod
    def found(cls, organization: Organization, issuer: str) -> Self:
        """Make the organization and let its people in."""
        organization_id = commands.create_organization(organization.name, organization.zone)
        return cls(organization, organization_id, enrol(organization, organization_id, issuer))


def founded(organization_id: UUID | None) -> bool:
    """Whether this organization is in the database."""
    if organization_id is None:
        return False
    try:
        with db.organization_transaction(organization_id, _ACTOR) as session:
            return bool(queries.organization_in(session))
    except NoResultFound:
        return False


def enrol(organization: Organization, organization_id: UUID, issuer: str) -> dict[str, Actor]:
    """Let the people in under the issuer's identities; those who are in already stay as they are."""
    actors = {}
    for subject, role in organization.roles.items():
        name, email = PEOPLE[subject]
        entered = commands.enrol(organization_id, issuer=issuer, subject=subject, email=email, name=name, role=role)
        actors[subject] = Actor(
            organization_id=organization_id,
            member_id=entered.member_id,
            person_id=entered.person_id,
            role=role,
            name=name,
            session_id=new_id(),
            correlation_id=f"demo-{organization.key}",
        )
    return actors
