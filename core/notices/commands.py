"""Everything that changes notices: what a person does with their own, and what programs do for everybody's."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from core.audit.commands import first_time, record
from core.infra import db
from core.infra.actor import Actor
from core.notices import store
from core.notices.forgetting import forget_old
from core.notices.inviting import InvitationMail, mail_invitation
from core.notices.outbox import write_due as write_mail
from core.notices.raising import raise_due, raise_ends, raise_risks, raise_stopped
from core.notices.rules import ABOUT, Delivery, Kind
from core.notices.sending import send_due as send_mail

__all__ = [
    "InvitationMail",
    "choose_delivery",
    "forget_old",
    "mail_invitation",
    "raise_due",
    "raise_ends",
    "raise_risks",
    "raise_stopped",
    "see",
    "see_all",
    "send_mail",
    "write_mail",
]


def see(actor: Actor, notice_ids: Collection[UUID]) -> int:
    """Mark some of one's own notices as seen; gives how many were not. Somebody else's stay as they are."""
    with db.transaction(actor) as session:
        return store.see(session, actor.member_id, notice_ids)


def see_all(actor: Actor) -> int:
    """Mark all of one's own notices as seen; gives how many were not."""
    with db.transaction(actor) as session:
        return store.see(session, actor.member_id)


def choose_delivery(actor: Actor, action_id: UUID, kind: Kind, delivery: Delivery) -> None:
    """How one's own notices of a kind are mailed from now on; what waits for tomorrow's digest follows."""
    kind, delivery = Kind(kind), Delivery(delivery)
    with db.transaction(actor) as session:
        if not first_time(session, actor, action_id, "notices.choose_delivery"):
            return
        chosen = store.preferences(session, [actor.member_id])
        before = chosen.get((actor.member_id, kind), ABOUT[kind].default)
        store.choose(session, actor.member_id, kind, delivery)
        record(
            session,
            actor,
            "notices.choose_delivery",
            "member",
            actor.member_id,
            before={kind: before},
            after={kind: delivery},
        )
