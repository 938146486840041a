"""One post: in the composer, under review, and with everything that happened to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import repeat
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from core.accounts.rules import AccountState
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import NotFound
from core.media import queries as media
from core.organizations.rules import Permission, require
from core.posts import (
    deciding,
    differences,
    editing,
    files,
    payloads,
    post_reads,
    problems,
    rows,
    rules,
    store,
    telling,
)
from core.posts.content import AS_THE_POST, Content
from core.posts.deciding import APPROVERS, Request
from core.posts.model import Publication
from core.posts.payloads import Rendition
from core.posts.problems import Ask
from core.posts.redline import Segment, redline
from core.posts.rules import PublicationState
from core.posts.store import AccountFacts, Situation
from core.posts.views import (
    AccountProblem,
    Detail,
    Draft,
    DraftAccount,
    PostFacts,
    PublicationRow,
    Review,
    ReviewPublication,
    TimelineEntry,
    Version,
    Who,
)
from core.provider_kit.types import MediaItem, Payload

_S = PublicationState


def draft(actor: Actor, post_id: UUID) -> Draft:
    """Everything the composer shows of a post. Raises NotFound, for a deleted one too."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        row = _row(session, post_id)
        post, publications = _post(session, row)
        if post.deleted:
            raise NotFound("This post was deleted. Bring it back with Undo to go on.")
        situation = store.situation(session)
        accounts = store.accounts(session)
        stored = store.publications(session, [post_id])
        fixed = editing.why_fixed(stored, accounts)
        content = store.content(session, row)
        renditions = files.known(session, content.media_ids, accounts.values())
        found = _draft_problems(session, post, content, stored, situation)
        chosen = editing.chosen(stored)
        by_account = {each.account_id: each for each in publications if each.current}
        return Draft(
            post=post,
            content=content,
            files={each: media.view(session, each) for each in {media_id for media_id, _ in renditions}},
            organization=situation.organization,
            accounts=tuple(
                _draft_account(
                    actor.organization_id,
                    account,
                    content,
                    renditions,
                    chosen,
                    by_account.get(account.id),
                    found,
                    fixed,
                )
                for account in accounts.values()
                if account.state != AccountState.DISABLED or account.id in by_account
            ),
            problems=found,
            fixed=fixed,
            approvers=_who_may_be_asked(session, post, actor, situation),
            comments=tuple(map(rows.comment, post_reads.comments(session, post_id))),
        )


def approvers(actor: Actor, post_id: UUID) -> tuple[Who, ...]:
    """Who may be asked to approve a post when the actor submits it; nobody: an admin must invite or change the rule."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        post, _ = _post(session, _row(session, post_id))
        return _who_may_be_asked(session, post, actor, store.situation(session))


def review(actor: Actor, post_id: UUID) -> Review:
    """Everything an approver needs for one post; its `hashes` go into `approve`. Raises NotFound."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        row = _row(session, post_id)
        post, publications = _post(session, row)
        situation = store.situation(session)
        members = store.members(session, APPROVERS)
        asked = [each for each in publications if each.state is _S.IN_REVIEW]
        stored = {each.id: each for each in store.publications(session, [post_id])}
        content = store.content(session, row)
        rows_asked = [stored[each.id] for each in asked]
        found = problems.of(session, post_id, rows_asked, Ask.APPROVE, situation, content)
        kept = post_reads.versions(session, post_id)
        versions = tuple(map(rows.version, kept, repeat(_names(session, kept))))
        last_round = _last_round(session, kept, asked)
        self_approval = situation.organization.self_approval
        request = _request(post)
        why_not = deciding.why_not(request, actor.member_id, actor.role, members, self_approval)
        if not asked:
            why_not = why_not or "Nothing of this post is in review."
        return Review(
            post=post,
            organization=situation.organization,
            publications=tuple(
                _reviewed(each, stored[each.id], last_round.get(each.account_id), found) for each in asked
            ),
            others=tuple(each for each in publications if each.state is not _S.IN_REVIEW),
            since_last_round=_since_last_round(versions),
            comments=tuple(map(rows.comment, post_reads.comments(session, post_id))),
            versions=versions,
            approvers=deciding.may_decide(members, request.own_work_of, self_approval),
            may_approve=not why_not,
            why_not=why_not,
            is_own_work=actor.member_id in request.own_work_of,
        )


def detail(actor: Actor, post_id: UUID) -> Detail:
    """One post, deleted ones too, with its publications and its timeline, oldest first. Raises NotFound."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        post, publications = _post(session, _row(session, post_id))
        reasons = (rules.why_fixed(each.state, each.needs, each.account_name) for each in publications)
        situation = store.situation(session)
        live = any(each.state is _S.PUBLISHED and each.deleted_at is None for each in publications)
        return Detail(
            post=post,
            organization=situation.organization,
            publications=publications,
            timeline=tuple(map(_entry, post_reads.timeline(session, post_id))),
            comments=tuple(map(rows.comment, post_reads.comments(session, post_id))),
            fixed=next((reason for reason in reasons if reason), None),
            why_no_new_words=_why_no_new_words(session, actor, post, situation) if live else "",
        )


def _why_no_new_words(session: Session, actor: Actor, post: PostFacts, situation: Situation) -> str:
    """By the rules of an approval that anybody was asked for: whoever puts other words in approves them by it."""
    request, approvers = replace(_request(post), reviewer=None), store.members(session, APPROVERS)
    return deciding.why_not(request, actor.member_id, actor.role, approvers, situation.organization.self_approval)


def _row(session: Session, post_id: UUID) -> Row[Any]:
    row = post_reads.post(session, post_id)
    if row is None:
        raise NotFound
    return row


def _post(session: Session, row: Row[Any]) -> tuple[PostFacts, tuple[PublicationRow, ...]]:
    post_id = row.id
    publications = tuple(rows.publication(each, row.slot_at) for each in post_reads.publications(session, post_id))
    return rows.post_facts(row, publications), publications


def _request(post: PostFacts) -> Request:
    submitted_by = None if post.submitted_by is None else post.submitted_by.member_id
    return Request(post.author.member_id, submitted_by, post.reviewer, post.writers)


def _who_may_be_asked(session: Session, post: PostFacts, actor: Actor, situation: Situation) -> tuple[Who, ...]:
    own_work_of = {post.author.member_id, actor.member_id, *post.writers}
    members = store.members(session, APPROVERS)
    return deciding.may_decide(members, own_work_of, situation.organization.self_approval)


def _draft_account(
    organization_id: UUID,
    account: AccountFacts,
    content: Content,
    renditions: Mapping[Rendition, MediaItem],
    chosen: Collection[UUID],
    publication: PublicationRow | None,
    found: Iterable[AccountProblem],
    fixed: str | None,
) -> DraftAccount:
    is_chosen = account.id in chosen
    own_slot = publication is not None and is_chosen and publication.own_slot
    mine = content.of(account.id)
    payload = payloads.build(account, mine, renditions)
    return DraftAccount(
        account_id=account.id,
        network=account.network,
        name=account.name,
        picture_url=account.picture_url,
        url=account.url,
        state=account.state,
        chosen=is_chosen,
        content=mine,
        variant=content.variants.get(account.id, AS_THE_POST),
        files=differences.pictures(organization_id, payload),
        format=payload.format,
        own_slot=own_slot,
        own_slot_at=publication.due_at if publication is not None and own_slot else None,
        problems=tuple(each for each in found if each.account_id == account.id),
        publication=publication,
        fixed=fixed is not None,
        because=fixed or account.state_reason or "",
    )


def _draft_problems(
    session: Session, post: PostFacts, content: Content, stored: Sequence[Publication], situation: Situation
) -> tuple[AccountProblem, ...]:
    chosen = editing.chosen(stored)
    if not chosen:
        return (problems.NO_ACCOUNT,)
    movable = [each for each in chosen.values() if rules.why_fixed(each.state, each.needs, "") is None]
    return problems.of(session, post.id, movable, Ask.SUBMIT, situation, content)


def _names(session: Session, versions: Sequence[Row[Any]]) -> dict[UUID, str]:
    """The names of the accounts that got something of their own in one of these versions."""
    ids = {UUID(account_id) for row in versions for account_id in row.besides["variants"]}
    return {each.id: each.name for each in store.accounts(session, ids).values()} if ids else {}


def _last_round(session: Session, versions: Sequence[Row[Any]], asked: Sequence[PublicationRow]) -> dict[UUID, Payload]:
    """Account -> what it would have got from the version submitted before the newest one."""
    if len(versions) < 2:
        return {}
    said = rows.submitted(versions[1])
    accounts = store.accounts(session, {each.account_id for each in asked})
    known = files.known(session, said.media_ids, accounts.values())
    return {account.id: payloads.build(account, said.of(account.id), known) for account in accounts.values()}


def _reviewed(
    publication: PublicationRow, stored: Publication, last_round: Payload | None, found: Iterable[AccountProblem]
) -> ReviewPublication:
    now = Payload.from_json(stored.payload)
    approved = None if stored.approved_payload is None else Payload.from_json(stored.approved_payload)
    return ReviewPublication(
        publication=publication,
        since_approval=None if approved is None else differences.between(stored.organization_id, approved, now),
        since_last_round=None if last_round is None else differences.between(stored.organization_id, last_round, now),
        approved_before_at=stored.approved_at,
        problems=tuple(each for each in found if each.account_id == publication.account_id),
    )


def _since_last_round(versions: Sequence[Version]) -> tuple[Segment, ...] | None:
    if len(versions) < 2:
        return None
    this, last = versions[0], versions[1]
    return redline(last.text, this.text)


def _entry(row: Row[Any]) -> TimelineEntry:
    by_person = row.kind == "person"
    if by_person:
        what, said, icon = telling.done(row.action, row.after)
    elif row.kind == "live":
        what, said, icon = telling.afterwards(row.action, row.after)
    else:
        what, said, icon = telling.happened(PublicationState(row.action), row.after)
    return TimelineEntry(
        at=row.at,
        who=row.person_name or telling.PROGRAM,
        what=what,
        detail=said,
        kind="comment" if row.action == "post.comment" else "person" if row.person_name else "program",
        icon=icon,
        account_name=row.account_name,
        publication_id=row.publication_id,
        correlation_id=row.correlation_id,
        version=row.after.get("version") if by_person else None,
        slot_at=telling.given_time(row.action, row.after) if by_person else None,
    )
