"""Another time: for a post with everything of it, for one publication, or for what of a post stands at one time.

An approval is over bytes, not time, so it stays (PRODUCT 5).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Conflict, Invalid
from core.organizations.rules import Permission, require
from core.posts import editing, receipts
from core.posts import store as posts
from core.posts.model import Publication
from core.posts.problems import Ask
from core.posts.rules import MAY_BE_LIVE, Needs, PublicationState
from core.publishing.inputs import Move, Slot, Target
from core.publishing.views import Changed, LeftAlone
from core.publishing.work import (
    Work,
    counted,
    done,
    hold,
    ids,
    refuse_if_none,
    schedule,
    sort_out,
    why_fixed,
    without_problems,
    work_on,
)

_S = PublicationState
_RESCHEDULE: Final = "publication.reschedule"
_MOVED_MEANWHILE: Final = "Somebody moved it meanwhile, so it wasn't moved again. This is where it stands now."


def reschedule(
    actor: Actor,
    action_id: UUID,
    slot_at: datetime,
    *,
    post_id: UUID | None = None,
    publication_id: UUID | None = None,
    only: Collection[UUID] | None = None,
) -> Changed:
    """Move the slot to `slot_at` (aware, in the future); an approval stays, for it is over bytes (editors).

    Of a post, everything that hasn't been sent moves, or what `only` names of it, and so does the post's own wish. What
    missed its slot for want of an approval goes back into review.
    """
    require(actor, Permission.RESCHEDULE)
    target = Target.of(post_id, publication_id, only)
    slot = Slot.read(slot_at=slot_at).slot_at
    with db.transaction(actor) as session:
        earlier = receipts.earlier(session, actor, action_id, _RESCHEDULE, Changed)
        if earlier is not None:
            return earlier
        work = work_on(session, target)
        before = {str(row.id): row.due_at for row in work.rows}
        rows, left = _give_time(session, actor, work, work.rows, slot)
        if target.post_id is not None:
            posts.move_slot(session, work.post, slot, actor.member_id, work.moment)
        changed = Changed(ids(rows), left, counted(rows, "moved"))
        before = {str(row_id): before[str(row_id)] for row_id in changed.publication_ids}
        return done(session, actor, action_id, _RESCHEDULE, target, changed, {"slot_at": slot}, before)


def move(
    actor: Actor,
    action_id: UUID,
    post_id: UUID,
    *,
    was: datetime,
    to: datetime,
    only: Collection[UUID] | None = None,
) -> Changed:
    """Move what of a post stands at `was` together to `to`, as a drag in the calendar means it (editors).

    `was` is what the page showed: Conflict when nothing of the post stands there any more. The time wished for the post
    goes along unless a publication stays behind at it. `only` names the publications of a move that is taken back, so
    that those which stood there before stay.
    """
    require(actor, Permission.RESCHEDULE)
    wanted = Move.read(post_id=post_id, was=was, to=to, only=None if only is None else tuple(only))
    with db.transaction(actor) as session:
        earlier = receipts.earlier(session, actor, action_id, _RESCHEDULE, Changed)
        if earlier is not None:
            return earlier
        work = hold(session, post_id)
        standing = [row for row in work.rows if row.due_at == wanted.was]
        chosen = [row for row in standing if wanted.only is None or row.id in wanted.only]
        wish_alone = not work.rows and work.post.slot_at == wanted.was
        if not chosen and not wish_alone:
            raise Conflict(_MOVED_MEANWHILE)
        rows, left = _give_time(session, actor, work, chosen, wanted.to)
        if work.post.slot_at == wanted.was and len(rows) == len(standing):
            posts.move_slot(session, work.post, wanted.to, actor.member_id, work.moment)
        changed = Changed(ids(rows), left, counted(rows, "moved") if rows else "Moved.")
        before = {"slot_at": wanted.was}
        target = Target.read(post_id=post_id)
        return done(session, actor, action_id, _RESCHEDULE, target, changed, {"slot_at": wanted.to}, before)


def why_not_move(work: Work, row: Publication, slot: datetime) -> str | None:
    """Why this publication can't get another time; None if it can."""
    fixed = why_fixed(row)
    if fixed:
        return fixed
    if row.state in (_S.APPROVED, _S.SCHEDULED) and not editing.approval_holds(row, work.moment):
        return "Its approval has lapsed. Submit it again."
    if not _goes_on_schedule(row, work.moment):
        return None
    if row.id in work.unproven:
        return MAY_BE_LIVE
    if row.approved_until is not None and row.approved_until <= slot:
        return "Its approval ends before that time. Choose an earlier one, or submit it again."
    return None


def _give_time(
    session: Session, actor: Actor, work: Work, rows: Sequence[Publication], slot: datetime
) -> tuple[list[Publication], tuple[LeftAlone, ...]]:
    """Give every row that can have it this time; raises Invalid when the time has passed or no row can."""
    if slot <= work.moment:
        raise Invalid(["That time has passed. Choose a later one."])
    movable, left = sort_out(rows, lambda row: why_not_move(work, row, slot))
    ready = [row for row in movable if _goes_on_schedule(row, work.moment)]
    ready, more_left = without_problems(session, work, ready, Ask.SCHEDULE, slot)
    others = [row for row in movable if not _goes_on_schedule(row, work.moment)]
    moved = [*ready, *others]
    if rows:
        refuse_if_none(moved, left + more_left)
    for row in ready:
        schedule(session, actor, work, row, slot, "a person gave it another time")
    for row in others:
        _wish(session, work, row, slot)
    return moved, left + more_left


def _goes_on_schedule(row: Publication, moment: datetime) -> bool:
    """Whether a new time puts it on the schedule; otherwise the time is a wish until it is approved."""
    asked = row.state in (_S.APPROVED, _S.SCHEDULED) or row.needs is Needs.LATE
    return asked and editing.approval_holds(row, moment)


def _wish(session: Session, work: Work, row: Publication, due_at: datetime) -> None:
    """Another time for what isn't approved; what came to a person for want of an approval is asked again."""
    values: dict[str, Any] = {
        "due_at": due_at,
        "not_after": due_at + timedelta(seconds=work.account(row).window_s),
    }
    if row.state is _S.NEEDS_HUMAN:
        values |= {"state": _S.IN_REVIEW, "needs": None}
    posts.change(session, row, because="a person gave it another time", **values)
