"""When, and whether at all: publish now, reschedule, cancel, try again.

A person's command locks the post and then its publications, so it and a sender take turns: whoever is first wins.
Once a sender has claimed a publication it can't be stopped, because nobody could say afterwards whether it was stopped
in time; the words say so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.audit.commands import record
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Conflict, Invalid, NotFound, Refused
from core.organizations.rules import Permission, require
from core.posts import editing, problems, receipts
from core.posts import store as posts
from core.posts.model import Post, Publication
from core.posts.payloads import intent_key
from core.posts.problems import Ask, Candidate
from core.posts.rules import BEING_SENT, FINAL, Needs, PublicationState
from core.posts.store import AccountFacts, Situation
from core.posts.writing import locked
from core.provider_kit.types import Payload
from core.publishing import rules, store
from core.publishing.inputs import Reason, Slot, Target
from core.publishing.views import Changed, LeftAlone

_S = PublicationState
_PUBLISH_NOW = "publication.publish_now"


@dataclass(frozen=True, slots=True)
class _Work:
    """The post and publications a command was pointed at, held until the end of its transaction."""

    post: Post
    rows: tuple[Publication, ...]
    all_rows: tuple[Publication, ...]
    accounts: dict[UUID, AccountFacts]
    situation: Situation

    @property
    def moment(self) -> datetime:
        return self.situation.moment

    def account(self, row: Publication) -> AccountFacts:
        return self.accounts[row.account_id]


def publish_now(
    actor: Actor, action_id: UUID, *, post_id: UUID | None = None, publication_id: UUID | None = None
) -> Changed:
    """Send as soon as a sender is free (approvers): what is approved, scheduled, or was approved and is late.

    At most 30 times a minute in an organization. Of a post, publications with a problem are left alone; Invalid with
    all reasons when none is left.
    """
    require(actor, Permission.PUBLISH_NOW)
    target = Target.read(post_id=post_id, publication_id=publication_id)
    with db.transaction(actor) as session:
        earlier = receipts.earlier(session, actor, action_id, _PUBLISH_NOW, Changed)
        if earlier is not None:
            return earlier
        if store.pressed_lately(session, _PUBLISH_NOW) >= rules.PUBLISH_NOW_PER_MINUTE:
            raise Refused(
                f"Publish now was pressed {rules.PUBLISH_NOW_PER_MINUTE} times in the last minute here."
                " Wait a minute, or schedule the rest."
            )
        work = _work(session, target)
        rows, left = _sorted(work.rows, lambda row: why_not_now(row, work.moment))
        rows, more_left = _without_problems(session, work, rows, Ask.PUBLISH_NOW, None)
        _refuse_if_none(rows, left + more_left)
        for row in rows:
            _schedule(session, actor, work, row, work.moment, "a person asked to publish it now")
        changed = Changed(_ids(rows), left + more_left, _counted(rows, "will be sent now"))
        return _done(session, actor, action_id, _PUBLISH_NOW, target, changed, {"due_at": work.moment})


def reschedule(
    actor: Actor,
    action_id: UUID,
    slot_at: datetime,
    *,
    post_id: UUID | None = None,
    publication_id: UUID | None = None,
) -> Changed:
    """Move the slot to `slot_at` (aware, in the future); an approval stays, for it is over bytes (editors).

    Of a post, everything that hasn't been sent moves, and so does the post's own wish. What missed its slot for want of
    an approval goes back into review.
    """
    require(actor, Permission.RESCHEDULE)
    target = Target.read(post_id=post_id, publication_id=publication_id)
    slot = Slot.read(slot_at=slot_at).slot_at
    with db.transaction(actor) as session:
        earlier = receipts.earlier(session, actor, action_id, "publication.reschedule", Changed)
        if earlier is not None:
            return earlier
        work = _work(session, target)
        if slot <= work.moment:
            raise Invalid(["That time has passed. Choose a later one."])
        rows, left = _sorted(work.rows, lambda row: why_not_move(row, slot, work.moment))
        ready = [row for row in rows if _goes_on_schedule(row, work.moment)]
        ready, more_left = _without_problems(session, work, ready, Ask.SCHEDULE, slot)
        others = [row for row in rows if not _goes_on_schedule(row, work.moment)]
        rows = [*ready, *others]
        _refuse_if_none(rows, left + more_left)
        before = {str(row.id): row.due_at for row in rows}
        for row in ready:
            _schedule(session, actor, work, row, slot, "a person gave it another time")
        for row in others:
            _wish(session, work, row, slot)
        if target.post_id is not None:
            posts.move_slot(session, work.post, slot, actor.member_id, work.moment)
        changed = Changed(_ids(rows), left + more_left, _counted(rows, "moved"))
        return _done(session, actor, action_id, "publication.reschedule", target, changed, {"slot_at": slot}, before)


def cancel(
    actor: Actor,
    action_id: UUID,
    *,
    post_id: UUID | None = None,
    publication_id: UUID | None = None,
    reason: str = "",
) -> Changed:
    """Take back what hasn't been sent, for good (editors). What is being sent is refused: it can't be stopped."""
    require(actor, Permission.CANCEL)
    target = Target.read(post_id=post_id, publication_id=publication_id)
    why = Reason.read(reason=reason).reason
    with db.transaction(actor) as session:
        earlier = receipts.earlier(session, actor, action_id, "publication.cancel", Changed)
        if earlier is not None:
            return earlier
        work = _work(session, target)
        rows, left = _sorted(work.rows, why_not_cancel)
        _refuse_if_none(rows, left)
        for row in rows:
            posts.change(
                session,
                row,
                because=why or "a person cancelled it",
                state=_S.CANCELLED,
                needs=None,
                next_action_at=None,
            )
        changed = Changed(_ids(rows), left, _counted(rows, "cancelled"))
        return _done(session, actor, action_id, "publication.cancel", target, changed, {"reason": why})


def try_again(actor: Actor, action_id: UUID, publication_id: UUID) -> Changed:
    """A new publication of the same bytes after failed or cancelled (approvers); gives the new one's id.

    A valid approval is kept and it is sent now; with a lapsed one it goes into review. Conflict when there is a later
    one already.
    """
    require(actor, Permission.TRY_AGAIN)
    target = Target.read(publication_id=publication_id)
    with db.transaction(actor) as session:
        earlier = receipts.earlier(session, actor, action_id, "publication.try_again", Changed)
        if earlier is not None:
            return earlier
        work = _work(session, target)
        row = work.rows[0]
        if row.state not in (_S.FAILED, _S.CANCELLED):
            raise Refused("Only what failed or was cancelled can be tried again.")
        siblings = [each for each in work.all_rows if each.account_id == row.account_id]
        if editing.newest(siblings)[row.account_id].id != row.id:
            raise Conflict("It was tried again already. Reload to see what became of that.")
        holds = editing.approval_holds(row, work.moment)
        problems.refuse(
            problems.find(
                session,
                work.post.id,
                [Candidate(work.account(row), Payload.from_json(row.payload), None)],
                Ask.PUBLISH_NOW if holds else Ask.SUBMIT,
                work.situation,
            )
        )
        new = _again(session, actor, work, row, max(each.occurrence for each in siblings) + 1, holds)
        words = "It will be sent again now." if holds else "Its approval had lapsed: it is in review again."
        changed = Changed((new.id,), (), words)
        after = {"new_publication": new.id, "occurrence": new.occurrence}
        return _done(session, actor, action_id, "publication.try_again", target, changed, after)


def why_not_now(row: Publication, moment: datetime) -> str | None:
    """Why this publication can't be sent now; None if it can."""
    late = row.needs is Needs.LATE
    if row.state in (_S.APPROVED, _S.SCHEDULED) or late:
        return None if editing.approval_holds(row, moment) else "Its approval has lapsed. Submit it again."
    if row.state in (_S.DRAFT, _S.IN_REVIEW, _S.CHANGES_REQUESTED) or row.needs is Needs.APPROVAL:
        return "It must be approved first."
    return _why_fixed(row)


def why_not_move(row: Publication, slot: datetime, moment: datetime) -> str | None:
    """Why this publication can't get another time; None if it can."""
    fixed = _why_fixed(row)
    if fixed:
        return fixed
    if row.state in (_S.APPROVED, _S.SCHEDULED) and not editing.approval_holds(row, moment):
        return "Its approval has lapsed. Submit it again."
    if _goes_on_schedule(row, moment) and row.approved_until is not None and row.approved_until <= slot:
        return "Its approval ends before that time. Choose an earlier one, or submit it again."
    return None


def why_not_cancel(row: Publication) -> str | None:
    """Why this publication can't be cancelled; None if it can."""
    if row.state is _S.DRAFT:
        return "It is a draft. Delete the post, or unchoose the account."
    return _why_fixed(row)


def _why_fixed(row: Publication) -> str | None:
    if row.state in BEING_SENT:
        return rules.TOO_LATE
    if row.state is _S.UNKNOWN:
        return "It may be live already; Masthead is looking. That can't be stopped."
    if row.needs is Needs.OUTCOME:
        return "It may be live already. Say first what you found on the account."
    if row.state in FINAL:
        return f"It is {row.state.value} already."
    return None


def _goes_on_schedule(row: Publication, moment: datetime) -> bool:
    """Whether a new time puts it on the schedule; otherwise the time is a wish until it is approved."""
    asked = row.state in (_S.APPROVED, _S.SCHEDULED) or row.needs is Needs.LATE
    return asked and editing.approval_holds(row, moment)


def _work(session: Session, target: Target) -> _Work:
    post_id = target.post_id
    if target.publication_id is not None:
        post_id = posts.post_ids_of(session, [target.publication_id]).get(target.publication_id)
    if post_id is None:
        raise NotFound
    post, all_rows = locked(session, post_id)
    if target.publication_id is not None:
        rows = [row for row in all_rows if row.id == target.publication_id and row.removed_at is None]
    else:
        rows = list(editing.newest(all_rows).values())
    if not rows:
        raise NotFound if target.publication_id else Refused("No account is chosen yet.")
    accounts = posts.accounts(session, {row.account_id for row in rows})
    return _Work(post, tuple(rows), tuple(all_rows), accounts, posts.situation(session))


def _sorted(
    rows: Sequence[Publication], why_not: Callable[[Publication], str | None]
) -> tuple[list[Publication], tuple[LeftAlone, ...]]:
    reasons = {row.id: why_not(row) for row in rows}
    left = tuple(LeftAlone(row.id, words) for row in rows if (words := reasons[row.id]))
    return [row for row in rows if not reasons[row.id]], left


def _without_problems(
    session: Session, work: _Work, rows: Sequence[Publication], ask: Ask, due_at: datetime | None
) -> tuple[list[Publication], tuple[LeftAlone, ...]]:
    """Those with nothing at error level against them, and the others with what it is."""
    if not rows:
        return [], ()
    candidates = [Candidate(work.account(row), Payload.from_json(row.payload), due_at) for row in rows]
    found = problems.find(session, work.post.id, candidates, ask, work.situation)
    errors: dict[UUID | None, list[str]] = {}
    for problem in found:
        if problem.severity == "error":
            errors.setdefault(problem.account_id, []).append(problem.sentence)
    good = [row for row in rows if not errors.get(row.account_id) and not errors.get(None)]
    bad = tuple(
        LeftAlone(row.id, " ".join([*errors.get(None, ()), *errors.get(row.account_id, ())]))
        for row in rows
        if row not in good
    )
    return good, bad


def _refuse_if_none(rows: Sequence[Publication], left: Sequence[LeftAlone]) -> None:
    if not rows:
        raise Invalid(list(dict.fromkeys(each.words for each in left)))


def _schedule(session: Session, actor: Actor, work: _Work, row: Publication, due_at: datetime, because: str) -> None:
    posts.change(
        session,
        row,
        because=because,
        state=_S.SCHEDULED,
        needs=None,
        due_at=due_at,
        not_after=due_at + timedelta(seconds=work.account(row).window_s),
        next_action_at=None,
        attempt_count=0,
        correlation_id=actor.correlation_id,
    )


def _wish(session: Session, work: _Work, row: Publication, due_at: datetime) -> None:
    """Another time for what isn't approved; what came to a person for want of an approval is asked again."""
    values: dict[str, Any] = {
        "due_at": due_at,
        "not_after": due_at + timedelta(seconds=work.account(row).window_s),
    }
    if row.state is _S.NEEDS_HUMAN:
        values |= {"state": _S.IN_REVIEW, "needs": None}
    posts.change(session, row, because="a person gave it another time", **values)


def _again(session: Session, actor: Actor, work: _Work, row: Publication, occurrence: int, holds: bool) -> Publication:
    values: dict[str, Any] = {
        "post_id": row.post_id,
        "account_id": row.account_id,
        "occurrence": occurrence,
        "intent_key": intent_key(row.post_id, row.account_id, occurrence),
        "payload": row.payload,
        "payload_sha256": row.payload_sha256,
        "correlation_id": actor.correlation_id,
    }
    if not holds:
        new = posts.add_publication(session, state=_S.DRAFT, **values)
        posts.change(session, new, because="it was tried again and its approval had lapsed", state=_S.IN_REVIEW)
        return new
    return posts.add_publication(
        session,
        state=_S.SCHEDULED,
        approved_payload=row.approved_payload,
        approved_sha256=row.approved_sha256,
        approved_at=row.approved_at,
        approved_by=row.approved_by,
        approved_until=row.approved_until,
        self_approved=row.self_approved,
        due_at=work.moment,
        not_after=work.moment + timedelta(seconds=work.account(row).window_s),
        **values,
    )


def _ids(rows: Sequence[Publication]) -> tuple[UUID, ...]:
    return tuple(row.id for row in rows)


def _counted(rows: Sequence[Publication], what: str) -> str:
    return f"{len(rows)} {'publication' if len(rows) == 1 else 'publications'} {what}."


def _done(
    session: Session,
    actor: Actor,
    action_id: UUID,
    action: str,
    target: Target,
    changed: Changed,
    after: dict[str, Any],
    before: dict[str, Any] | None = None,
) -> Changed:
    """The audit line and the receipt that every command ends with."""
    kind, subject_id = target.subject
    said = {"publications": list(changed.publication_ids), "left_alone": [each.words for each in changed.left_alone]}
    record(session, actor, action, kind, subject_id, before=before, after=said | after)
    receipts.keep(session, actor, action_id, changed)
    return changed
