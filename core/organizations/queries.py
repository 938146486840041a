"""Who is signed in, what their organization is, and who its members are. Everything is read anew at every call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.infra import db
from core.infra.actor import Actor, Role
from core.infra.errors import NotAllowed
from core.organizations import store
from core.organizations.model import Organization
from core.organizations.rules import PERMISSIONS, WORDS, Permission, may, require

_READING = "program:sign-in"


@dataclass(frozen=True, slots=True)
class OrganizationFacts:
    """An organization as everybody in it sees it. `timezone` rules slots and "today"."""

    id: UUID
    name: str
    timezone: str
    self_approval: bool
    approval_days: int


@dataclass(frozen=True, slots=True)
class Choice:
    """An organization that the switcher offers."""

    organization_id: UUID
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in that counts at this moment.

    `actor` and `organization` are None for a person who is a member of no organization: the page says so. `choices` are
    the organizations they may work in, by name; `timezone` is the person's own zone where known.
    """

    session_id: UUID
    person_id: UUID
    name: str
    email: str
    timezone: str | None
    expires_at: datetime
    actor: Actor | None
    organization: OrganizationFacts | None
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member as the Members page lists them. `disabled_at` is None for an active one."""

    id: UUID
    person_id: UUID
    name: str
    email: str
    role: Role
    disabled_at: datetime | None
    last_seen_at: datetime | None
    created_at: datetime

    @property
    def active(self) -> bool:
        """Whether they may do anything here."""
        return self.disabled_at is None


@dataclass(frozen=True, slots=True)
class PermissionRow:
    """One line of the permissions table: what it is in words, and which roles may do it."""

    permission: Permission
    words: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation that can still be accepted. `invited_by` is None where the operator did it."""

    id: UUID
    email: str
    role: Role
    invited_by: str | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignInRow:
    """One of a person's sign-ins that counts. `here`: the one that asks."""

    id: UUID
    signed_in_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    here: bool


def signed_in(session_key: bytes, correlation_id: str) -> SignedIn | None:
    """Who the sign-in with this key is, now; None when it is unknown, over, or its person is disabled.

    Works in the organization they chose last, else in the first by name.
    """
    with db.free_transaction() as session:
        live = store.live(session, session_key)
    if live is None:
        return None
    found = sorted(
        (entry for each in live.organization_ids if (entry := _entry(each, live, correlation_id))),
        key=lambda entry: (entry[0].name.lower(), entry[0].id),
    )
    here = next((entry for entry in found if entry[0].id == live.chosen), found[0] if found else None)
    return SignedIn(
        session_id=live.session_id,
        person_id=live.person_id,
        name=live.name,
        email=live.email,
        timezone=live.timezone,
        expires_at=live.expires_at,
        actor=here[1] if here else None,
        organization=here[0] if here else None,
        choices=tuple(Choice(facts.id, facts.name, actor.role) for facts, actor in found),
    )


def members(actor: Actor) -> tuple[MemberRow, ...]:
    """All members of the actor's organization, disabled ones too, by name."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        return members_in(session)


def members_in(session: Session) -> tuple[MemberRow, ...]:
    """As `members`, inside a transaction that is already open: for names, and for who else may approve."""
    return tuple(
        MemberRow(
            id=each.member.id,
            person_id=each.member.person_id,
            name=each.name,
            email=each.email,
            role=Role(each.member.role),
            disabled_at=each.member.disabled_at or each.person_disabled_at,
            last_seen_at=each.member.last_seen_at,
            created_at=each.member.created_at,
        )
        for each in store.members(session)
    )


def invitations(actor: Actor) -> tuple[InvitationRow, ...]:
    """Invitations that can still be accepted, newest first. Raises NotAllowed."""
    require(actor, Permission.MANAGE_MEMBERS)
    with db.transaction(actor) as session:
        return tuple(
            InvitationRow(each.id, each.email, Role(each.role), by, each.created_at, each.expires_at)
            for each, by in store.open_invitations(session)
        )


def sign_ins(actor: Actor) -> tuple[SignInRow, ...]:
    """The actor's own sign-ins that count, in whatever organization, the one seen last first."""
    with db.transaction(actor) as session:
        return tuple(
            SignInRow(each.id, each.signed_in_at, each.last_seen_at, each.expires_at, each.id == actor.session_id)
            for each in store.sign_ins(session, actor.person_id)
        )


def names_of_actors(session: Session) -> Mapping[str, str]:
    """Label of each member ("person:<id>", as rows and audit lines keep it) to their name."""
    return {f"person:{each.member.person_id}": each.name for each in store.members(session)}


def organization_in(session: Session) -> OrganizationFacts:
    """The organization of a transaction that is already open."""
    return _facts(store.organization(session))


def require_still(session: Session, actor: Actor, permission: Permission) -> None:
    """As `rules.require`, by the role of this very moment: a network was asked meanwhile. Raises NotAllowed."""
    found = store.standing(session, actor.person_id)
    if found is None:
        raise NotAllowed("You are no longer an active member of this organization. Ask one of its admins.")
    require(replace(actor, role=found[1]), permission)


def permission_table() -> tuple[PermissionRow, ...]:
    """Every permission, in the order of the table, with the roles that have it."""
    return tuple(
        PermissionRow(permission, WORDS[permission], frozenset(role for role in PERMISSIONS if may(role, permission)))
        for permission in Permission
    )


def _entry(organization_id: UUID, live: store.Live, correlation_id: str) -> tuple[OrganizationFacts, Actor] | None:
    """What one organization says of a person; None when the membership ended this very moment."""
    with db.organization_transaction(organization_id, _READING, correlation_id) as session:
        standing = store.standing(session, live.person_id)
        if standing is None:
            return None
        member_id, role, organization = standing
        facts = _facts(organization)
    return facts, Actor(
        organization_id=organization_id,
        member_id=member_id,
        person_id=live.person_id,
        role=role,
        name=live.name,
        session_id=live.session_id,
        correlation_id=correlation_id,
        authenticated_at=live.authenticated_at,
    )


def _facts(row: Organization) -> OrganizationFacts:
    return OrganizationFacts(
        id=row.id,
        name=row.name,
        timezone=row.timezone,
        self_approval=row.self_approval,
        approval_days=row.approval_days,
    )
