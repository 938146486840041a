"""Calls of publishing. What senders do is called as the worker, what people decide as the console."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from core.infra.settings import PublishTimes
from core.posts.rules import PublicationState
from core.provider_kit.errors import Trace
from core.publishing import (
    ahead_rows,
    desk_rows,
    due_rows,
    ended_rows,
    error_reads,
    error_rows,
    held_reads,
    link_rows,
    overdue_rows,
    queries,
    read_rows,
    restored_rows,
    step_rows,
    store,
    unattended_rows,
)
from core.publishing.error_rows import Place, Window
from core.publishing.model import Attempt
from core.publishing.rules import AttemptState
from core.publishing.store import Claim
from tests.scale.calls import Calls
from tests.scale.world import World, alone, inside, outside, publication, sha256_of

_EPOCH: Final = 1
_S: Final = PublicationState
_MONTH: Final = Window(timedelta(days=30))
_LATER: Final = Place(datetime.now(UTC) + timedelta(days=1), "facebook|100||")


def _of_pause(world: World) -> tuple[UUID, list[UUID]]:
    """A pause in force and the accounts that it may be over."""
    pause_id = world.one("select id from masthead.pause where ended_at is null order by id limit 1")
    return pause_id, world.one("select array_agg(id) from masthead.account where state = 'active'")


def _of_account(world: World) -> Window:
    return Window(timedelta(days=30), "facebook", world.any_id("account"))


def _claim(world: World, state: str) -> Claim:
    return Claim(world.organization_id, world.publication_id(state), _EPOCH)


def _approved(world: World, state: str) -> bytes:
    found: bytes = world.one(
        "select approved_sha256 from masthead.publication where id = :id", id=world.publication_id(state)
    )
    return found


def _of_step(world: World) -> tuple[UUID, bytes]:
    publication_id = world.one("select publication_id from masthead.publication_step order by id limit 1")
    sha256 = world.one("select payload_sha256 from masthead.publication_step order by id limit 1")
    return publication_id, sha256


def _attempt(session: Session, world: World) -> Attempt:
    found = store.unresolved_attempt(session, world.publication_id("sending"))
    assert found is not None
    return found


def _unresolved(session: Session, world: World) -> int:
    return _attempt(session, world).id


def _close(session: Session, world: World, state: AttemptState) -> None:
    assert store.close_attempt(session, _unresolved(session, world), state, trace=Trace(http_status=200), words="So.")


def _published(session: Session, world: World) -> None:
    _close(session, world, AttemptState.ACCEPTED)
    store.close_as_published(session, world.publication_id("sending"), provider_post_id="new", permalink=None)


def _retried(session: Session, world: World) -> None:
    _close(session, world, AttemptState.REJECTED)
    store.retry_in(session, world.publication_id("sending"), seconds=60, because="Busy.", last_error=None)


def _waits(session: Session, world: World) -> None:
    attempt_id = _unresolved(session, world)
    _close(session, world, AttemptState.UNKNOWN)
    store.wait_to_check(
        session,
        world.publication_id("sending"),
        attempt_id=attempt_id,
        first_read_s=15,
        because="No answer.",
        last_error=None,
    )


def _evidence(world: World) -> None:
    for state in ("published", "unknown", "needs_human"):
        queries.evidence(world.actor, world.publication_id(state))


CALLS: Final[Calls] = {
    queries.evidence: (alone(_evidence),),
    queries.stopped_since: (alone(lambda world: queries.stopped_since(world.actor)),),
    queries.desk: (alone(lambda world: queries.desk(world.actor)),),
    due_rows.claim_due: (
        outside(
            lambda session, _: due_rows.claim_due(
                session,
                10,
                owner="test",
                lease_s=30,
                backlog_older_than_s=300,
                backlog_spacing_s=60,
                twin_spacing_s=60,
            ),
            "worker",
        ),
    ),
    due_rows.claim_checks: (outside(lambda session, _: due_rows.claim_checks(session, 10, lease_s=60), "worker"),),
    due_rows.claim_links: (outside(lambda session, _: due_rows.claim_links(session, 10, lease_s=60), "worker"),),
    due_rows.sweep: (
        outside(lambda session, _: due_rows.sweep(session, first_read_s=15, retry_s=5), "worker"),
        outside(lambda session, _: due_rows.sweep(session, first_read_s=15, retry_s=5), "dispatch"),
    ),
    due_rows.until_next_due: (outside(lambda session, _: due_rows.until_next_due(session), "dispatch"),),
    due_rows.work_waiting: (outside(lambda session, _: due_rows.work_waiting(session), "dispatch"),),
    unattended_rows.oldest_due_s: (
        outside(lambda session, _: unattended_rows.oldest_due_s(session, PublishTimes())),
        outside(lambda session, _: unattended_rows.oldest_due_s(session, PublishTimes()), "dispatch"),
    ),
    unattended_rows.organizations: (
        outside(lambda session, _: unattended_rows.organizations(session, PublishTimes()), "worker"),
    ),
    unattended_rows.oldest: (
        inside(lambda session, _: unattended_rows.oldest(session, PublishTimes())),
        inside(lambda session, _: unattended_rows.oldest(session, PublishTimes()), "worker"),
    ),
    due_rows.beat: (outside(lambda session, _: due_rows.beat(session, "test"), "dispatch"),),
    due_rows.heartbeats: (outside(lambda session, _: due_rows.heartbeats(session)),),
    store.claim: (
        inside(
            lambda session, world: store.claim(session, _claim(world, "queued"), owner="test", lease_s=60), "worker"
        ),
    ),
    ahead_rows.claim: (
        outside(lambda session, _: ahead_rows.claim(session, 4, owner="test", times=PublishTimes()), "worker"),
    ),
    ahead_rows.is_waiting: (outside(lambda session, _: ahead_rows.is_waiting(session, PublishTimes()), "dispatch"),),
    ahead_rows.look: (inside(lambda session, world: ahead_rows.look(session, _claim(world, "scheduled")), "worker"),),
    ahead_rows.renew: (
        inside(
            lambda session, world: ahead_rows.renew(
                session, _claim(world, "scheduled"), approved_sha256=_approved(world, "scheduled"), lease_s=120
            ),
            "worker",
        ),
    ),
    ahead_rows.leave: (
        inside(
            lambda session, world: ahead_rows.leave(session, _claim(world, "scheduled"), tries=1, again_in_s=5),
            "worker",
        ),
    ),
    ahead_rows.tell: (
        inside(
            lambda session, world: ahead_rows.tell(session, _claim(world, "scheduled"), "test", {"ahead": "prepared"}),
            "worker",
        ),
    ),
    ahead_rows.note_refusal: (
        inside(
            lambda session, world: ahead_rows.note_refusal(
                session, _claim(world, "scheduled"), {"reason": "Too small.", "ahead": True}
            ),
            "worker",
        ),
    ),
    store.give_back: (
        inside(
            lambda session, world: store.give_back(
                session, _claim(world, "claimed"), _S.SCHEDULED, wait_s=60, last_error={"reason": "Busy."}
            ),
            "worker",
        ),
    ),
    store.open_attempt: (
        inside(
            lambda session, world: store.open_attempt(
                session,
                _claim(world, "claimed"),
                approved_sha256=_approved(world, "claimed"),
                request_sha256=sha256_of("request"),
                lease_s=60,
                send_within_s=10,
            ),
            "worker",
        ),
    ),
    store.renew: (
        inside(
            lambda session, world: store.renew(
                session, _claim(world, "claimed"), approved_sha256=_approved(world, "claimed"), lease_s=60
            ),
            "worker",
        ),
    ),
    store.held: (inside(lambda session, world: store.held(session, _claim(world, "sending")), "worker"),),
    store.lock: (
        inside(lambda session, world: store.lock(session, world.publication_id("unknown"))),
        inside(lambda session, world: store.lock(session, world.publication_id("unknown"), _EPOCH), "worker"),
    ),
    store.unresolved_attempt: (inside(_unresolved, "worker"),),
    store.attempt: (
        inside(lambda session, world: store.attempt(session, world.publication_id("sending"), 1), "worker"),
    ),
    store.attempts_closed_by: (
        inside(
            lambda session, world: store.attempts_closed_by(
                session, world.publication_id(), "program:checker", AttemptState.UNKNOWN
            ),
            "worker",
        ),
    ),
    store.first_in_doubt_at: (
        inside(
            lambda session, world: store.first_in_doubt_at(
                session, world.publication_id("sending"), _attempt(session, world)
            ),
            "worker",
        ),
    ),
    store.repeats_a_call: (
        inside(lambda session, world: store.repeats_a_call(session, world.publication_id()), "worker"),
    ),
    store.close_attempt: (
        inside(lambda session, world: _close(session, world, AttemptState.ACCEPTED), "worker"),
        inside(lambda session, world: _close(session, world, AttemptState.UNKNOWN), "worker"),
    ),
    store.move: (
        inside(lambda session, world: store.move(session, world.publication_id("approved"), _S.DRAFT, because="Why.")),
    ),
    store.wait_to_check: (inside(_waits, "worker"),),
    store.retry_in: (inside(_retried, "worker"),),
    store.read_again_in: (
        inside(
            lambda session, world: store.read_again_in(session, world.publication_id("unknown"), _EPOCH, 60), "worker"
        ),
    ),
    store.ask_a_person: (
        inside(
            lambda session, world: store.ask_a_person(
                session, world.publication_id("unknown"), "Why.", read_again_s=600
            ),
            "worker",
        ),
    ),
    store.close_as_published: (inside(_published, "worker"),),
    read_rows.add_read: (
        inside(
            lambda session, world: read_rows.add_read(
                session,
                world.publication_id("unknown"),
                world.attempt_id("unknown"),
                complete=True,
                matches=0,
                evidence={"seen": 0},
            ),
            "worker",
        ),
    ),
    read_rows.note: (
        inside(
            lambda session, world: read_rows.note(
                session, world.publication_id(), "test", {"late_yes": True, "because": "It is live."}
            ),
            "worker",
        ),
    ),
    read_rows.taken: (
        inside(
            lambda session, world: read_rows.taken(session, publication(session, world), ["live-1", "live-2"]), "worker"
        ),
    ),
    read_rows.hold_account: (
        inside(lambda session, world: read_rows.hold_account(session, publication(session, world).account_id)),
    ),
    read_rows.names_of_others: (
        inside(lambda session, world: read_rows.names_of_others(session, publication(session, world), ["1"], "live-1")),
    ),
    read_rows.has_unresolved_twin: (
        inside(lambda session, world: read_rows.has_unresolved_twin(session, publication(session, world)), "worker"),
    ),
    link_rows.link: (inside(lambda session, world: link_rows.link(session, world.publication_id()), "worker"),),
    link_rows.accepted_attempt: (
        inside(lambda session, world: link_rows.accepted_attempt(session, world.publication_id()), "worker"),
    ),
    link_rows.name_post: (
        inside(lambda session, world: link_rows.name_post(session, world.publication_id(), "new"), "worker"),
    ),
    link_rows.note_not_shown: (
        inside(
            lambda session, world: link_rows.note_not_shown(
                session, world.publication_id(), "test", {"not_shown": True, "because": "It is broken."}
            ),
            "worker",
        ),
    ),
    link_rows.note_link: (
        inside(
            lambda session, world: link_rows.note_link(session, world.publication_id(), url=None, again_in_s=60),
            "worker",
        ),
    ),
    store.publication: (inside(lambda session, world: store.publication(session, world.publication_id())),),
    store.attempts: (inside(lambda session, world: store.attempts(session, world.publication_id())),),
    read_rows.reads: (inside(lambda session, world: read_rows.reads(session, world.publication_id("unknown"))),),
    store.events: (inside(lambda session, world: store.events(session, world.publication_id())),),
    store.pressed_lately: (inside(lambda session, _: store.pressed_lately(session, "publication.publish_now")),),
    store.now: (inside(lambda session, _: store.now(session)),),
    link_rows.line_of: (inside(lambda session, world: link_rows.line_of(session, world.publication_id()), "worker"),),
    error_rows.groups: (
        inside(lambda session, _: error_rows.groups(session, _MONTH, None, 21)),
        inside(lambda session, world: error_rows.groups(session, _of_account(world), _LATER, 21)),
    ),
    error_rows.lines: (
        inside(lambda session, _: error_rows.lines(session, _MONTH, "facebook|100||", None, 11)),
        inside(lambda session, _: error_rows.lines(session, _MONTH, None, _LATER, 11)),
    ),
    error_reads.errors: (alone(lambda world: error_reads.errors(world.actor)),),
    error_reads.behind: (alone(lambda world: error_reads.behind(world.actor, "facebook|100||")),),
    error_reads.export_errors: (alone(lambda world: error_reads.export_errors(world.actor)),),
    held_reads.held: (inside(lambda session, _: held_reads.held(session, {})),),
    held_reads.held_posts: (alone(lambda world: held_reads.held_posts(world.actor)),),
    step_rows.kept: (inside(lambda session, world: step_rows.kept(session, *_of_step(world), usable=True), "worker"),),
    step_rows.keep: (
        inside(
            lambda session, world: step_rows.keep(
                session,
                _claim(world, "claimed"),
                _approved(world, "claimed"),
                "container",
                "made",
                lives_s=60,
                correlation_id="test",
            ),
            "worker",
        ),
    ),
    step_rows.drop: (
        inside(lambda session, world: step_rows.drop(session, _of_step(world)[0], "container", "Gone."), "worker"),
    ),
    ended_rows.let_posts_go: (inside(lambda session, _: ended_rows.let_posts_go(session, "facebook"), "worker"),),
    ended_rows.let_the_rest_go: (
        inside(
            lambda session, _: ended_rows.let_the_rest_go(session, "facebook", PublishTimes()),
            "worker",
        ),
    ),
    restored_rows.now_and_last_look: (outside(lambda session, _: restored_rows.now_and_last_look(session), "worker"),),
    restored_rows.due: (inside(lambda session, _: restored_rows.due(session), "worker"),),
    restored_rows.put_in_doubt: (
        inside(
            lambda session, world: restored_rows.put_in_doubt(
                session, world.publication_id("scheduled"), datetime.now(UTC) - timedelta(hours=1)
            ),
            "worker",
        ),
    ),
    restored_rows.mark_what_people_may_have_sent: (
        inside(
            lambda session, _: restored_rows.mark_what_people_may_have_sent(
                session, datetime.now(UTC) - timedelta(hours=1), timedelta(days=14)
            ),
            "worker",
        ),
    ),
    restored_rows.put_comments_in_doubt: (
        inside(lambda session, _: restored_rows.put_comments_in_doubt(session), "worker"),
    ),
    overdue_rows.accounts_under: (
        inside(lambda session, world: overdue_rows.accounts_under(session, _of_pause(world)[0])),
    ),
    overdue_rows.overdue: (
        inside(
            lambda session, world: overdue_rows.overdue(
                session, _of_pause(world)[1], datetime.now(UTC) - timedelta(hours=1), 200
            )
        ),
    ),
    overdue_rows.waiting: (
        inside(lambda session, world: overdue_rows.waiting(session, _of_pause(world)[1], datetime.now(UTC))),
    ),
    overdue_rows.planned: (
        inside(
            lambda session, world: overdue_rows.planned(
                session, _of_pause(world)[1], datetime.now(UTC), [world.publication_id("scheduled")]
            )
        ),
    ),
    desk_rows.open_questions: (inside(lambda session, _: desk_rows.open_questions(session, 51)),),
    step_rows.every: (inside(lambda session, world: step_rows.every(session, world.publication_id())),),
}
WITHOUT_SQL: Final = ()
