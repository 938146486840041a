"""Reading back: what became of a send whose outcome nobody knows.

    r1  the account's posts since shortly before the attempt are read                   no transaction
    r2  every read is stored, and decides (`rules.verdict`)                             own transaction, epoch fenced
    r3  (before its commit)

The first read comes `first_read_after_s` after the send's deadline. A complete read with exactly one exact match that
no other publication owns closes the question as published, and so does the network's own proof that this very
publication is live, even where nobody can say which post it is ("live, link not found yet"). Where the network says
that the call had no effect and that the same call can't have two, the row goes back to scheduled with its steps, and
the same call goes out again, a few times at most. A complete read without any of these is no proof of absence: indexes
lag and frozen senders wake. The question goes to a person with what was read. A read that fails or doesn't cover the
window is repeated by `read_spacing_s`, and then goes to a person too; an account that can never be read goes there at
once.

Nothing here is visible on the network, so a process may die anywhere in it: the row is still `unknown`, and its next
read is due when the lease of this one ends. Two readers at once store two reads; the first verdict holds.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import providers
from core.accounts.access import access_for, report_broken
from core.infra import crash, db
from core.infra.logs import bound
from core.infra.settings import PublishTimes
from core.posts.model import Publication
from core.posts.rules import PublicationState
from core.provider_kit.errors import ProviderFailure, ReconnectNeeded
from core.provider_kit.types import Access, LivePost, Payload, ReadBack
from core.publishing import rules, store
from core.publishing.rules import AttemptState, Verdict
from core.publishing.steps import KeptSteps
from core.publishing.store import Claim
from core.publishing.times import call_timeout_s
from core.publishing.times import times as times_of_this_process

_log = logging.getLogger(__name__)
CHECKER = "program:checker"
_QUOTE = 300


@dataclass(frozen=True, slots=True)
class _Question:
    """An unclear outcome with what it takes to ask the network about it. `access` None: we may not ask."""

    claim: Claim
    attempt_id: int
    sent_at: datetime
    payload: Payload
    account_id: UUID
    correlation_id: str
    steps: KeptSteps
    access: Access | None
    no_access_because: str

    @property
    def since(self) -> datetime:
        return self.sent_at - rules.LOOK_BACK


@dataclass(frozen=True, slots=True)
class _Answer:
    """One read: what it showed, or why it failed."""

    read: ReadBack | None
    failed_because: str = ""
    reconnect: bool = False


def check_one(
    organization_id: UUID, publication_id: UUID, epoch: int, *, times: PublishTimes | None = None
) -> PublicationState | None:
    """Read one unclear outcome back; gives the state it was left in, None when it was settled meanwhile."""
    claim = Claim(organization_id, publication_id, epoch)
    times = times or times_of_this_process()
    with bound(organization_id=organization_id, publication_id=publication_id, epoch=epoch, actor=CHECKER):
        question = _question(claim)
        if question is None:
            return None
        with bound(correlation_id=question.correlation_id):
            crash.point("r1")
            answer = _ask(question, times)
            crash.point("r2")
            try:
                return _decide(question, answer, times)
            except IntegrityError as error:
                if "provider_post_id" not in str(error.orig):
                    raise
                # Another publication took this very post between our look and our commit: look once more.
                _log.warning("the post found was taken by another publication meanwhile")
                return _decide(question, answer, times)


def _question(claim: Claim) -> _Question | None:
    with db.organization_transaction(claim.organization_id, CHECKER) as session:
        row = store.publication(session, claim.publication_id)
        attempt = store.unresolved_attempt(session, claim.publication_id)
        if row is None or attempt is None or row.state is not PublicationState.UNKNOWN or row.epoch != claim.epoch:
            return None
        access, because = None, ""
        try:
            access = access_for(session, row.account_id, row.correlation_id)
        except ReconnectNeeded as failure:
            because = failure.reason
        return _Question(
            claim=claim,
            attempt_id=attempt.id,
            sent_at=attempt.opened_at,
            payload=Payload.from_json(row.approved_payload or row.payload),
            account_id=row.account_id,
            correlation_id=row.correlation_id,
            steps=KeptSteps.of(session, row.id, row.approved_sha256 or row.payload_sha256),
            access=access,
            no_access_because=because,
        )


def _ask(question: _Question, times: PublishTimes) -> _Answer:
    if question.access is None:
        return _Answer(None, question.no_access_because)
    try:
        publisher = providers.publisher(question.payload.network)
        return _Answer(
            publisher.read_back(
                question.payload, question.access, question.steps, since=question.since, timeout_s=call_timeout_s(times)
            )
        )
    except ReconnectNeeded as failure:
        return _Answer(None, failure.reason, reconnect=True)
    except ProviderFailure as failure:
        return _Answer(None, failure.reason)
    except Exception as failure:
        _log.exception("reading back failed in an unforeseen way")
        return _Answer(None, f"The program met an error of its own while reading ({type(failure).__name__}).")


def _decide(question: _Question, answer: _Answer, times: PublishTimes) -> PublicationState | None:
    claim, read = question.claim, answer.read
    with db.organization_transaction(claim.organization_id, CHECKER, question.correlation_id) as session:
        row = store.lock(session, claim.publication_id, claim.epoch)
        if row is None:
            return None
        ours = row.state is PublicationState.UNKNOWN
        taken = store.taken(session, row, [post.provider_post_id for post in read.matches]) if read else set()
        count = store.add_read(
            session,
            row.id,
            question.attempt_id,
            complete=read is not None and read.complete,
            matches=len(read.matches) if read else 0,
            evidence=evidence_of(read, taken, since=question.since, failed_because=answer.failed_because),
        )
        if answer.reconnect:
            report_broken(session, question.account_id, answer.failed_because)
        if not ours:
            return None
        verdict, post = rules.verdict(
            read,
            taken,
            has_unresolved_twin=store.has_unresolved_twin(session, row),
            reads_left=count <= len(times.read_spacing_s),
            repeats=store.attempts_closed_by(session, row.id, CHECKER, AttemptState.PROVEN_ABSENT),
        )
        state = PublicationState.UNKNOWN
        if verdict is Verdict.LIVE:
            proof = read.proof if read else None
            close_as_live(session, row.id, question.attempt_id, post, proof, sent_at=question.sent_at)
            state = PublicationState.PUBLISHED
        elif verdict is Verdict.REPEAT:
            store.close_attempt(session, question.attempt_id, AttemptState.PROVEN_ABSENT, verdict_by=CHECKER)
            store.retry_in(
                session,
                row.id,
                seconds=times.retry_after_s[0],
                because=rules.REPEATED,
                last_error={"reason": rules.REPEATED},
            )
            state = PublicationState.SCHEDULED
        elif verdict is Verdict.ASK:
            store.ask_a_person(session, row.id, _why_ask(row, read))
            state = PublicationState.NEEDS_HUMAN
        else:
            store.read_again_in(session, row.id, claim.epoch, times.read_spacing_s[count - 1])
        crash.point("r3")
    _log.info("outcome read back", extra={"verdict": verdict, "reads": count, "complete": bool(read and read.complete)})
    return state


def close_as_live(
    session: Session,
    publication_id: UUID,
    attempt_id: int,
    post: LivePost | None,
    proof: Mapping[str, Any] | None,
    *,
    sent_at: datetime,
) -> None:
    """Close an unclear outcome by what a read showed: the post, the network's proof, or both."""
    store.close_attempt(
        session,
        attempt_id,
        AttemptState.ACCEPTED,
        provider_ref=post.provider_post_id if post else None,
        verdict_by=CHECKER,
    )
    store.close_as_published(
        session,
        publication_id,
        provider_post_id=post.provider_post_id if post else None,
        permalink=post.permalink if post else None,
        proof=None if proof is None else dict(proof),
        published_at=post.created_at if post else sent_at,
        because="A read of the account found exactly this post." if proof is None else "The network says it is live.",
    )


def _why_ask(row: Publication, read: ReadBack | None) -> str:
    if read is not None and read.unreadable:
        return read.unreadable[: rules.LONGEST_WORDS]
    if read is not None and read.may_repeat:
        return rules.REPEATED_ENOUGH
    if read is None or not read.complete:
        return "The account could not be read completely."
    if read.matches:
        return "The account shows this text more than once, or another publication of it is unclear too."
    return "The account doesn't show it, which is no proof that it isn't live."


def evidence_of(read: ReadBack | None, taken: set[str], *, since: datetime, failed_because: str = "") -> dict[str, Any]:
    """A read as it is stored: what was looked for, what was seen, which of it was somebody else's."""
    said: dict[str, Any] = {"since": since.isoformat()}
    if read is None:
        return said | {"words": failed_because}
    said |= {
        name: value
        for name, value in (
            ("words", read.unreadable[: rules.LONGEST_WORDS]),
            ("proof", dict(read.proof or {})),
            ("may_repeat", read.may_repeat),
        )
        if value
    }
    return said | {
        "seen": read.seen,
        "trace_id": read.trace_id,
        "matches": [_post(post, post.provider_post_id in taken) for post in read.matches],
        "look_alikes": _posts(read.look_alikes),
    }


def _posts(posts: Sequence[LivePost]) -> list[dict[str, Any]]:
    return [_post(post, taken=False) for post in posts[:10]]


def _post(post: LivePost, taken: bool) -> dict[str, Any]:
    return {
        "id": post.provider_post_id,
        "text": post.text[:_QUOTE],
        "link": post.link,
        "created_at": post.created_at.isoformat(),
        "permalink": post.permalink,
        "taken": taken,
    }
