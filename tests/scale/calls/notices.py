"""Calls of notices and mail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from core.notices import queries, store
from core.notices.rules import Delivery, Kind
from core.notices.store import Place
from tests.scale.calls import Calls
from tests.scale.world import World, alone, inside, outside

_NOW: Final = datetime.now(UTC)
_NONE: Final = UUID(int=0)
_PLACE: Final = Place(_NOW - timedelta(days=2), 0)


def _me(world: World) -> UUID:
    return world.actor.member_id


def _mail(world: World) -> UUID:
    found: UUID = world.one("select id from masthead.mail where state = 'waiting' order by id limit 1")
    return found


def _notices(world: World) -> list[UUID]:
    return [world.one("select id from masthead.notice where member_id = :me order by id limit 1", me=_me(world))]


def _new(world: World) -> dict[str, Any]:
    about = {"kind": Kind.APPROVED, "dedupe_key": "new", "subject_kind": "post", "subject_id": world.post_id()}
    return {"member_id": _me(world), "data": {}, "delivery": Delivery.DAILY, **about}


def _see(session: Session, world: World) -> None:
    store.see(session, _me(world), _notices(world))
    store.see(session, _me(world))


CALLS: Final[Calls] = {
    queries.unseen: (alone(lambda world: queries.unseen(world.actor)),),
    queries.listed: (alone(lambda world: queries.listed(world.actor)),),
    queries.preferences: (alone(lambda world: queries.preferences(world.actor)),),
    queries.mail_standing: (alone(lambda world: queries.mail_standing(world.actor)),),
    store.with_news: (outside(lambda session, _: store.with_news(session), "worker"),),
    store.with_unmailed: (outside(lambda session, _: store.with_unmailed(session), "worker"),),
    store.organizations_after: (outside(lambda session, _: store.organizations_after(session, _NONE, 10), "worker"),),
    store.claim_mails: (outside(lambda session, _: store.claim_mails(session, 10, timedelta(minutes=1)), "worker"),),
    store.since: (inside(lambda session, _: store.since(session), "worker"),),
    store.moment: (inside(lambda session, _: store.moment(session), "worker"),),
    store.mark: (inside(lambda session, _: store.mark(session, _NOW), "worker"),),
    store.news: (inside(lambda session, _: store.news(session, _PLACE), "worker"),),
    store.live_news: (inside(lambda session, _: store.live_news(session, _PLACE), "worker"),),
    store.organizations_at_risk: (outside(lambda session, _: store.organizations_at_risk(session), "worker"),),
    store.risks: (inside(lambda session, _: store.risks(session), "worker"),),
    store.accesses: (inside(lambda session, _: store.accesses(session), "worker"),),
    store.preferences: (inside(lambda session, world: store.preferences(session, [_me(world)]), "worker"),),
    store.choose: (inside(lambda session, world: store.choose(session, _me(world), Kind.FAILED, Delivery.OFF)),),
    store.add_notices: (inside(lambda session, world: store.add_notices(session, [_new(world)]), "worker"),),
    store.unseen: (inside(lambda session, world: store.unseen(session, _me(world), 100)),),
    store.listed: (inside(lambda session, world: store.listed(session, _me(world), 50)),),
    store.see: (inside(_see),),
    store.take_turn: (inside(lambda session, _: store.take_turn(session), "worker"),),
    store.unmailed: (inside(lambda session, _: store.unmailed(session, _NOW), "worker"),),
    store.lately_mailed: (inside(lambda session, _: store.lately_mailed(session, _NOW), "worker"),),
    store.add_mail: (
        inside(lambda session, world: store.add_mail(session, _me(world), _notices(world), None), "worker"),
    ),
    store.mail_to_send: (inside(lambda session, world: store.mail_to_send(session, _mail(world)), "worker"),),
    store.notices_of: (inside(lambda session, world: store.notices_of(session, _mail(world)), "worker"),),
    store.close_mail: (inside(lambda session, world: store.close_mail(session, _mail(world), "sent"), "worker"),),
    store.delay_mail: (
        inside(lambda session, world: store.delay_mail(session, _mail(world), timedelta(minutes=1), "Busy."), "worker"),
    ),
    store.forget_notices: (
        inside(lambda session, _: store.forget_notices(session, timedelta(days=90), 1_000), "worker"),
    ),
    store.forget_mails: (inside(lambda session, _: store.forget_mails(session, timedelta(days=90), 1_000), "worker"),),
    store.trouble: (inside(lambda session, _: store.trouble(session)),),
}
WITHOUT_SQL: Final = (queries.mail_is_set_up, store.organization_of)
