"""What the network is asked about a send whose outcome nobody knows, and what is kept of its answer.

A question is put together inside a transaction and asked outside of any. Everything that a read showed is evidence:
what may be ours, what looks like it, what else was made on the account at that time, and the post that the network
itself named when it refused a repeat.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from core import providers
from core.accounts.access import access_for
from core.accounts.rules import AccountState
from core.infra.settings import PublishTimes
from core.posts import store as posts
from core.posts.model import Publication
from core.provider_kit.errors import ProviderFailure, ReconnectNeeded, Trace
from core.provider_kit.types import Access, LivePost, Payload, ReadBack
from core.publishing import read_rows, rules, store
from core.publishing.model import Attempt
from core.publishing.steps import KeptSteps
from core.publishing.times import call_timeout_s

_log = logging.getLogger(__name__)
_QUOTE: Final = 300
_MOST_KEPT: Final = 10


@dataclass(frozen=True, slots=True)
class Question:
    """An unclear outcome with what it takes to ask the network about it, or in `access` why we may not ask.

    A post that a try can have made was made between `since` and `until`. `named` is the id of the post that the network
    named when it refused the try as a repeat. `disconnected`: people took the account out, so there is nobody to ask.
    """

    publication_id: UUID
    attempt_id: int
    sent_at: datetime
    since: datetime
    until: datetime
    payload: Payload
    account_id: UUID
    steps: KeptSteps
    named: str | None
    access: Access | ProviderFailure
    disconnected: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """One read: what it showed, or why it failed. `named_at`: the public address of the post that was named.

    `trace`: what the network said when it failed. `how_to_fix`: what a person must do before another read can succeed;
    empty where it is enough to wait.
    """

    read: ReadBack | None
    failed_because: str = ""
    how_to_fix: str = ""
    reconnect: bool = False
    named_at: str | None = None
    trace: Trace | None = None

    @property
    def candidates(self) -> tuple[LivePost, ...]:
        """Every post of the account that the read showed, the likeliest first."""
        return (*self.read.matches, *self.read.look_alikes, *self.read.others) if self.read else ()


def question_about(
    session: Session, row: Publication, attempt: Attempt, times: PublishTimes, correlation_id: str
) -> Question:
    """Put the question about an unresolved attempt together."""
    access: Access | ProviderFailure
    disconnected = False
    try:
        access = access_for(session, row.account_id, correlation_id)
    except ProviderFailure as failure:
        access = failure
        disconnected = posts.accounts(session, [row.account_id])[row.account_id].state == AccountState.DISABLED
    return Question(
        publication_id=row.id,
        attempt_id=attempt.id,
        sent_at=attempt.opened_at,
        since=store.first_in_doubt_at(session, row.id, attempt) - rules.LOOK_BACK,
        until=rules.made_until(attempt.send_deadline, times.lease_sending_s),
        payload=Payload.from_json(row.approved_payload or row.payload),
        account_id=row.account_id,
        steps=KeptSteps.of(session, row.id, row.approved_sha256 or row.payload_sha256),
        named=attempt.provider_ref,
        access=access,
        disconnected=disconnected,
    )


def ask(question: Question, times: PublishTimes) -> Answer:
    """Read the account. Raises nothing: a read that fails is an answer too."""
    if isinstance(question.access, ProviderFailure):
        return Answer(None, question.access.reason, question.access.how_to_fix)
    try:
        publisher = providers.publisher(question.payload.network)
        read = publisher.read_back(
            question.payload, question.access, question.steps, since=question.since, timeout_s=call_timeout_s(times)
        )
        address = None
        if question.named is not None:
            with suppress(ProviderFailure):
                address = publisher.permalink(question.named, question.access, timeout_s=call_timeout_s(times))
        return Answer(rules.within(read, question.since, question.until), named_at=address)
    except ReconnectNeeded as failure:
        return Answer(None, failure.reason, failure.how_to_fix, reconnect=True, trace=failure.trace)
    except ProviderFailure as failure:
        return Answer(None, failure.reason, trace=failure.trace)
    except Exception as failure:
        _log.exception("reading back failed in an unforeseen way")
        return Answer(None, f"The program met an error of its own while reading ({type(failure).__name__}).")


def keep(session: Session, row: Publication, question: Question, answer: Answer) -> tuple[int, set[str]]:
    """Store a read, whatever it gave: how many this attempt has had, and which posts of it other publications own."""
    ids = {post.provider_post_id for post in answer.candidates} | ({question.named} if question.named else set())
    taken = read_rows.taken(session, row, ids)
    count = read_rows.add_read(
        session,
        row.id,
        question.attempt_id,
        complete=answer.read is not None and answer.read.complete,
        matches=len(answer.read.matches) if answer.read else 0,
        evidence=evidence_of(question, answer, taken),
    )
    return count, taken


def evidence_of(question: Question, answer: Answer, taken: Collection[str]) -> dict[str, Any]:
    """A read as it is stored: what was looked for, what was seen, which of it was somebody else's."""
    said: dict[str, Any] = {"since": question.since.isoformat(), "until": question.until.isoformat()}
    if question.named is not None:
        said["named"] = {"id": question.named, "permalink": answer.named_at, "taken": question.named in taken}
    read = answer.read
    if read is None:
        error = {} if answer.trace is None else {"error": rules.facts_of(answer.trace)}
        return said | {"words": answer.failed_because} | error
    said |= {
        name: value
        for name, value in (
            ("words", read.unreadable[: rules.LONGEST_WORDS]),
            ("note", read.note[: rules.LONGEST_WORDS]),
            ("proof", dict(read.proof or {})),
            ("may_repeat", read.may_repeat),
            ("listed", read.listed),
        )
        if value
    }
    return said | {
        "seen": read.seen,
        "trace_id": read.trace_id,
        "matches": [_post(post, taken) for post in read.matches],
        "look_alikes": _posts(read.look_alikes, taken),
        "others": _posts(read.others, taken),
    }


def _posts(posts: Sequence[LivePost], taken: Collection[str]) -> list[dict[str, Any]]:
    return [_post(post, taken) for post in posts[:_MOST_KEPT]]


def _post(post: LivePost, taken: Collection[str]) -> dict[str, Any]:
    return {
        "id": post.provider_post_id,
        "text": post.text[:_QUOTE],
        "link": post.link,
        "created_at": post.created_at.isoformat(),
        "permalink": post.permalink,
        "taken": post.provider_post_id in taken,
    }
