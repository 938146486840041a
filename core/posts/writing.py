"""Writing: create, save, duplicate, submit, withdraw, delete. See `commands` for what holds of all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.audit.commands import record
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Conflict, Invalid, NotFound, Refused
from core.organizations.rules import Permission, require
from core.posts import editing, problems, receipts, rules, store
from core.posts.deciding import APPROVERS, Request, may_decide
from core.posts.inputs import PostInput
from core.posts.model import Post, Publication
from core.posts.payloads import intent_key
from core.posts.problems import Ask
from core.posts.rules import CommentKind, PublicationState
from core.posts.store import AccountFacts, Situation
from core.posts.views import Lost, Saved, Submitted, Theirs, Who

_S = PublicationState


class EditConflict(Conflict):
    """Somebody else saved this post meanwhile. Nothing of yours was saved and nothing of theirs was changed."""

    def __init__(self, theirs: Theirs) -> None:
        self.theirs = theirs
        super().__init__(
            f"{theirs.saved_by} saved this post meanwhile, so yours was not saved over it. Compare the two and choose."
        )


class WouldCost(Refused):
    """Saving would take something out of review, approval or schedule, and that was not agreed to. Nothing is saved."""

    def __init__(self, lost: tuple[Lost, ...]) -> None:
        self.lost = lost
        super().__init__(f"Not saved yet, for it has a price: {'; '.join(each.words for each in lost)}.")


@dataclass(frozen=True, slots=True)
class Made:
    """A new post."""

    post_id: UUID


@dataclass(frozen=True, slots=True)
class Done:
    """Something was done that gives nothing back."""

    post_id: UUID


def create(
    actor: Actor,
    action_id: UUID,
    *,
    text: str = "",
    link: str | None = None,
    account_ids: Collection[UUID] = (),
    slot_at: datetime | None = None,
) -> UUID:
    """A new draft by the actor; gives its id. Raises NotAllowed, Invalid."""
    require(actor, Permission.WRITE)
    wanted = PostInput.read(text=text, link=link, account_ids=tuple(account_ids), slot_at=slot_at)
    with db.transaction(actor) as session:
        made = receipts.earlier(session, actor, action_id, "post.create", Made)
        if made is None:
            post = _create(session, actor, wanted)
            record(session, actor, "post.create", "post", post.id, after=_content(post, wanted.account_ids))
            made = Made(post.id)
            receipts.keep(session, actor, action_id, made)
    return made.post_id


def duplicate(actor: Actor, action_id: UUID, post_id: UUID) -> UUID:
    """A new draft with the words, link and accounts of a post, without its slot; gives its id."""
    require(actor, Permission.WRITE)
    with db.transaction(actor) as session:
        made = receipts.earlier(session, actor, action_id, "post.duplicate", Made)
        if made is None:
            original = existing(store.post(session, post_id))
            accounts = tuple(editing.newest(store.publications(session, [post_id])))
            post = _create(session, actor, PostInput(text=original.text, link=original.link, account_ids=accounts))
            after = {**_content(post, accounts), "duplicate_of": post_id}
            record(session, actor, "post.duplicate", "post", post.id, after=after)
            made = Made(post.id)
            receipts.keep(session, actor, action_id, made)
    return made.post_id


def save(
    actor: Actor,
    post_id: UUID,
    revision: int,
    *,
    text: str,
    link: str | None,
    account_ids: Collection[UUID],
    slot_at: datetime | None,
    own_slots: Mapping[UUID, datetime | None] | None = None,
    may_cost: bool = True,
) -> Saved:
    """Save the whole post as the composer has it, if `revision` is still the newest (autosave calls this).

    Publications whose bytes change go back to draft and are listed in `voided`; all others keep review, approval and
    schedule, a new slot included. `own_slots` are the accounts with a time of their own, None leaves those as they are.
    Saving what is saved already changes nothing, so a repeated call is harmless.

    Raises NotAllowed, NotFound, Invalid, Refused when the words are fixed (being sent, perhaps live, published),
    EditConflict with the other person's version when the revision has moved, and with `may_cost=False` WouldCost where
    `voided` would not be empty: for a composer that has not told the person, whose page may be older than an approval.
    """
    require(actor, Permission.WRITE)
    wanted = PostInput.read(
        text=text,
        link=link,
        account_ids=tuple(account_ids),
        slot_at=slot_at,
        own_slots=None if own_slots is None else dict(own_slots),
    )
    with db.transaction(actor) as session:
        post, publications = locked(session, post_id)
        if editing.same_content(post, publications, wanted):
            return Saved(post.revision, post.updated_at, changed=False)
        if post.revision != revision:
            raise _conflict(session, post, publications)
        accounts = _accounts(session, publications, wanted)
        situation = store.situation(session)
        plan = editing.plan(post, publications, accounts, wanted, situation)
        lost = plan.lost(situation)
        if lost and not may_cost:
            raise WouldCost(lost)
        before = _content(post, editing.chosen(publications))
        _refuse_problems_of_schedule(session, post, plan, situation)
        _carry_out(session, actor, post, publications, plan, situation.moment)
        post.text, post.link, post.slot_at = wanted.text, wanted.link, wanted.slot_at
        post.revision += 1
        post.updated_at, post.updated_by = situation.moment, actor.member_id
        session.flush()
        after = {**_content(post, wanted.account_ids), "changed": plan.changed, "voided": [each.words for each in lost]}
        record(session, actor, "post.save", "post", post.id, before=before, after=after)
        return Saved(post.revision, situation.moment, lost)


def would_void(
    actor: Actor,
    post_id: UUID,
    *,
    text: str,
    link: str | None,
    account_ids: Collection[UUID] | None = None,
) -> tuple[Lost, ...]:
    """What saving these words would cost, publication by publication; changes nothing.

    `account_ids` None: the accounts stay. Raises Refused when the words are fixed.
    """
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        post = existing(store.post(session, post_id))
        publications = store.publications(session, [post_id])
        stay = editing.chosen(publications)
        wanted = PostInput.read(
            text=text,
            link=link,
            account_ids=tuple(stay if account_ids is None else account_ids),
            slot_at=post.slot_at,
        )
        accounts = _accounts(session, publications, wanted)
        situation = store.situation(session)
        return editing.plan(post, publications, accounts, wanted, situation).lost(situation)


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
        post, publications = locked(session, post_id)
        if post.revision != revision:
            raise _conflict(session, post, publications)
        situation = store.situation(session)
        asked = _to_ask(publications, situation)
        approvers = store.members(session, APPROVERS)
        own_work_of = {post.author_id, actor.member_id}
        others = may_decide(approvers, own_work_of, situation.organization.self_approval)
        _refuse_reviewer(reviewer_id, approvers, others)
        warnings = problems.refuse(problems.of(session, post_id, asked, Ask.SUBMIT, situation, link=post.link))
        post.submitted_version += 1
        post.submitted_by, post.submitted_at, post.reviewer_id = actor.member_id, situation.moment, reviewer_id
        store.add_version(session, post, actor.member_id)
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


def delete(actor: Actor, action_id: UUID, post_id: UUID) -> None:
    """Delete a draft; `undelete` brings it back. Raises Refused once anything of it went further than draft."""
    require(actor, Permission.DELETE_DRAFT)
    with db.transaction(actor) as session:
        if receipts.earlier(session, actor, action_id, "post.delete", Done) is not None:
            return
        post, publications = locked(session, post_id)
        visible = [each for each in publications if each.removed_at is None]
        if any(each.state not in (_S.DRAFT, _S.CHANGES_REQUESTED) for each in visible):
            raise Refused("Only a draft can be deleted. Withdraw it from review or cancel it first.")
        for publication in visible:
            if publication.state is _S.CHANGES_REQUESTED:
                store.change(session, publication, because="the post was deleted", state=_S.DRAFT)
        post.deleted_at = store.situation(session).moment
        session.flush()
        record(session, actor, "post.delete", "post", post.id, before={"revision": post.revision})
        receipts.keep(session, actor, action_id, Done(post_id))


def undelete(actor: Actor, action_id: UUID, post_id: UUID) -> None:
    """Bring a deleted draft back as it was."""
    require(actor, Permission.DELETE_DRAFT)
    with db.transaction(actor) as session:
        if receipts.earlier(session, actor, action_id, "post.undelete", Done) is not None:
            return
        post = store.lock_posts(session, [post_id]).get(post_id)
        if post is None:
            raise NotFound
        if post.deleted_at is None:
            raise Conflict("This post is not deleted. Somebody else may have brought it back.")
        post.deleted_at = None
        session.flush()
        record(session, actor, "post.undelete", "post", post.id, after={"revision": post.revision})
        receipts.keep(session, actor, action_id, Done(post_id))


# What reviewing and publishing need as well


def existing(post: Post | None) -> Post:
    """The post, unless there is none or it was deleted. Raises NotFound."""
    if post is None:
        raise NotFound
    if post.deleted_at is not None:
        raise NotFound("This post was deleted. Bring it back with Undo to go on.")
    return post


def locked(session: Session, post_id: UUID) -> tuple[Post, list[Publication]]:
    """A post and all its publications, held until the end of the transaction. Raises NotFound."""
    post = existing(store.lock_posts(session, [post_id]).get(post_id))
    return post, store.lock_publications(session, [post_id])


def request_of(post: Post, names: Mapping[UUID, str]) -> Request:
    """A post as far as approving it goes; `names` has the name of who was asked."""
    reviewer = None if post.reviewer_id is None else Who(post.reviewer_id, names.get(post.reviewer_id, ""))
    return Request(post.author_id, post.submitted_by, reviewer)


def _create(session: Session, actor: Actor, wanted: PostInput) -> Post:
    post = store.add_post(session, actor.member_id, wanted.text, wanted.link, wanted.slot_at)
    situation = store.situation(session)
    plan = editing.plan(post, (), _accounts(session, (), wanted), wanted, situation)
    _carry_out(session, actor, post, (), plan, situation.moment)
    return post


def _accounts(session: Session, publications: Iterable[Publication], wanted: PostInput) -> dict[UUID, AccountFacts]:
    return store.accounts(session, {each.account_id for each in publications} | set(wanted.account_ids))


def _carry_out(
    session: Session,
    actor: Actor,
    post: Post,
    publications: Sequence[Publication],
    plan: editing.Plan,
    moment: datetime,
) -> None:
    for step in plan.steps:
        values: dict[str, Any] = {
            "payload": step.payload.as_json(),
            "payload_sha256": step.payload.sha256(),
            "due_at": step.due_at,
            "not_after": step.not_after,
        }
        if step.publication is None:
            earlier = [each.occurrence for each in publications if each.account_id == step.account.id]
            occurrence = max(earlier, default=0) + 1
            store.add_publication(
                session,
                post_id=post.id,
                account_id=step.account.id,
                occurrence=occurrence,
                intent_key=intent_key(post.id, step.account.id, occurrence),
                correlation_id=actor.correlation_id,
                **values,
            )
            continue
        values["removed_at"] = moment if step.removed else None
        values["state"] = step.state
        if step.state is not _S.NEEDS_HUMAN:
            values["needs"] = None
        if step.due_at != step.publication.due_at:
            values |= {"next_action_at": None, "attempt_count": 0}  # tries and waits belong to the time it had
        if step.is_new_schedule:
            values["correlation_id"] = actor.correlation_id
        store.change(session, step.publication, because=step.because, **values)


def _refuse_problems_of_schedule(session: Session, post: Post, plan: editing.Plan, situation: Situation) -> None:
    """A slot given to something approved is what schedules it, so it must stand what `schedule` stands."""
    going = [problems.Candidate(each.account, each.payload, each.due_at) for each in plan.steps if each.is_new_schedule]
    problems.refuse(problems.find(session, post.id, going, Ask.SCHEDULE, situation))


def _to_ask(publications: Sequence[Publication], situation: Situation) -> list[Publication]:
    current = editing.chosen(publications)
    if not current:
        raise Invalid([problems.NO_ACCOUNT.sentence])
    asked = [
        each
        for each in current.values()
        if rules.can_be_asked(each.state, each.needs)
        or (each.state in (_S.APPROVED, _S.SCHEDULED) and not editing.approval_holds(each, situation.moment))
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


def _conflict(session: Session, post: Post, publications: Sequence[Publication]) -> EditConflict:
    saved_by = store.names(session, [post.updated_by])[post.updated_by]
    return EditConflict(
        Theirs(
            revision=post.revision,
            text=post.text,
            link=post.link,
            account_ids=tuple(editing.chosen(publications)),
            slot_at=post.slot_at,
            saved_by=saved_by,
            saved_at=post.updated_at,
        )
    )


def _content(post: Post, account_ids: Iterable[UUID]) -> dict[str, Any]:
    """What an audit line keeps of a post: everything but its words, which the versions keep."""
    return {
        "revision": post.revision,
        "characters": len(post.text),
        "link": post.link,
        "accounts": list(account_ids),
        "slot_at": post.slot_at,
    }
