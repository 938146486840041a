"""Whether at all, and again: publish now, cancel, try again.

Once a sender has claimed a publication it can't be stopped, because nobody could say afterwards whether it was stopped
in time; the words say so.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Conflict, Refused
from core.organizations.rules import Permission, require
from core.posts import editing, problems, receipts
from core.posts import store as posts
from core.posts.model import Publication
from core.posts.payloads import intent_key
from core.posts.problems import Ask, Candidate
from core.posts.rules import MAY_BE_LIVE, Needs, PublicationState
from core.provider_kit.types import Payload
from core.publishing import rules, store
from core.publishing.inputs import Reason, Target
from core.publishing.views import Changed
from core.publishing.work import (
    Work,
    counted,
    done,
    ids,
    refuse_if_none,
    schedule,
    sort_out,
    why_fixed,
    without_problems,
    work_on,
)

_S = PublicationState
_PUBLISH_NOW = "publication.publish_now"


def publish_now(
    actor: Actor,
    action_id: UUID,
    *,
    post_id: UUID | None = None,
    publication_id: UUID | None = None,
    only: Collection[UUID] | None = None,
) -> Changed:
    """Send as soon as a sender is free (approvers): what is approved, scheduled, or was approved and is late.

    At most 30 times a minute in an organization. Of a post, publications with a problem are left alone, and those that
    `only` doesn't name, where it is given; Invalid with all reasons when none is left.
    """
    require(actor, Permission.PUBLISH_NOW)
    target = Target.of(post_id, publication_id, only)
    with db.transaction(actor) as session:
        earlier = receipts.earlier(session, actor, action_id, _PUBLISH_NOW, Changed)
        if earlier is not None:
            return earlier
        if store.pressed_lately(session, _PUBLISH_NOW) >= rules.PUBLISH_NOW_PER_MINUTE:
            raise Refused(
                f"Publish now was pressed {rules.PUBLISH_NOW_PER_MINUTE} times in the last minute here."
                " Wait a minute, or schedule the rest."
            )
        work = work_on(session, target)
        rows, left = sort_out(work.rows, lambda row: why_not_now(work, row))
        rows, more_left = without_problems(session, work, rows, Ask.PUBLISH_NOW, None)
        refuse_if_none(rows, left + more_left)
        for row in rows:
            schedule(session, actor, work, row, work.moment, "a person asked to publish it now")
        changed = Changed(ids(rows), left + more_left, _sent_or_held(work, rows))
        return done(session, actor, action_id, _PUBLISH_NOW, target, changed, {"due_at": work.moment})


def cancel(
    actor: Actor,
    action_id: UUID,
    *,
    post_id: UUID | None = None,
    publication_id: UUID | None = None,
    only: Collection[UUID] | None = None,
    reason: str = "",
) -> Changed:
    """Take back what hasn't been sent, for good (editors). What is being sent is refused: it can't be stopped.

    Of a post all, or what `only` names.
    """
    require(actor, Permission.CANCEL)
    target = Target.of(post_id, publication_id, only)
    why = Reason.read(reason=reason).reason
    with db.transaction(actor) as session:
        earlier = receipts.earlier(session, actor, action_id, "publication.cancel", Changed)
        if earlier is not None:
            return earlier
        work = work_on(session, target)
        rows, left = sort_out(work.rows, why_not_cancel)
        refuse_if_none(rows, left)
        for row in rows:
            posts.change(
                session,
                row,
                because=why or "a person cancelled it",
                state=_S.CANCELLED,
                needs=None,
                next_action_at=None,
            )
        changed = Changed(ids(rows), left, counted(rows, "cancelled"))
        return done(session, actor, action_id, "publication.cancel", target, changed, {"reason": why})


def try_again(actor: Actor, action_id: UUID, publication_id: UUID) -> Changed:
    """A new publication of the same bytes after failed or cancelled (approvers); gives the new one's id.

    A valid approval is kept and it is sent now; with a lapsed one it goes into review. Conflict when there is a later
    one already. Refused for what may be live by an earlier try, though a person says that it isn't: that is sent again
    where the account is read and the risk is said (`resolving`), or approved anew.
    """
    require(actor, Permission.TRY_AGAIN)
    target = Target.read(publication_id=publication_id)
    with db.transaction(actor) as session:
        earlier = receipts.earlier(session, actor, action_id, "publication.try_again", Changed)
        if earlier is not None:
            return earlier
        work = work_on(session, target)
        row = work.rows[0]
        if row.state not in (_S.FAILED, _S.CANCELLED):
            raise Refused("Only what failed or was cancelled can be tried again.")
        siblings = [each for each in work.all_rows if each.account_id == row.account_id]
        if editing.newest(siblings)[row.account_id].id != row.id:
            raise Conflict("It was tried again already. Reload to see what became of that.")
        if row.id in work.unproven:
            raise Refused(MAY_BE_LIVE)
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
        sent = f"It is {rules.HELD_BY_PAUSE}." if work.account(row).pauses else rules.SENT_AGAIN
        words = sent if holds else "Its approval had lapsed: it is in review again."
        changed = Changed((new.id,), (), words)
        after = {"new_publication": new.id, "occurrence": new.occurrence}
        return done(session, actor, action_id, "publication.try_again", target, changed, after)


def _sent_or_held(work: Work, rows: Sequence[Publication]) -> str:
    """A pause holds what is to be sent now, too; whoever resumes is asked about it."""
    held = [row for row in rows if work.account(row).pauses]
    sent = [row for row in rows if row not in held]
    said = ((sent, "will be sent now"), (held, rules.HELD_BY_PAUSE))
    return " ".join(counted(several, what) for several, what in said if several)


def why_not_now(work: Work, row: Publication) -> str | None:
    """Why this publication can't be sent now; None if it can."""
    late = row.needs is Needs.LATE
    if row.state in (_S.APPROVED, _S.SCHEDULED) or late:
        if not editing.approval_holds(row, work.moment):
            return "Its approval has lapsed. Submit it again."
        return MAY_BE_LIVE if row.id in work.unproven else None
    if row.state in (_S.DRAFT, _S.IN_REVIEW, _S.CHANGES_REQUESTED) or row.needs is Needs.APPROVAL:
        return "It must be approved first."
    return why_fixed(row)


def why_not_cancel(row: Publication) -> str | None:
    """Why this publication can't be cancelled; None if it can."""
    if row.state is _S.DRAFT:
        return "It is a draft. Delete the post, or unchoose the account."
    return why_fixed(row)


def _again(session: Session, actor: Actor, work: Work, row: Publication, occurrence: int, holds: bool) -> Publication:
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
