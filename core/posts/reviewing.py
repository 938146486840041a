"""Deciding: approve, request changes, comment. See `commands` for what holds of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from core import providers
from core.audit.commands import record
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Conflict, Invalid, NotFound
from core.organizations.rules import Permission, require
from core.posts import editing, problems, receipts, store
from core.posts.deciding import APPROVERS, why_not
from core.posts.holding import existing, locked, request_of
from core.posts.inputs import HashesInput, RemarkInput
from core.posts.model import Post, Publication
from core.posts.problems import Ask
from core.posts.receipts import Done
from core.posts.rules import CommentKind, PublicationState
from core.posts.store import AccountFacts, Situation
from core.posts.views import Approved, Decided, NotApproved
from core.provider_kit.types import Payload

CHANGED = "It changed while you were reading. Nothing of it was approved; read it again."
_S = PublicationState


def approve(actor: Actor, action_id: UUID, post_id: UUID, hashes: Mapping[UUID, bytes], *, text: str = "") -> Decided:
    """Approve publications of one post, each bound to the hash of the bytes the approver saw.

    With a slot a publication becomes scheduled, without one approved. One that can't be approved is listed in `refused`
    and stays as it was; when none can, the reasons are raised: Conflict if any changed meanwhile, else Invalid (an
    error of its account or words, or one's own work where the organization doesn't allow approving that).
    """
    require(actor, Permission.APPROVE)
    given = HashesInput.read(hashes=dict(hashes)).hashes
    remark = RemarkInput.read(text=text).text
    with db.transaction(actor) as session:
        earlier = receipts.earlier(session, actor, action_id, "post.approve", Decided)
        if earlier is not None:
            return earlier
        posts = {post_id: existing(store.lock_posts(session, [post_id]).get(post_id))}
        decided = _decide(session, actor, posts, given, remark, one_must_go=True)
        receipts.keep(session, actor, action_id, decided)
        return decided


def approve_all(actor: Actor, action_id: UUID, hashes: Mapping[UUID, bytes]) -> Decided:
    """As `approve`, over several posts at once, with one audit line for each post something was approved of.

    What became of each post is in `Decided.by_post`; it is an answer and no error that nothing could be approved.
    """
    require(actor, Permission.APPROVE)
    given = HashesInput.read(hashes=dict(hashes)).hashes
    with db.transaction(actor) as session:
        earlier = receipts.earlier(session, actor, action_id, "post.approve", Decided)
        if earlier is not None:
            return earlier
        posts = store.lock_posts(session, set(store.post_ids_of(session, given).values()))
        decided = _decide(session, actor, posts, given, "", one_must_go=False)
        receipts.keep(session, actor, action_id, decided)
        return decided


def request_changes(actor: Actor, action_id: UUID, post_id: UUID, version: int, text: str) -> None:
    """Give a post back to its author with a comment, which is required. `version` is the one the approver read.

    Raises Conflict when it was submitted anew or left the review meanwhile.
    """
    require(actor, Permission.REQUEST_CHANGES)
    remark = RemarkInput.read(text=text).text
    if not remark:
        raise Invalid(["Say what should change: the author sees only this comment."])
    with db.transaction(actor) as session:
        if receipts.earlier(session, actor, action_id, "post.request_changes", Done) is not None:
            return
        post, publications = locked(session, post_id)
        in_review = [each for each in publications if each.state is _S.IN_REVIEW]
        if post.submitted_version != version or not in_review:
            raise Conflict("This left the review or was submitted anew while you were reading. Reload and look again.")
        for publication in in_review:
            store.change(session, publication, because="changes were requested", state=_S.CHANGES_REQUESTED)
        store.add_comment(session, post, CommentKind.CHANGES_REQUESTED, remark, actor.member_id)
        after = {"version": version, "publications": [each.id for each in in_review], "comment": remark}
        record(session, actor, "post.request_changes", "post", post.id, after=after)
        receipts.keep(session, actor, action_id, Done(post_id))


def comment(actor: Actor, action_id: UUID, post_id: UUID, version: int, text: str) -> None:
    """Say something about a submitted version without deciding. Raises Conflict when there is a newer one."""
    require(actor, Permission.WRITE)
    remark = RemarkInput.read(text=text).text
    if not remark:
        raise Invalid(["Write something first."])
    with db.transaction(actor) as session:
        if receipts.earlier(session, actor, action_id, "post.comment", Done) is not None:
            return
        post = existing(store.lock_posts(session, [post_id]).get(post_id))
        if post.submitted_version != version:
            raise Conflict("This was submitted anew while you were writing. Reload, then say it about the new version.")
        store.add_comment(session, post, CommentKind.COMMENT, remark, actor.member_id)
        record(session, actor, "post.comment", "post", post.id, after={"version": version, "comment": remark})
        receipts.keep(session, actor, action_id, Done(post_id))


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Whether one publication may be approved now; `words` empty: yes."""

    publication: Publication
    account: AccountFacts
    words: str
    is_conflict: bool = False


def _decide(
    session: Session,
    actor: Actor,
    posts: Mapping[UUID, Post],
    hashes: Mapping[UUID, bytes],
    remark: str,
    *,
    one_must_go: bool,
) -> Decided:
    if not hashes:
        raise Invalid(["Choose what to approve."])
    situation = store.situation(session)
    publications = [each for each in store.lock_publications(session, posts.keys()) if each.id in hashes]
    if len(publications) < len(hashes):
        raise NotFound
    accounts = store.accounts(session, {each.account_id for each in publications})
    approvers = store.members(session, APPROVERS)
    names = store.names(session, [each.reviewer_id for each in posts.values()])
    verdicts: dict[UUID, list[_Verdict]] = {}
    for post in posts.values():
        request = request_of(post, names)
        barred = why_not(request, actor.member_id, actor.role, approvers, situation.organization.self_approval)
        mine = [each for each in publications if each.post_id == post.id]
        errors = _errors(session, post, mine, situation)
        verdicts[post.id] = [
            _verdict(each, accounts[each.account_id], post, hashes[each.id], barred, errors.get(each.account_id, ""))
            for each in mine
        ]
    if one_must_go:
        _raise_if_none_can([each for several in verdicts.values() for each in several])
    approved: list[Approved] = []
    refused: list[NotApproved] = []
    for post_id, several in verdicts.items():
        bad = [
            NotApproved(post_id, each.publication.id, each.account.name, each.words) for each in several if each.words
        ]
        good = [each for each in several if not each.words]
        refused += bad
        approved += [_approve_one(session, actor, posts[post_id], each, situation) for each in good]
        if good:
            _note(session, actor, posts[post_id], good, bad, remark)
    return Decided(tuple(approved), tuple(refused))


def _errors(session: Session, post: Post, publications: list[Publication], situation: Situation) -> dict[UUID, str]:
    """Account -> everything that refuses an approval, in one line."""
    found = problems.of(session, post.id, publications, Ask.APPROVE, situation, store.content(session, post))
    errors: dict[UUID, str] = {}
    for each in found:
        if each.severity == "error" and each.account_id is not None:
            errors[each.account_id] = f"{errors.get(each.account_id, '')} {each.words} {each.fix}".strip()
    return errors


def _verdict(
    publication: Publication, account: AccountFacts, post: Post, seen: bytes, barred: str, errors: str
) -> _Verdict:
    if post.deleted_at is not None:
        return _Verdict(publication, account, "The post was deleted.", is_conflict=True)
    if publication.payload_sha256 != seen:
        return _Verdict(publication, account, CHANGED, is_conflict=True)
    if publication.state is not _S.IN_REVIEW:
        return _Verdict(publication, account, "It isn't in review any more. Reload and look again.", is_conflict=True)
    if Payload.from_json(publication.payload).sha256() != seen:
        return _Verdict(publication, account, "Its stored bytes don't match their hash. Tell your operator.")
    return _Verdict(publication, account, barred or errors)


def _raise_if_none_can(verdicts: list[_Verdict]) -> None:
    """One refusal never takes a good one with it; but when all are refused, the person must hear why."""
    if any(not each.words for each in verdicts):
        return
    if len({each.words for each in verdicts}) == 1:
        reasons = [verdicts[0].words]
    else:
        reasons = [f"{each.account.name}: {each.words}" for each in verdicts]
    if any(each.is_conflict for each in verdicts):
        raise Conflict(" ".join(reasons))
    raise Invalid(reasons)


def _approve_one(session: Session, actor: Actor, post: Post, verdict: _Verdict, situation: Situation) -> Approved:
    publication = verdict.publication
    state = _S.APPROVED if publication.due_at is None else _S.SCHEDULED
    store.change(
        session,
        publication,
        because="approved",
        state=state,
        approved_payload=publication.payload,
        approved_sha256=publication.payload_sha256,
        approved_at=situation.moment,
        approved_by=actor.member_id,
        approved_until=situation.moment + timedelta(days=situation.organization.approval_days),
        self_approved=actor.member_id in request_of(post, {}).own_work_of,
        not_after=editing.window_end(publication.due_at, verdict.account),
        next_action_at=None,
        last_error=None,
        correlation_id=actor.correlation_id,
    )
    return Approved(post.id, publication.id, verdict.account.name, state, publication.due_at)


def _note(
    session: Session, actor: Actor, post: Post, good: list[_Verdict], bad: list[NotApproved], remark: str
) -> None:
    store.add_comment(session, post, CommentKind.APPROVED, remark, actor.member_id)
    after = {
        "version": post.submitted_version,
        "publications": [each.publication.id for each in good],
        "accounts": [providers.named(each.account.name, each.account.network) for each in good],
        "refused": {str(each.publication_id): each.words for each in bad},
        "self_approved": actor.member_id in request_of(post, {}).own_work_of,
        "comment": remark,
    }
    record(session, actor, "post.approve", "post", post.id, after=after)
