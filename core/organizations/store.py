"""All SQL of organizations and people. Takes a session; never commits.

Rows of `person` and `console_session` show themselves to their own sign-in (`as_person`), people also to the
organizations they are members of; everything else here lies inside an organization.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import exists, func, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or_leave
from sqlalchemy.orm import Session

from core.infra.actor import Role
from core.infra.errors import NotFound
from core.infra.ids import new_id
from core.organizations.model import ConsoleSession, Invitation, Member, Organization, Person
from core.organizations.rules import CLOCK_SKEW, INVITATION_LASTS, SEEN_EVERY, SESSION_LASTS

_NOW = func.clock_timestamp()


class Live(NamedTuple):
    """A sign-in that counts at this moment, and the organizations in which its person is an active member."""

    session_id: UUID
    person_id: UUID
    name: str
    email: str
    email_verified: bool
    timezone: str | None
    expires_at: datetime
    chosen: UUID | None
    authenticated_at: datetime
    organization_ids: Sequence[UUID]


class Membership(NamedTuple):
    """A member with the person behind it."""

    member: Member
    name: str
    email: str
    person_disabled_at: datetime | None

    @property
    def active(self) -> bool:
        """Whether they may do anything here."""
        return self.member.disabled_at is None and self.person_disabled_at is None


# People and their sign-ins


def as_person(session: Session, person_id: UUID) -> None:
    """Let this transaction see and write the person's own row and sign-ins."""
    session.execute(text("select set_config('app.person_id', :id, true)"), {"id": str(person_id)})


def person_entered(session: Session, issuer: str, subject: str, told: Mapping[str, Any]) -> UUID:
    """The person of an issuer and subject, made of what is told when new. Ends in `as_person`.

    Two first sign-ins at once make one person.
    """
    while True:
        known = session.scalar(select(func.masthead.person_of(issuer, subject)))
        person_id = known or new_id()
        as_person(session, person_id)
        if known:
            return person_id
        new = insert_or_leave(Person).values(id=person_id, issuer=issuer, subject=subject, **told)
        session.execute(new.on_conflict_do_nothing())


def person_told(session: Session, person_id: UUID, told: Mapping[str, Any]) -> None:
    """Keep what the newest sign-in says of a person; what it leaves out stays, and so does a zone they chose here."""
    values = {name: value for name, value in told.items() if value is not None}
    if "timezone" in values:
        values["timezone"] = func.coalesce(Person.timezone, values["timezone"])
    session.execute(update(Person).where(Person.id == person_id).values(values))


def session_entered(
    session: Session, key: bytes, person_id: UUID, issued_at: datetime, authenticated_at: datetime
) -> bool:
    """Make the row of a sign-in: True when there was none and the sign-in is young enough to have one.

    It lasts 12 h from its issue by the database's clock, which the issuer's may be ahead of by two minutes, and begins
    in the organization that the person chose last.
    """
    now = session.execute(select(_NOW)).scalar_one()
    if not now - SESSION_LASTS < issued_at < now + CLOCK_SKEW:
        return False
    begun = min(now, issued_at)
    chosen_last = (
        select(ConsoleSession.chosen_organization)
        .where(ConsoleSession.person_id == person_id, ConsoleSession.chosen_organization.is_not(None))
        .order_by(ConsoleSession.signed_in_at.desc(), ConsoleSession.id.desc())
        .limit(1)
    )
    values = {
        "id": new_id(),
        "key_sha256": key,
        "person_id": person_id,
        "chosen_organization": session.execute(chosen_last).scalar_one_or_none(),
    }
    times = {
        "signed_in_at": begun,
        "authenticated_at": min(begun, authenticated_at),
        "expires_at": begun + SESSION_LASTS,
    }
    new = insert_or_leave(ConsoleSession).values(**values, **times)
    return session.execute(new.on_conflict_do_nothing().returning(ConsoleSession.id)).one_or_none() is not None


def is_newest(session: Session, person_id: UUID, issued_at: datetime) -> bool:
    """Whether no sign-in of this person is younger than the one issued then."""
    younger = select(ConsoleSession.id).where(
        ConsoleSession.person_id == person_id, ConsoleSession.signed_in_at > issued_at
    )
    return session.execute(younger.limit(1)).one_or_none() is None


def live(session: Session, key: bytes) -> Live | None:
    """The sign-in of this key, unless it was ended, has run out, or its person is disabled. Ends in `as_person`."""
    of = text("select session_id, set_config('app.person_id', person_id::text, true) from masthead.session_of(:key)")
    found = session.execute(of, {"key": key}).one_or_none()
    if found is None:
        return None
    row = session.execute(
        select(
            ConsoleSession.id,
            Person.id,
            Person.name,
            Person.email,
            Person.email_verified,
            Person.timezone,
            ConsoleSession.expires_at,
            ConsoleSession.chosen_organization,
            ConsoleSession.authenticated_at,
            text("array(select organization_id from masthead.memberships_of(person.id))"),
        )
        .join(Person, Person.id == ConsoleSession.person_id)
        .where(
            ConsoleSession.id == found.session_id,
            ConsoleSession.revoked_at.is_(None),
            ConsoleSession.expires_at > _NOW,
            ConsoleSession.signed_in_at >= Person.sessions_valid_from,
            Person.disabled_at.is_(None),
        )
    ).one_or_none()
    return None if row is None else Live(*row)


def end_session(session: Session, session_id: UUID) -> None:
    """End a sign-in for good."""
    session.execute(update(ConsoleSession).where(ConsoleSession.id == session_id).values(revoked_at=_NOW))


def sign_ins(session: Session, person_id: UUID) -> list[ConsoleSession]:
    """The person's sign-ins that count, the one seen last first. Ends in `as_person`."""
    as_person(session, person_id)
    counting = (
        select(ConsoleSession)
        .join(Person, Person.id == ConsoleSession.person_id)
        .where(
            ConsoleSession.person_id == person_id,
            ConsoleSession.revoked_at.is_(None),
            ConsoleSession.expires_at > _NOW,
            ConsoleSession.signed_in_at >= Person.sessions_valid_from,
        )
        .order_by(ConsoleSession.last_seen_at.desc(), ConsoleSession.id)
    )
    return list(session.scalars(counting))


def end_every_session(session: Session, person_id: UUID) -> None:
    """End all sign-ins of a person, those too that nobody has told us of yet. Ends in `as_person`."""
    as_person(session, person_id)
    session.execute(update(Person).where(Person.id == person_id).values(sessions_valid_from=_NOW))
    open_ones = update(ConsoleSession).where(ConsoleSession.person_id == person_id, ConsoleSession.revoked_at.is_(None))
    session.execute(open_ones.values(revoked_at=_NOW))


def change_zone(session: Session, person_id: UUID, timezone: str) -> str | None:
    """Keep the zone a person chose; gives the one before. Ends in `as_person`."""
    as_person(session, person_id)
    before = session.scalar(select(Person.timezone).where(Person.id == person_id))
    session.execute(update(Person).where(Person.id == person_id).values(timezone=timezone))
    return before


def seen(session: Session, member_id: UUID, person_id: UUID, session_id: UUID) -> None:
    """Note that a member is at work, to the minute. Ends in `as_person`."""
    as_person(session, person_id)
    stale = _NOW - SEEN_EVERY
    session.execute(
        update(Member)
        .where(Member.id == member_id, or_(Member.last_seen_at.is_(None), Member.last_seen_at < stale))
        .values(last_seen_at=_NOW)
    )
    session.execute(
        update(ConsoleSession)
        .where(ConsoleSession.id == session_id, ConsoleSession.last_seen_at < stale)
        .values(last_seen_at=_NOW)
    )


def choose(session: Session, session_id: UUID, organization_id: UUID) -> None:
    """Keep which organization a sign-in works in."""
    chosen = update(ConsoleSession).where(ConsoleSession.id == session_id)
    session.execute(chosen.values(chosen_organization=organization_id))


# Organizations


def add_organization(session: Session, organization_id: UUID, name: str, timezone: str) -> None:
    """Make the organization that this session is in."""
    session.execute(insert(Organization).values(id=organization_id, name=name, timezone=timezone))


def organization(session: Session, *, lock: bool = False) -> Organization:
    """The organization of this session; locked, its members and settings change one command at a time.

    The lock lets others refer to the organization meanwhile: each receipt and audit line does, and would deadlock.
    Raises NotFound when there is none.
    """
    own = select(Organization).where(Organization.id == func.masthead.ctx_organization())
    found = session.scalars(own.with_for_update(key_share=True) if lock else own).one_or_none()
    if found is None:
        raise NotFound("There is no such organization.")
    return found


def change_organization(session: Session, values: Mapping[str, Any]) -> None:
    """Write settings."""
    own = Organization.id == func.masthead.ctx_organization()
    session.execute(update(Organization).where(own).values(dict(values)))


# Members


def add_member(session: Session, organization_id: UUID, person_id: UUID, role: Role) -> UUID | None:
    """Make a person a member; None when they are one already, active or not."""
    new = insert_or_leave(Member).values(
        organization_id=organization_id, id=new_id(), person_id=person_id, role=role.value
    )
    return session.scalar(new.on_conflict_do_nothing().returning(Member.id))


def members(session: Session) -> list[Membership]:
    """All members, disabled ones too, by name."""
    rows = session.execute(_memberships().order_by(func.lower(Person.name), Member.id))
    return [Membership(*row) for row in rows]


def member(session: Session, member_id: UUID) -> Membership | None:
    """One member of this session's organization."""
    row = session.execute(_memberships().where(Member.id == member_id)).one_or_none()
    return None if row is None else Membership(*row)


def member_of_person(session: Session, person_id: UUID) -> Membership | None:
    """The person's membership in this session's organization, active or not."""
    row = session.execute(_memberships().where(Member.person_id == person_id)).one_or_none()
    return None if row is None else Membership(*row)


def standing(session: Session, person_id: UUID) -> tuple[UUID, Role, Organization] | None:
    """An active member's id and role, and the organization, in one statement; None when they are no (active) member."""
    found = (
        select(Member.id, Member.role, Organization)
        .join(Organization, Organization.id == Member.organization_id)
        .where(Member.person_id == person_id, Member.disabled_at.is_(None))
    )
    row = session.execute(found).one_or_none()
    return None if row is None else (row[0], Role(row[1]), row[2])


def member_with_email(session: Session, email: str) -> Membership | None:
    """A member whose person has this address."""
    row = session.execute(_memberships().where(Person.email == email).limit(1)).one_or_none()
    return None if row is None else Membership(*row)


def change_role(session: Session, member_id: UUID, role: Role) -> None:
    """Give a member another role."""
    session.execute(update(Member).where(Member.id == member_id).values(role=role.value))


def disable_member(session: Session, member_id: UUID) -> None:
    """End a membership now."""
    session.execute(update(Member).where(Member.id == member_id).values(disabled_at=_NOW))


def enable_member(session: Session, member_id: UUID) -> None:
    """Take a membership up again."""
    session.execute(update(Member).where(Member.id == member_id).values(disabled_at=None))


def has_other_admin(session: Session, member_id: UUID) -> bool:
    """Whether an active admin remains without this member."""
    others = (
        select(Member.id)
        .join(Person, Person.id == Member.person_id)
        .where(
            Member.id != member_id,
            Member.role == Role.ADMIN.value,
            Member.disabled_at.is_(None),
            Person.disabled_at.is_(None),
        )
    )
    return bool(session.execute(select(exists(others))).scalar_one())


# Invitations


def invited_lately(session: Session, organization_id: UUID, within: timedelta) -> int:
    """How many links were made here within a time; whoever makes others waits for this transaction's end."""
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"invite/{organization_id}"}
    )
    counted = session.execute(
        text(
            "select count(*) from masthead.audit_event where action in ('organizations.invite',"
            " 'organizations.renew_invitation') and at > (select clock_timestamp() - cast(:within as interval))"
        ),
        {"within": within},
    )
    return int(counted.scalar_one())


def add_invitation(
    session: Session, organization_id: UUID, token_sha256: bytes, email: str, role: Role, invited_by: UUID | None
) -> Invitation:
    """Make an invitation that lasts 7 days; earlier open ones for the address end now."""
    session.execute(
        update(Invitation)
        .where(Invitation.email == email, Invitation.accepted_at.is_(None), Invitation.expires_at > _NOW)
        .values(expires_at=_NOW)
    )
    new = insert(Invitation).values(
        organization_id=organization_id,
        id=new_id(),
        token_sha256=token_sha256,
        email=email,
        role=role.value,
        invited_by=invited_by,
        expires_at=_NOW + INVITATION_LASTS,
    )
    return session.scalars(new.returning(Invitation)).one()


def invitation(session: Session, invitation_id: UUID) -> tuple[Invitation, bool] | None:
    """An invitation, locked until the end of the transaction, and whether its time is over."""
    found = select(Invitation, Invitation.expires_at <= _NOW).where(Invitation.id == invitation_id)
    row = session.execute(found.with_for_update()).one_or_none()
    return None if row is None else (row[0], row[1])


def renew_invitation(session: Session, invitation_id: UUID, token_sha256: bytes) -> Invitation | None:
    """Give an open invitation another link; None when it was accepted or has run out."""
    open_one = (
        update(Invitation)
        .where(Invitation.id == invitation_id, Invitation.accepted_at.is_(None), Invitation.expires_at > _NOW)
        .values(token_sha256=token_sha256)
    )
    return session.scalars(open_one.returning(Invitation)).one_or_none()


def open_invitations(session: Session) -> list[tuple[Invitation, str | None]]:
    """Invitations that can still be accepted, newest first, with the name of who invited."""
    found = (
        select(Invitation, Person.name)
        .outerjoin(Member, Member.id == Invitation.invited_by)
        .outerjoin(Person, Person.id == Member.person_id)
        .where(Invitation.accepted_at.is_(None), Invitation.expires_at > _NOW)
        .order_by(Invitation.created_at.desc(), Invitation.id)
    )
    return [(row[0], row[1]) for row in session.execute(found)]


def end_invitation(session: Session, invitation_id: UUID) -> Invitation | None:
    """Let an open invitation end now; None when it was accepted or has run out."""
    open_one = (
        update(Invitation)
        .where(Invitation.id == invitation_id, Invitation.accepted_at.is_(None), Invitation.expires_at > _NOW)
        .values(expires_at=_NOW)
    )
    return session.scalars(open_one.returning(Invitation)).one_or_none()


def end_invitations_by(session: Session, member_id: UUID) -> int:
    """Let every open invitation that a member made end now; how many."""
    open_ones = update(Invitation).where(
        Invitation.invited_by == member_id, Invitation.accepted_at.is_(None), Invitation.expires_at > _NOW
    )
    return len(session.execute(open_ones.values(expires_at=_NOW).returning(Invitation.id)).all())


def accept_invitation(session: Session, invitation_id: UUID, person_id: UUID) -> None:
    """Bind an invitation to whoever accepted it."""
    own = update(Invitation).where(Invitation.id == invitation_id)
    session.execute(own.values(accepted_at=_NOW, accepted_by=person_id))


def invitation_of(session: Session, token_sha256: bytes) -> tuple[UUID, UUID] | None:
    """Organization and id of the invitation with this token, from outside any organization."""
    found = text("select organization_id, invitation_id from masthead.invitation_of(:token)")
    row = session.execute(found, {"token": token_sha256}).one_or_none()
    return None if row is None else (row[0], row[1])


def _memberships() -> Any:
    memberships = select(Member, Person.name, Person.email, Person.disabled_at)
    return memberships.join(Person, Person.id == Member.person_id)
