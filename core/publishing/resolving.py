"""An approver says what became of a send whose outcome Masthead can't tell.

Both verdicts ask the network once more before they are taken, outside any transaction; that read is stored like any
other, whatever comes of it. Then one transaction compares and sets: the question must still be open and be about the
same attempt, for the post may have been found meanwhile.

What the read proves needs nobody's verdict: it closes the question there and then. An account that can never be read
is taken at the person's word, which is kept as the proof.

"Not live, send again" is the one place from which a second post can come, so it is refused until no program can still
be sending the first (`rules.resend_after`), and whenever the network shows the post.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import providers
from core.accounts.access import access_for
from core.audit.commands import earlier_result, record
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Conflict, NotFound, Refused
from core.organizations.rules import Permission, require
from core.posts import editing, problems, receipts
from core.posts import store as posts
from core.posts.model import Publication
from core.posts.problems import Ask, Candidate
from core.posts.rules import Needs, PublicationState
from core.provider_kit import hostile
from core.provider_kit.errors import ProviderFailure
from core.provider_kit.types import Access, LivePost, Payload, ReadBack
from core.publishing import checking, rules, store
from core.publishing.inputs import LiveVerdict, NotLiveVerdict
from core.publishing.rules import AttemptState
from core.publishing.steps import KeptSteps
from core.publishing.times import call_timeout_s, times
from core.publishing.views import Changed

_S = PublicationState
_LIVE = "publication.resolve_live"
_NOT_LIVE = "publication.resolve_not_live"
_PROVEN = "The network says that it is live, so it is closed as published. Reload to see it."
_CLOSED = "Somebody answered this meanwhile, or the post was found. Reload to see what became of it."


@dataclass(frozen=True, slots=True)
class _Open:
    """An open question, as it was before the network was asked. `access` None: the account can't be read."""

    publication_id: UUID
    attempt_id: int
    sent_at: datetime
    payload: Payload
    steps: KeptSteps
    access: Access | None
    no_access_because: str

    @property
    def since(self) -> datetime:
        return self.sent_at - rules.LOOK_BACK


def resolve_live(actor: Actor, action_id: UUID, publication_id: UUID, *, post: str, reason: str) -> Changed:
    """Close an unclear outcome as live (approvers). `post` is the network's id of the post or its address.

    The network is asked first: the post must be on this account, made inside the window, and no other publication's.
    Where the account can never be read, the person's word is the proof, and `post` its address if it is one.
    """
    require(actor, Permission.RESOLVE)
    said = LiveVerdict.read(post=post, reason=reason)
    question = _question(actor, action_id, _LIVE, publication_id)
    if isinstance(question, Changed):
        return question
    read, failed = _look(actor, question)
    if read is None:
        raise Refused(f"The account could not be read to check that: {failed} Try again in a minute.")
    live = rules.named_post(said.post, [*read.matches, *read.look_alikes])
    unreadable = bool(read.unreadable) and not read.complete
    if not unreadable and (live is None or live.created_at < question.since):
        raise Refused(
            "The account shows no such post with this text from the time it was sent. Check the address: it must be"
            " a post on this account."
        )
    try:
        with db.transaction(actor) as session:
            earlier = receipts.earlier(session, actor, action_id, _LIVE, Changed)
            if earlier is not None:
                return earlier
            row = _still_open(session, question)
            if live is not None and store.taken(session, row, [live.provider_post_id]):
                raise Refused("That post belongs to another publication of this account. Look for a second one.")
            proof = {"verdict_by": actor.label, "reason": said.reason, "post": said.post}
            _close_live(session, actor, question, live, proof)
            changed = Changed((publication_id,), (), "It is closed as published.")
            named = live.provider_post_id if live is not None else said.post
            after = {"provider_post_id": named, "reason": said.reason}
            return _done(session, actor, action_id, _LIVE, changed, publication_id, after)
    except IntegrityError as error:
        if "provider_post_id" in str(error.orig):
            raise Refused("That post belongs to another publication of this account by now.") from None
        raise


def resolve_not_live(actor: Actor, action_id: UUID, publication_id: UUID, *, send_again: bool, reason: str) -> Changed:
    """Close an unclear outcome as not live (approvers): send the same bytes again, or give up (cancelled).

    Refused before `Evidence.resend_after`, and while the network shows the post; to send again the account must be
    readable. `rules.RESEND_RISK` says in words what sending again may cost.
    """
    require(actor, Permission.RESOLVE)
    said = NotLiveVerdict.read(send_again=send_again, reason=reason)
    question = _question(actor, action_id, _NOT_LIVE, publication_id, not_before_deadline=True)
    if isinstance(question, Changed):
        return question
    read, failed = _look(actor, question)
    if read is None and said.send_again:
        raise Refused(f"The account could not be read to make sure: {failed} Try again in a minute.")
    with db.transaction(actor) as session:
        earlier = receipts.earlier(session, actor, action_id, _NOT_LIVE, Changed)
        if earlier is not None:
            return earlier
        row = _still_open(session, question)
        matches = read.matches if read else ()
        taken = store.taken(session, row, [each.provider_post_id for each in matches])
        shown = [each for each in matches if each.provider_post_id not in taken]
        if shown:
            where = shown[0].permalink or shown[0].provider_post_id
            raise Refused(f"The account shows it: {where}. Close it as live instead.")
        store.close_attempt(session, question.attempt_id, AttemptState.PROVEN_ABSENT, verdict_by=actor.label)
        words = _send_again(session, actor, row) if said.send_again else _give_up(session, row, said.reason)
        changed = Changed((publication_id,), (), words)
        after = {"send_again": said.send_again, "reason": said.reason}
        return _done(session, actor, action_id, _NOT_LIVE, changed, publication_id, after)


def _question(
    actor: Actor, action_id: UUID, command: str, publication_id: UUID, *, not_before_deadline: bool = False
) -> _Open | Changed:
    with db.transaction(actor) as session:
        earlier = earlier_result(session, actor, action_id, command)
        if earlier:  # a double click: what it gave is settled inside the transaction that takes verdicts
            return Changed(publication_ids=(publication_id,), words=str(earlier["result"]["words"]))
        row = store.publication(session, publication_id)
        if row is None:
            raise NotFound
        attempt = store.unresolved_attempt(session, publication_id)
        if row.needs is not Needs.OUTCOME or attempt is None:
            raise Refused("There is no open question about it. Reload to see how it stands.")
        wait_until = rules.resend_after(attempt.send_deadline, times().lease_sending_s)
        if not_before_deadline and store.now(session) < wait_until:
            raise Refused(
                f"It may still be on its way. From {wait_until:%H:%M:%S} UTC on nothing can be sending it; decide then."
            )
        access, because = None, ""
        try:
            access = access_for(session, row.account_id, actor.correlation_id)
        except ProviderFailure as failure:
            because = failure.reason
        return _Open(
            publication_id,
            attempt.id,
            attempt.opened_at,
            Payload.from_json(row.approved_payload or row.payload),
            KeptSteps.of(session, row.id, row.approved_sha256 or row.payload_sha256),
            access,
            because,
        )


def _look(actor: Actor, question: _Open) -> tuple[ReadBack | None, str]:
    """Read the account and keep what it showed; None and why when it couldn't be read.

    Raises Conflict when the network proves that it is live: that closes the question without anybody's verdict.
    """
    read, failed = None, question.no_access_because
    if question.access is not None:
        try:
            read = providers.publisher(question.payload.network).read_back(
                question.payload,
                question.access,
                question.steps,
                since=question.since,
                timeout_s=call_timeout_s(times()),
            )
        except ProviderFailure as failure:
            failed = failure.reason
    proven = False
    seen = [*read.matches, *read.look_alikes] if read else []
    with db.transaction(actor) as session:
        row = store.publication(session, question.publication_id)
        if row is None:
            raise NotFound
        taken = store.taken(session, row, [post.provider_post_id for post in seen])
        store.add_read(
            session,
            row.id,
            question.attempt_id,
            complete=read is not None and read.complete,
            matches=len(read.matches) if read else 0,
            evidence=checking.evidence_of(read, taken, since=question.since, failed_because=failed),
        )
        if read is not None and read.proof is not None:
            row = _still_open(session, question)
            _close_proven(session, question, row, read, taken)
            proven = True
    if proven:
        raise Conflict(_PROVEN)
    return read, failed


def _close_proven(session: Session, question: _Open, row: Publication, read: ReadBack, taken: set[str]) -> None:
    post = rules.the_post(read, taken, has_unresolved_twin=store.has_unresolved_twin(session, row))
    checking.close_as_live(session, row.id, question.attempt_id, post, read.proof, sent_at=question.sent_at)


def _still_open(session: Session, question: _Open) -> Publication:
    row = store.lock(session, question.publication_id)
    attempt = store.unresolved_attempt(session, question.publication_id)
    if row is None or row.needs is not Needs.OUTCOME or attempt is None or attempt.id != question.attempt_id:
        raise Conflict(_CLOSED)
    return row


def _close_live(session: Session, actor: Actor, question: _Open, live: LivePost | None, proof: dict[str, Any]) -> None:
    """`live` None: on the person's word alone."""
    store.close_attempt(
        session,
        question.attempt_id,
        AttemptState.ACCEPTED,
        provider_ref=live.provider_post_id if live else None,
        verdict_by=actor.label,
    )
    store.close_as_published(
        session,
        question.publication_id,
        provider_post_id=live.provider_post_id if live else None,
        permalink=live.permalink if live else hostile.web_address(proof["post"]),
        proof=proof,
        published_at=live.created_at if live else question.sent_at,
        because="a person found it live",
    )


def _send_again(session: Session, actor: Actor, row: Publication) -> str:
    situation = posts.situation(session)
    holds = editing.approval_holds(row, situation.moment)
    account = posts.accounts(session, [row.account_id])[row.account_id]
    candidate = Candidate(account, Payload.from_json(row.payload), None)
    ask = Ask.PUBLISH_NOW if holds else Ask.SUBMIT
    problems.refuse(problems.find(session, row.post_id, [candidate], ask, situation))
    if not holds:
        store.move(
            session,
            row.id,
            _S.IN_REVIEW,
            because="a person found it not live; its approval had lapsed",
            needs=None,
            due_at=None,
            not_after=None,
            next_action_at=None,
        )
        return "Its approval had lapsed: it is in review again."
    store.move(
        session,
        row.id,
        _S.SCHEDULED,
        because="a person found it not live and sends it again",
        needs=None,
        due_at=situation.moment,
        not_after=situation.moment + timedelta(seconds=account.window_s),
        next_action_at=None,
        attempt_count=0,
        correlation_id=actor.correlation_id,
    )
    return "It will be sent again now."


def _give_up(session: Session, row: Publication, reason: str) -> str:
    store.move(session, row.id, _S.CANCELLED, because=reason, needs=None, next_action_at=None)
    return "It is closed as cancelled."


def _done(
    session: Session,
    actor: Actor,
    action_id: UUID,
    action: str,
    changed: Changed,
    publication_id: UUID,
    after: dict[str, Any],
) -> Changed:
    record(session, actor, action, "publication", publication_id, after=after)
    receipts.keep(session, actor, action_id, changed)
    return changed
