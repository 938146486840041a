"""Asking for approval, and taking it back. See `commands` for what holds of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from core.audit.commands import record
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Conflict, Invalid, Refused
from core.organizations.rules import Permission, require
from core.posts import editing, problems, receipts, rules, store
from core.posts.deciding import APPROVERS, may_decide
from core.posts.holding import conflict, locked, locked_whole
from core.posts.model import Publication
from core.posts.problems import Ask
from core.posts.receipts import Done
from core.posts.rules import CommentKind, PublicationState
from core.posts.store import Situation
from core.posts.views import Submitted, Who

_S = PublicationState


def submit(actor: Actor, action_id: UUID, post_id: UUID, revision: int, reviewer_id: UUID | None = None) -> Submitted:
    """Ask for approval of everything of a post that isn't asked, approved or on its way yet.

    `reviewer_id` None: any approver. Raises Invalid with every error-level problem of every account, EditConflict when
    `revision` isn't the newest, Refused when there is nothing to ask for.
    """
    require(actor, Permission.SUBMIT)
    with db.transaction(actor) as session:
        earlier = receipts.earlier(session, actor, action_id, "post.submit", Submitted)
        if earlier is not None:
            return earlier
        stored = locked_whole(session, post_id)
        post = stored.post
        if post.revision != revision:
            raise conflict(session, stored)
        situation = store.situation(session)
        asked = _to_ask(stored.chosen, situation)
        approvers = store.members(session, APPROVERS)
        own_work_of = {post.author_id, actor.member_id, *post.writers}
        others = may_decide(approvers, own_work_of, situation.organization.self_approval)
        _refuse_reviewer(reviewer_id, approvers, others)
        warnings = problems.refuse(problems.of(session, post_id, asked, Ask.SUBMIT, situation, stored.content))
        post.submitted_version += 1
        post.submitted_by, post.submitted_at, post.reviewer_id = actor.member_id, situation.moment, reviewer_id
        store.add_version(session, post, stored.content, actor.member_id)
        for publication in asked:
            if publication.state in (_S.APPROVED, _S.SCHEDULED):
                store.change(session, publication, because="its approval had lapsed", state=_S.DRAFT)
            store.change(session, publication, state=_S.IN_REVIEW, needs=None)
        result = Submitted(
            post.submitted_version, tuple(each.id for each in asked), warnings, nobody_else_may_approve=not others
        )
        after = {
            "version": post.submitted_version,
            "publications": result.publication_ids,
            "hashes": [each.payload_sha256.hex() for each in asked],
            "reviewer": reviewer_id,
        }
        record(session, actor, "post.submit", "post", post.id, after=after)
        receipts.keep(session, actor, action_id, result)
        return result


def withdraw(actor: Actor, action_id: UUID, post_id: UUID) -> None:
    """Take a post back from review into draft, by who wrote or submitted it. What is approved stays approved."""
    require(actor, Permission.WITHDRAW)
    with db.transaction(actor) as session:
        if receipts.earlier(session, actor, action_id, "post.withdraw", Done) is not None:
            return
        post, publications = locked(session, post_id)
        if actor.member_id not in (post.author_id, post.submitted_by):
            author = store.names(session, [post.author_id])[post.author_id]
            raise Refused(f"Only {author} or who submitted it can withdraw this. An approver can request changes.")
        in_review = [each for each in publications if each.state is _S.IN_REVIEW]
        if not in_review:
            raise Conflict("Nothing of this post is in review any more. Reload to see what became of it.")
        for publication in in_review:
            store.change(session, publication, because="the author withdrew it", state=_S.DRAFT)
        store.add_comment(session, post, CommentKind.WITHDRAWN, "", actor.member_id)
        after = {"version": post.submitted_version, "publications": [each.id for each in in_review]}
        record(session, actor, "post.withdraw", "post", post.id, after=after)
        receipts.keep(session, actor, action_id, Done(post_id))


def _to_ask(current: Mapping[UUID, Publication], situation: Situation) -> list[Publication]:
    if not current:
        raise Invalid([problems.NO_ACCOUNT.sentence])
    asked = [
        each
        for each in current.values()
        if rules.can_be_asked(each.state, each.needs, approval_holds=editing.approval_holds(each, situation.moment))
    ]
    if not asked:
        if any(each.state is _S.IN_REVIEW for each in current.values()):
            raise Conflict("This is in review already.")
        raise Refused("Nothing of this post needs an approval now.")
    return sorted(asked, key=lambda each: each.id)


def _refuse_reviewer(reviewer_id: UUID | None, approvers: Iterable[Who], may_decide_here: Iterable[Who]) -> None:
    if reviewer_id is None:
        return
    if reviewer_id not in {each.member_id for each in approvers}:
        raise Invalid(["The person asked can't approve here. Choose an approver, or leave it to any of them."])
    if reviewer_id not in {each.member_id for each in may_decide_here}:
        raise Invalid(["Nobody approves their own work here. Choose another approver."])
