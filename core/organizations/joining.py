"""How an organization begins and how people come into it: by invitation, or entered by the operator."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from core.audit.commands import earlier_result, first_time, record, remember
from core.infra import db, logs
from core.infra.actor import Actor, ProgramActor, Role
from core.infra.errors import Conflict, NotAllowed, NotFound, Refused, SignedOut
from core.infra.ids import new_id
from core.organizations import store
from core.organizations.model import Invitation
from core.organizations.rules import INVITATIONS_PER_HOUR, Permission, require
from core.organizations.sound import sound_email, sound_name, sound_zone

PARAMETER: Final = "invitation"
_TOKEN_BYTES: Final = 32
_SHOWN_OF_AN_ADDRESS: Final = 2


@dataclass(frozen=True, slots=True)
class Initialized:
    """A new organization, and the path (not the origin) at which its first admin accepts, shown only now."""

    organization_id: UUID
    invitation_link_path: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation. `link_path` holds its token, is shown only now, and replaces any earlier link of it."""

    invitation_id: UUID
    link_path: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Accepted:
    """The organization that somebody is a member of now."""

    organization_id: UUID
    role: Role


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A person and their membership."""

    person_id: UUID
    member_id: UUID


def create_organization(name: str, timezone: str) -> UUID:
    """Make an organization without members. Raises Invalid when its name or zone can't be used."""
    values = {"name": sound_name(name), "timezone": sound_zone(timezone)}
    actor = _operator(new_id())
    with db.transaction(actor) as session:
        _create(session, actor, values)
    return actor.organization_id


def initialize(name: str, email: str, timezone: str = "UTC") -> Initialized:
    """Make an organization and invite its first admin (`masthead init`). Raises Invalid on input that can't be used."""
    address, values = sound_email(email), {"name": sound_name(name), "timezone": sound_zone(timezone)}
    actor = _operator(new_id())
    with db.transaction(actor) as session:
        _create(session, actor, values)
        invitation, path = _new_invitation(session, actor, address, Role.ADMIN, None)
        _record_invitation(session, actor, invitation)
    return Initialized(actor.organization_id, path)


def enrol(organization_id: UUID, *, issuer: str, subject: str, email: str, name: str, role: Role) -> Enrolled:
    """Make somebody of the sign-in service a member without an invitation: for the operator and for demo data.

    Done again it changes nothing, not even the role. The address counts as unverified until they sign in.
    Raises Invalid, or NotFound when there is no such organization.
    """
    told = {"email": sound_email(email), "name": sound_name(name)}
    actor = _operator(organization_id)
    with db.transaction(actor) as session:
        store.organization(session)
        person_id = store.person_entered(session, issuer, subject, told)
        member_id = store.add_member(session, organization_id, person_id, role)
        if member_id is not None:
            after = {"person_id": person_id, "email": told["email"], "role": role}
            record(session, actor, "organizations.enrol", "member", member_id, after=after)
            return Enrolled(person_id, member_id)
        there = store.member_of_person(session, person_id)
        if there is None:
            raise NotFound
        return Enrolled(person_id, there.member.id)


def invite(actor: Actor, action_id: UUID, email: str, role: Role) -> Invited:
    """Make a single-use link for the holder of an address, good for 7 days; earlier open links for it end.

    The same action again renews the link, because a link is never stored. Raises NotAllowed, Invalid, or Conflict when
    a member has this address or the invitation of this action was accepted, or Refused after 60 in an hour.
    """
    require(actor, Permission.MANAGE_MEMBERS)
    address, role = sound_email(email), Role(role)
    with db.transaction(actor) as session:
        _refuse_too_many(session, actor)
        if not first_time(session, actor, action_id, "organizations.invite"):
            return _renewed(session, UUID(earlier_result(session, actor, action_id)["invitation_id"]))
        there = store.member_with_email(session, address)
        if there is not None:
            state = "is a member already" if there.active else "was a member: enable them instead"
            raise Conflict(f"{address} {state}.")
        invitation, path = _new_invitation(session, actor, address, role, actor.member_id)
        _record_invitation(session, actor, invitation)
        remember(session, actor, action_id, {"invitation_id": invitation.id})
    return Invited(invitation.id, path, invitation.expires_at)


def renew_invitation(actor: Actor, invitation_id: UUID) -> Invited:
    """Another link for an open invitation; the one before ends. Raises NotAllowed, or Conflict when it is over."""
    require(actor, Permission.MANAGE_MEMBERS)
    with db.transaction(actor) as session:
        _refuse_too_many(session, actor)
        renewed = _renewed(session, invitation_id)
        record(session, actor, "organizations.renew_invitation", "invitation", invitation_id)
        return renewed


def withdraw_invitation(actor: Actor, action_id: UUID, invitation_id: UUID) -> None:
    """End an open invitation, so that its link leads nowhere. Raises NotAllowed, or Conflict when it is over."""
    require(actor, Permission.MANAGE_MEMBERS)
    with db.transaction(actor) as session:
        if not first_time(session, actor, action_id, "organizations.withdraw_invitation"):
            return
        ended = store.end_invitation(session, invitation_id)
        if ended is None:
            raise Conflict("This invitation was accepted or is over already. Reload to see it.")
        after = {"email": ended.email}
        record(session, actor, "organizations.withdraw_invitation", "invitation", invitation_id, after=after)


def accept_invitation(session_key: bytes, token: str) -> Accepted:
    """Become a member by a link, with the verified address it was made for, and work in that organization from now on.

    One person accepts one link once; whoever opens it again as that person is led in. Raises SignedOut, NotFound for a
    link that doesn't exist or was replaced, NotAllowed for another or an unverified address, Conflict when somebody
    else used it, Refused when it has run out.
    """
    with db.free_transaction() as free:
        live = store.live(free, session_key)
        if live is None:
            raise SignedOut
        found = store.invitation_of(free, _hashed(token))
    if found is None:
        raise NotFound("This invitation doesn't exist, or a newer link has replaced it. Ask an admin for a new one.")
    organization_id, invitation_id = found
    actor = ProgramActor(organization_id, "invitation", logs.correlation_id())
    with db.transaction(actor) as session:
        accepted = _accept(session, actor, invitation_id, live)
    with db.free_transaction() as free:
        store.as_person(free, live.person_id)
        store.choose(free, live.session_id, organization_id)
    return accepted


def _create(session: Session, actor: ProgramActor, values: Mapping[str, str]) -> None:
    store.add_organization(session, actor.organization_id, values["name"], values["timezone"])
    record(session, actor, "organizations.create", "organization", actor.organization_id, after=values)


def _accept(session: Session, actor: ProgramActor, invitation_id: UUID, live: store.Live) -> Accepted:
    found = store.invitation(session, invitation_id)
    if found is None:
        raise NotFound
    invitation, is_over = found
    there = store.member_of_person(session, live.person_id)
    if invitation.accepted_by == live.person_id and there is not None and there.active:
        return Accepted(actor.organization_id, Role(there.member.role))
    _refuse(invitation, is_over, live)
    if there is not None:
        if not there.active:
            raise NotAllowed("Your membership was switched off, and a link doesn't switch it on. Ask an admin.")
        raise Conflict(f"You are a member already, as {there.member.role}. Ask an admin to change that.")
    role = Role(invitation.role)
    member_id = store.add_member(session, actor.organization_id, live.person_id, role)
    if member_id is None:
        raise Conflict
    store.accept_invitation(session, invitation_id, live.person_id)
    after = {"invitation_id": invitation_id, "person_id": live.person_id, "email": live.email, "role": role}
    record(session, actor, "organizations.accept_invitation", "member", member_id, after=after)
    return Accepted(actor.organization_id, role)


def _refuse(invitation: Invitation, is_over: bool, live: store.Live) -> None:
    if invitation.accepted_at is not None:
        raise Conflict("This invitation was used already. Ask an admin for a new one.")
    if is_over:
        raise Refused("This invitation has run out. Ask an admin for a new one.")
    if invitation.email != live.email:
        raise NotAllowed(
            f"This invitation is for {_hinted(invitation.email)}, and you are signed in as {live.email or 'nobody'}."
            " Sign in with that address, or ask an admin for an invitation to yours."
        )
    if not live.email_verified:
        raise NotAllowed(
            f"The sign-in service doesn't say that {live.email} is verified. Verify it there, then sign in again."
        )


def _new_invitation(
    session: Session, actor: Actor | ProgramActor, email: str, role: Role, invited_by: UUID | None
) -> tuple[Invitation, str]:
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    made = store.add_invitation(session, actor.organization_id, _hashed(token), email, role, invited_by)
    return made, _path(token)


def _refuse_too_many(session: Session, actor: Actor) -> None:
    """Each link may be mailed in the operator's name, so nobody fills strangers' mailboxes with them."""
    if store.invited_lately(session, actor.organization_id, timedelta(hours=1)) >= INVITATIONS_PER_HOUR:
        raise Refused(f"More than {INVITATIONS_PER_HOUR} invitations were made here within an hour. Wait a while.")


def _renewed(session: Session, invitation_id: UUID) -> Invited:
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    renewed = store.renew_invitation(session, invitation_id, _hashed(token))
    if renewed is None:
        raise Conflict("This invitation was accepted or replaced already. Reload to see it.")
    return Invited(renewed.id, _path(token), renewed.expires_at)


def _record_invitation(session: Session, actor: Actor | ProgramActor, made: Invitation) -> None:
    after = {"email": made.email, "role": made.role, "expires_at": made.expires_at}
    record(session, actor, "organizations.invite", "invitation", made.id, after=after)


def _operator(organization_id: UUID) -> ProgramActor:
    return ProgramActor(organization_id, "operator", logs.correlation_id())


def _path(token: str) -> str:
    return f"/?{PARAMETER}={token}"


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _hinted(email: str) -> str:
    """Enough of an address for its holder to know it, too little for anybody else: ma•••@northwind.example."""
    name, _, host = email.partition("@")
    return f"{name[:_SHOWN_OF_AN_ADDRESS]}•••@{host}"
