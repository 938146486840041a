"""What people change of themselves: their zone and their sign-ins. Nobody needs a permission for that."""

from __future__ import annotations

from uuid import UUID

from core.audit.commands import first_time, record
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import NotFound
from core.organizations import store
from core.organizations.sound import sound_zone


def choose_zone(actor: Actor, action_id: UUID, timezone: str) -> None:
    """The zone that stands beside the organization's for this person, in every organization. Raises Invalid."""
    zone = sound_zone(timezone)
    with db.transaction(actor) as session:
        if not first_time(session, actor, action_id, "organizations.choose_zone"):
            return
        before = store.change_zone(session, actor.person_id, zone)
        record(
            session,
            actor,
            "organizations.choose_zone",
            "person",
            actor.person_id,
            before={"timezone": before},
            after={"timezone": zone},
        )


def end_sign_in(actor: Actor, action_id: UUID, session_id: UUID) -> None:
    """End one of one's own sign-ins, in every tab and copy of its cookie. Raises NotFound for somebody else's."""
    with db.transaction(actor) as session:
        if not first_time(session, actor, action_id, "organizations.end_sign_in"):
            return
        if session_id not in {each.id for each in store.sign_ins(session, actor.person_id)}:
            raise NotFound("This sign-in is over already.")
        store.end_session(session, session_id)
        record(session, actor, "organizations.end_sign_in", "person", actor.person_id)


def sign_out_everywhere(actor: Actor, action_id: UUID) -> None:
    """End all of one's own sign-ins, this one too, on every device."""
    with db.transaction(actor) as session:
        if not first_time(session, actor, action_id, "organizations.sign_out_everywhere"):
            return
        store.end_every_session(session, actor.person_id)
        record(session, actor, "organizations.sign_out_everywhere", "person", actor.person_id)


def note_seen(actor: Actor) -> None:
    """Note that this person is at work here; costs a write once a minute at most."""
    with db.transaction(actor) as session:
        store.seen(session, actor.member_id, actor.person_id, actor.session_id)
