"""What people ask for of a post that is live: another text, taking it away, and what becomes of what didn't go through.

A command writes a row of work (`live_work`) and nothing else; `live_sending` does it. Another text is words that nobody
approved before, so whoever asks for it approves them: an approver who had no hand in the post, or anybody who may
approve where the organization allows approving one's own work.

Whoever decides about a piece of work names the try whose end they saw, and whoever writes another text the one that
stood there: a screen that was left open shows older ones.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from core import providers
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Conflict, Invalid, NotFound, Refused
from core.organizations.fresh import require_fresh
from core.organizations.rules import Permission, require
from core.posts import deciding, receipts
from core.posts import store as posts
from core.posts.deciding import APPROVERS, Request
from core.posts.model import Publication
from core.posts.rules import PublicationState
from core.provider_kit.types import FEED, Deed, Payload
from core.publishing import live_rows, live_rules, store
from core.publishing.inputs import LiveText, Reason, Target
from core.publishing.live_rows import Work as LiveWork
from core.publishing.live_rules import Kind, LiveState
from core.publishing.views import Changed
from core.publishing.work import Work, done, work_on

_EDIT: Final = "publication.edit_live"
_DELETE: Final = "publication.delete_live"
_RETRY: Final = "publication.retry_live"
_CLOSE: Final = "publication.close_live"
_BUSY: Final = "It is being changed at the network right now. Wait a minute, and look at what came of it first."
_TRIED_SINCE: Final = "It was tried once more since you looked. This is what came of that try; look at it first."


def edit_live(actor: Actor, action_id: UUID, publication_id: UUID, *, text: str, was: str) -> Changed:
    """Change the text of a live post on its network (approvers, not of their own work). Raises Invalid, Refused.

    `was` is the text that the person saw; Conflict when somebody changed it meanwhile. The account's own form of the
    post keeps its words; what stands at the network is kept with who changed it.
    """
    require(actor, Permission.CHANGE_LIVE)
    target, said = Target.read(publication_id=publication_id), LiveText.read(text=text, was=was)
    wanted = said.text
    with db.transaction(actor) as session:
        earlier = receipts.earlier(session, actor, action_id, _EDIT, Changed)
        if earlier is not None:
            return earlier
        work, row = _live(session, target, "edit")
        _refuse_own_work(session, actor, work)
        payload = Payload.from_json(row.approved_payload or row.payload)
        if live_rows.open_change(session, row.id) is not None:
            raise Refused(_BUSY)
        before = live_rows.live_text(session, row.id) or payload.text
        if wanted == before:
            raise Invalid(["That is the text it has already."])
        if said.was != before:
            raise Conflict("Somebody changed the text meanwhile. Close this, and look at what stands there now first.")
        _refuse_unfit(replace(payload, text=wanted))
        live_rows.drop_failed(session, row.id, Kind.EDIT, because="Another text was asked for since.")
        _add(session, actor, row, Kind.EDIT, wanted, before)
        changed = Changed((row.id,), (), "The new text is on its way.")
        return done(session, actor, action_id, _EDIT, target, changed, {"text": wanted, "was": before})


def delete_live(actor: Actor, action_id: UUID, publication_id: UUID, *, reason: str = "") -> Changed:
    """Take a live post away on its network, for good (approvers). It stays published here, and says that it is gone."""
    require(actor, Permission.CHANGE_LIVE)
    target, why = Target.read(publication_id=publication_id), Reason.read(reason=reason).reason
    with db.transaction(actor) as session:
        earlier = receipts.earlier(session, actor, action_id, _DELETE, Changed)
        if earlier is not None:
            return earlier
        _, row = _live(session, target, "delete")
        under_way = live_rows.open_change(session, row.id)
        if under_way is not None:
            if under_way.kind is Kind.DELETE or under_way.state is not LiveState.WAITING:
                raise Refused(_BUSY)
            live_rows.close(session, under_way, LiveState.DROPPED, because="The post is to be deleted.")
        live_rows.drop_failed(session, row.id, Kind.DELETE, because="It was asked for once more.")
        _add(session, actor, row, Kind.DELETE, "", "")
        changed = Changed((row.id,), (), "It is being deleted now.")
        return done(session, actor, action_id, _DELETE, target, changed, {"reason": why})


def retry_live(actor: Actor, action_id: UUID, work_id: UUID, *, epoch: int) -> Changed:
    """Try once more what didn't go through, or write a comment again that a person says isn't there (approvers).

    `epoch` names the try that the person saw the end of; Conflict when there was another one since. What may be there
    already takes a fresh sign-in, for it may stand there twice then. Raises StaleSignIn.
    """
    require(actor, Permission.TRY_AGAIN)
    with db.transaction(actor) as session:
        earlier = receipts.earlier(session, actor, action_id, _RETRY, Changed)
        if earlier is not None:
            return earlier
        work = _in_trouble(session, work_id, epoch)
        if work.state is LiveState.NEEDS_HUMAN:
            require_fresh(actor)
        if work.deleted:
            raise Refused("The post was deleted, so there is nothing left to do.")
        if work.kind is not Kind.COMMENT and live_rows.open_change(session, work.publication_id) is not None:
            raise Refused(_BUSY)
        live_rows.again(session, work, because="a person tried it again", correlation_id=actor.correlation_id)
        return _said(session, actor, action_id, _RETRY, work, "It is tried again now.", {})


def close_live(actor: Actor, action_id: UUID, work_id: UUID, *, epoch: int, is_there: bool) -> Changed:
    """Say of what nobody knows that it is there, or let be what didn't go through (approvers).

    `epoch` as for `retry_live`. A person's word that it is there takes a fresh sign-in. Raises StaleSignIn.
    """
    require(actor, Permission.RESOLVE)
    if is_there:
        require_fresh(actor)
    with db.transaction(actor) as session:
        earlier = receipts.earlier(session, actor, action_id, _CLOSE, Changed)
        if earlier is not None:
            return earlier
        work = _in_trouble(session, work_id, epoch)
        if is_there and work.kind is not Kind.COMMENT:
            raise Refused("Only of a comment can that be said. Press Try again, which does no harm.")
        state = LiveState.DONE if is_there else LiveState.DROPPED
        because = "a person found it there" if is_there else "a person let it be"
        live_rows.close(session, work, state, because=because)
        words = "It is closed as there." if is_there else "It is let be."
        return _said(session, actor, action_id, _CLOSE, work, words, {"is_there": is_there, "reason": because})


def _live(session: Session, target: Target, deed: Deed) -> tuple[Work, Publication]:
    """The post and the one publication of it that is live. Raises NotFound, and Refused where it can't be done."""
    work = work_on(session, target)
    row = work.rows[0]
    why_not = live_rules.why_not(
        deed,
        providers.networks().get(work.account(row).network),
        row.payload.get("format", FEED),
        published=row.state is PublicationState.PUBLISHED,
        deleted=row.deleted_at is not None,
        named=row.provider_post_id is not None,
    )
    if why_not is not None:
        raise Refused(why_not)
    return work, row


def _refuse_own_work(session: Session, actor: Actor, work: Work) -> None:
    post = work.post
    request = Request(post.author_id, post.submitted_by, None, post.writers)
    self_approval = work.situation.organization.self_approval
    members = posts.members(session, APPROVERS)
    why_not = deciding.why_not(request, actor.member_id, actor.role, members, self_approval)
    if why_not:
        raise Refused(why_not)


def _refuse_unfit(payload: Payload) -> None:
    """By the network's own rules for texts; the rest of the post is as it went out."""
    found = providers.publisher(payload.network).problems(payload)
    errors = [
        f"{each.words} {each.fix}".strip()
        for each in found
        if each.severity == "error" and each.place in ("text", "length")
    ]
    if errors:
        raise Invalid(errors)


def _add(session: Session, actor: Actor, row: Publication, kind: Kind, words: str, before: str) -> None:
    live_rows.add(
        session,
        row.id,
        kind,
        asked_by=actor.member_id,
        words=words,
        words_before=before,
        correlation_id=actor.correlation_id,
    )


def _in_trouble(session: Session, work_id: UUID, epoch: int) -> LiveWork:
    """What waits for a person, held. Raises NotFound, and Conflict when it isn't what the person saw any more."""
    found = live_rows.find(session, work_id)
    if found is None:
        raise NotFound
    store.lock(session, found.publication_id)
    work = live_rows.lock(session, work_id)
    if work is None:
        raise NotFound
    if work.state not in (LiveState.FAILED, LiveState.NEEDS_HUMAN):
        raise Conflict("Somebody answered this meanwhile, or it is under way again. This is how it stands now.")
    if work.epoch != epoch:
        # It may stand as it did, but for another try: what the person knows is about the one before.
        raise Conflict(_TRIED_SINCE)
    return work


def _said(
    session: Session, actor: Actor, action_id: UUID, action: str, work: LiveWork, words: str, after: dict[str, Any]
) -> Changed:
    target = Target.read(publication_id=work.publication_id)
    changed = Changed((work.publication_id,), (), words)
    return done(session, actor, action_id, action, target, changed, {"kind": work.kind.value, **after})
