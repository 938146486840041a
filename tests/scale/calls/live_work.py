"""Calls of what is done to live posts."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from core.publishing import live_rows, queries
from core.publishing.live_rows import LiveClaim, Work
from core.publishing.live_rules import Kind, LiveState, Look, held
from tests.scale.calls import Calls
from tests.scale.world import World, alone, inside, outside


def _work_id(world: World, state: str = "waiting") -> UUID:
    found: UUID = world.one("select id from masthead.live_work where state = :state order by id limit 1", state=state)
    return found


def _work(session: Session, world: World, state: str = "waiting") -> Work:
    found = live_rows.find(session, _work_id(world, state))
    assert found is not None
    return found


def _claim(world: World) -> LiveClaim:
    return LiveClaim(world.organization_id, _work_id(world), 0)


def _post(world: World) -> str:
    found: str = world.one(
        "select p.provider_post_id from masthead.publication p join masthead.live_work w on w.organization_id ="
        " p.organization_id and w.publication_id = p.id where w.id = :id",
        id=_work_id(world),
    )
    return found


def _add(session: Session, world: World) -> None:
    live_rows.add(
        session,
        world.publication_id("published"),
        Kind.DELETE,
        asked_by=world.actor.member_id,
        words="",
        words_before="",
        correlation_id="test",
    )


CALLS: Final[Calls] = {
    queries.live_works: (alone(lambda world: queries.live_works(world.actor, world.post_id("published"))),),
    queries.live_trouble: (alone(lambda world: queries.live_trouble(world.actor)),),
    live_rows.claim_due: (
        outside(lambda session, _: live_rows.claim_due(session, 5, lease_s=60, first_read_s=15), "worker"),
    ),
    live_rows.is_waiting: (outside(lambda session, _: live_rows.is_waiting(session), "dispatch"),),
    live_rows.claimed: (inside(lambda session, world: live_rows.claimed(session, _claim(world)), "worker"),),
    live_rows.find: (inside(lambda session, world: live_rows.find(session, _work_id(world))),),
    live_rows.lock: (inside(lambda session, world: live_rows.lock(session, _work_id(world)), "worker"),),
    live_rows.open_try: (
        inside(
            lambda session, world: live_rows.open_try(
                session, _claim(world), _post(world), lease_s=60, send_within_s=10
            ),
            "worker",
        ),
    ),
    live_rows.move: (
        inside(lambda session, world: live_rows.move(session, _work(session, world), held("Busy.")), "worker"),
    ),
    live_rows.keep_look: (
        inside(
            lambda session, world: live_rows.keep_look(session, _work(session, world), Look(complete=True)), "worker"
        ),
    ),
    live_rows.note_deleted: (
        inside(lambda session, world: live_rows.note_deleted(session, _work(session, world), "Gone."), "worker"),
    ),
    live_rows.add: (inside(_add),),
    live_rows.again: (
        inside(
            lambda session, world: live_rows.again(
                session, _work(session, world, "failed"), because="Again.", correlation_id="test"
            )
        ),
    ),
    live_rows.close: (
        inside(
            lambda session, world: live_rows.close(
                session, _work(session, world, "failed"), LiveState.DROPPED, because="Let be."
            )
        ),
    ),
    live_rows.drop_failed: (
        inside(
            lambda session, world: live_rows.drop_failed(
                session, world.publication_id("published"), Kind.EDIT, because="Another."
            )
        ),
    ),
    live_rows.open_change: (
        inside(lambda session, world: live_rows.open_change(session, world.publication_id("published"))),
    ),
    live_rows.live_text: (
        inside(lambda session, world: live_rows.live_text(session, world.publication_id("published"))),
    ),
    live_rows.of_post: (inside(lambda session, world: live_rows.of_post(session, world.post_id("published"))),),
    live_rows.in_trouble: (inside(lambda session, _: live_rows.in_trouble(session, 20)),),
}
WITHOUT_SQL: Final = ()
