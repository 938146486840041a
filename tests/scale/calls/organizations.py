"""Calls of organizations, people and sign-ins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from core.audit.queries import Narrowed
from core.infra import db
from core.infra.actor import Role
from core.organizations import queries, store, trail
from core.organizations.rules import Permission
from tests.scale.calls import Calls
from tests.scale.world import World, alone, inside, outside, sha256_of

_NOW: Final = datetime.now(UTC)
_TOLD: Final = {"email": "new@people.example", "email_verified": True, "name": "New"}
_KEY: Final = sha256_of("session 1-0-0")
_TOKEN: Final = sha256_of("invitation 1-1")


def _other(world: World) -> UUID:
    """Another member."""
    found: UUID = world.one("select id from masthead.member order by id desc limit 1")
    return found


def _open(world: World) -> UUID:
    found: UUID = world.one("select id from masthead.invitation where expires_at > now() order by id limit 1")
    return found


def _signed_in(session: Session, world: World) -> object:
    store.as_person(session, world.actor.person_id)
    return store.session_entered(session, sha256_of("new"), world.actor.person_id, _NOW, _NOW)


def _newest(session: Session, world: World) -> object:
    store.as_person(session, world.actor.person_id)
    return store.is_newest(session, world.actor.person_id, _NOW)


def _told(session: Session, world: World) -> object:
    store.as_person(session, world.actor.person_id)
    return store.person_told(session, world.actor.person_id, _TOLD)


def _ended(session: Session, world: World) -> object:
    store.as_person(session, world.actor.person_id)
    return store.end_session(session, world.actor.session_id)


def _chosen(session: Session, world: World) -> object:
    store.as_person(session, world.actor.person_id)
    return store.choose(session, world.actor.session_id, world.organization_id)


def _added(session: Session, world: World) -> object:
    person_id = store.person_entered(session, "https://scale.example", "new", _TOLD)
    return store.add_member(session, world.organization_id, person_id, Role.EDITOR)


def _founded(world: World) -> None:
    organization_id = uuid4()
    with db.organization_transaction(organization_id, "program:test") as session:
        store.add_organization(session, organization_id, f"Beside {world.actor.name}", "Europe/Berlin")


def _invited(session: Session, world: World) -> Any:
    email = "invited-1-1@people.example"
    return store.add_invitation(
        session, world.organization_id, sha256_of("new"), email, Role.EDITOR, world.actor.member_id
    )


CALLS: Final[Calls] = {
    queries.signed_in: (alone(lambda _: queries.signed_in(_KEY, "test")),),
    queries.members: (alone(lambda world: queries.members(world.actor)),),
    queries.members_in: (inside(lambda session, _: queries.members_in(session)),),
    queries.invitations: (alone(lambda world: queries.invitations(world.actor)),),
    queries.sign_ins: (alone(lambda world: queries.sign_ins(world.actor)),),
    queries.names_of_actors: (inside(lambda session, _: queries.names_of_actors(session)),),
    queries.require_still: (
        inside(lambda session, world: queries.require_still(session, world.actor, Permission.READ)),
    ),
    queries.organization_in: (inside(lambda session, _: queries.organization_in(session)),),
    trail.trail: (alone(lambda world: trail.trail(world.actor)),),
    trail.export_trail: (alone(lambda world: trail.export_trail(world.actor, Narrowed(areas=("account",)))),),
    store.as_person: (outside(lambda session, world: store.as_person(session, world.actor.person_id)),),
    store.person_entered: (
        outside(lambda session, _: store.person_entered(session, "https://scale.example", "new", _TOLD)),
        outside(lambda session, _: store.person_entered(session, "https://scale.example", "1-1", _TOLD)),
    ),
    store.person_told: (outside(_told),),
    store.session_entered: (outside(_signed_in),),
    store.is_newest: (outside(_newest),),
    store.live: (outside(lambda session, _: store.live(session, _KEY)),),
    store.end_session: (outside(_ended),),
    store.sign_ins: (outside(lambda session, world: store.sign_ins(session, world.actor.person_id)),),
    store.end_every_session: (outside(lambda session, world: store.end_every_session(session, world.actor.person_id)),),
    store.change_zone: (
        outside(lambda session, world: store.change_zone(session, world.actor.person_id, "Europe/Paris")),
    ),
    store.seen: (
        inside(
            lambda session, world: store.seen(
                session, world.actor.member_id, world.actor.person_id, world.actor.session_id
            )
        ),
    ),
    store.choose: (outside(_chosen),),
    store.organization: (
        inside(lambda session, _: store.organization(session)),
        inside(lambda session, _: store.organization(session, lock=True)),
    ),
    store.add_organization: (alone(_founded),),
    store.change_organization: (inside(lambda session, _: store.change_organization(session, {"name": "Other"})),),
    store.add_member: (inside(_added),),
    store.members: (inside(lambda session, _: store.members(session)),),
    store.member: (inside(lambda session, world: store.member(session, world.actor.member_id)),),
    store.member_of_person: (inside(lambda session, world: store.member_of_person(session, world.actor.person_id)),),
    store.standing: (inside(lambda session, world: store.standing(session, world.actor.person_id)),),
    store.member_with_email: (
        inside(lambda session, _: store.member_with_email(session, "person-1-1@people.example")),
        inside(lambda session, _: store.member_with_email(session, "nobody@people.example")),
    ),
    store.change_role: (inside(lambda session, world: store.change_role(session, _other(world), Role.ADMIN)),),
    store.disable_member: (inside(lambda session, world: store.disable_member(session, _other(world))),),
    store.enable_member: (inside(lambda session, world: store.enable_member(session, _other(world))),),
    store.has_other_admin: (inside(lambda session, world: store.has_other_admin(session, world.actor.member_id)),),
    store.invited_lately: (
        inside(lambda session, world: store.invited_lately(session, world.organization_id, timedelta(hours=1))),
    ),
    store.add_invitation: (inside(_invited),),
    store.invitation: (inside(lambda session, world: store.invitation(session, _open(world))),),
    store.renew_invitation: (
        inside(lambda session, world: store.renew_invitation(session, _open(world), sha256_of("renewed"))),
    ),
    store.open_invitations: (inside(lambda session, _: store.open_invitations(session)),),
    store.end_invitation: (inside(lambda session, world: store.end_invitation(session, _open(world))),),
    store.end_invitations_by: (
        inside(lambda session, world: store.end_invitations_by(session, world.actor.member_id)),
    ),
    store.accept_invitation: (
        inside(lambda session, world: store.accept_invitation(session, _open(world), world.actor.person_id)),
    ),
    store.invitation_of: (outside(lambda session, _: store.invitation_of(session, _TOKEN)),),
}
WITHOUT_SQL: Final = (queries.permission_table,)
