"""Reading back: what became of a send whose outcome nobody knows.

    r1  the account's posts since shortly before the attempt are read                   no transaction
    r2  every read is stored, and decides (`rules.verdict`)                             own transaction, epoch fenced
    r3  (before its commit)

The first read comes `first_read_after_s` after the send's deadline. A complete read with exactly one exact match that
no other publication owns and that can have come from this try closes the question as published, and so does the
network's own proof that this very publication is live, even where nobody can say which post it is ("live, link not
found yet"). Where the network says that the call had no effect and that the same call can't have two, the row goes back
to scheduled with its steps, and the same call goes out again, a few times at most.

A read without any of these is no proof of absence: indexes lag and frozen senders wake. It is repeated by
`read_spacing_s`, and then the question goes to a person with what was read. At once goes there what no further read can
tell: several equal posts, and an account that can never be read.

What a person was asked about is still read, ever more rarely, for at least `late_reads_last_s` after the send; it
closes by itself when the post, or the network's proof of it, turns up. Nothing else does a late read decide.

Nothing here is visible on the network, so a process may die anywhere in it: the row still waits for an answer, and its
next read is due when the lease of this one ends. Two readers at once store two reads; the first verdict holds.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.accounts.access import report_broken
from core.infra import crash, db
from core.infra.logs import bound
from core.infra.settings import PublishTimes
from core.posts.model import Publication
from core.posts.rules import Needs, PublicationState
from core.provider_kit.types import Access, LivePost
from core.publishing import read_rows, reading, rules, store
from core.publishing.reading import Answer, Question
from core.publishing.rules import CHECKER, AttemptState, Verdict
from core.publishing.store import Claim
from core.publishing.times import times as times_of_this_process

_log = logging.getLogger(__name__)


def check_one(
    organization_id: UUID, publication_id: UUID, epoch: int, *, times: PublishTimes | None = None
) -> PublicationState | None:
    """Read one unclear outcome back; gives the state it was left in, None when it was settled meanwhile."""
    claim = Claim(organization_id, publication_id, epoch)
    times = times or times_of_this_process()
    with bound(organization_id=organization_id, publication_id=publication_id, epoch=epoch, actor=CHECKER):
        found = _question(claim, times)
        if found is None:
            return None
        question, correlation_id = found
        with bound(correlation_id=correlation_id):
            crash.point("r1")
            answer = reading.ask(question, times)
            crash.point("r2")
            try:
                return _decide(claim, question, answer, times, correlation_id)
            except IntegrityError as error:
                if "provider_post_id" not in str(error.orig):
                    raise
                # Another publication took this very post between our look and our commit: look once more.
                _log.warning("the post found was taken by another publication meanwhile")
                return _decide(claim, question, answer, times, correlation_id)


def _question(claim: Claim, times: PublishTimes) -> tuple[Question, str] | None:
    with db.organization_transaction(claim.organization_id, CHECKER) as session:
        row = store.publication(session, claim.publication_id)
        attempt = store.unresolved_attempt(session, claim.publication_id)
        if row is None or attempt is None or not _is_open(row) or row.epoch != claim.epoch:
            return None
        return reading.question_about(session, row, attempt, times, row.correlation_id), row.correlation_id


def _is_open(row: Publication) -> bool:
    return row.state is PublicationState.UNKNOWN or row.needs is Needs.OUTCOME


def _decide(
    claim: Claim, question: Question, answer: Answer, times: PublishTimes, correlation_id: str
) -> PublicationState | None:
    with db.organization_transaction(claim.organization_id, CHECKER, correlation_id) as session:
        row = store.lock(session, claim.publication_id, claim.epoch)
        if row is None:
            return None
        count, taken = reading.keep(session, row, question, answer)
        if answer.reconnect and isinstance(question.access, Access):
            report_broken(session, question.account_id, answer.failed_because, refused=question.access)
        attempt = store.unresolved_attempt(session, row.id)
        if not _is_open(row) or attempt is None or attempt.id != question.attempt_id:
            return None
        verdict, post = rules.verdict(
            answer.read,
            taken,
            has_unresolved_twin=read_rows.has_unresolved_twin(session, row),
            reads_left=count <= len(times.read_spacing_s),
            repeats=store.attempts_closed_by(session, row.id, CHECKER, AttemptState.PROVEN_ABSENT),
        )
        late = row.state is PublicationState.NEEDS_HUMAN
        if verdict is Verdict.LIVE:
            proof = answer.read.proof if answer.read else None
            close_as_live(session, row.id, question.attempt_id, post, proof, sent_at=question.sent_at)
            state = PublicationState.PUBLISHED
        elif late:
            store.read_again_in(session, row.id, row.epoch, _late_s(session, question, answer, times))
            state = PublicationState.NEEDS_HUMAN
        else:
            state = _carry_out(session, row, question, answer, verdict, count, taken, times)
        crash.point("r3")
    _log.info(
        "outcome read back",
        extra={
            "verdict": verdict,
            "reads": count,
            "late": late,
            "complete": bool(answer.read and answer.read.complete),
        },
    )
    return state


def _carry_out(
    session: Session,
    row: Publication,
    question: Question,
    answer: Answer,
    verdict: Verdict,
    count: int,
    taken: set[str],
    times: PublishTimes,
) -> PublicationState:
    """What follows from a read that didn't show it live, while no person was asked yet."""
    if verdict is Verdict.AGAIN:
        store.read_again_in(session, row.id, row.epoch, times.read_spacing_s[count - 1])
        return PublicationState.UNKNOWN
    if verdict is Verdict.ASK:
        again_s = _late_s(session, question, answer, times)
        store.ask_a_person(session, row.id, rules.why_ask(answer.read, taken, count), read_again_s=again_s)
        return PublicationState.NEEDS_HUMAN
    store.close_attempt(session, question.attempt_id, AttemptState.PROVEN_ABSENT, verdict_by=CHECKER)
    store.retry_in(
        session,
        row.id,
        seconds=times.retry_after_s[0],
        because=rules.REPEATED,
        last_error={"reason": rules.REPEATED},
    )
    return PublicationState.SCHEDULED


def _late_s(session: Session, question: Question, answer: Answer, times: PublishTimes) -> float | None:
    """Seconds until the next late read; None when none will tell more."""
    read = answer.read
    if read is not None and read.unreadable and not read.complete:
        return None
    age_s = (store.now(session) - question.sent_at).total_seconds()
    return rules.late_read_after_s(age_s, times.late_read_least_s, times.late_reads_last_s)


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
