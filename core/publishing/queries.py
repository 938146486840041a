"""What is known of a publication's sending: steps, attempts, reads, events. Reads lock nothing and change nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core import providers
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import NotFound
from core.organizations.rules import Permission, require
from core.posts.model import PublicationEvent
from core.posts.rules import Needs
from core.publishing import model, rules, step_rows, store
from core.publishing.rules import ATTEMPT_WORDS, AttemptState
from core.publishing.times import times


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at the network. `words` says in a sentence what became of it, `message` what the network said."""

    id: int
    step: str
    state: AttemptState
    words: str
    opened_at: datetime
    closed_at: datetime | None
    send_deadline: datetime
    http_status: int | None
    provider_code: str | None
    provider_trace_id: str | None
    message: str | None
    request_sha256: str
    correlation_id: str
    verdict_by: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """What an invisible step made at the network. `words` says what Masthead did: "handed the image to Instagram".

    `reference` is the network's name for it. Once `dropped_at`, it is of no use any more, and `dropped_because` why.
    """

    id: int
    name: str
    words: str
    reference: str
    made_at: datetime
    expires_at: datetime | None
    dropped_at: datetime | None
    dropped_because: str
    correlation_id: str


@dataclass(frozen=True, slots=True)
class SeenPost:
    """A post that a read found on the account. `exact`: same words and link as ours; `taken`: another publication's."""

    provider_post_id: str
    text: str
    created_at: datetime
    permalink: str | None
    exact: bool
    taken: bool


@dataclass(frozen=True, slots=True)
class Read:
    """One read of the account's recent posts. `complete` False: it failed or didn't cover the time since `since`."""

    id: int
    attempt_id: int
    at: datetime
    since: datetime | None
    complete: bool
    matches: int
    words: str
    posts: tuple[SeenPost, ...]
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """One step of the publication's life."""

    id: int
    at: datetime
    from_state: str | None
    to_state: str
    actor: str
    correlation_id: str
    because: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything stored of a publication's sending, oldest first.

    `resend_after` is the instant from which "not live" may be said of an open question (None: no open question);
    `resend_risk` says in words what sending again may cost. `link` is the live post's address once found;
    `link_state` is none, pending, found or missing.
    """

    publication_id: UUID
    state: str
    steps: tuple[Step, ...]
    attempts: tuple[Attempt, ...]
    reads: tuple[Read, ...]
    events: tuple[Event, ...]
    provider_post_id: str | None
    link: str | None
    link_state: str
    resend_after: datetime | None
    resend_risk: str


def evidence(actor: Actor, publication_id: UUID) -> Evidence:
    """Attempts, reads and events of one publication. Raises NotFound outside the actor's organization."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        return _evidence(session, publication_id)


def _evidence(session: Session, publication_id: UUID) -> Evidence:
    row = store.publication(session, publication_id)
    if row is None:
        raise NotFound
    open_question = store.unresolved_attempt(session, publication_id) if row.needs is Needs.OUTCOME else None
    link = store.link(session, publication_id)
    return Evidence(
        publication_id=publication_id,
        state=row.state.value,
        steps=tuple(
            _step(each, row.payload["network"])
            for each in step_rows.every(session, publication_id)
            if each.name in rules.STEP_WORDS
        ),
        attempts=tuple(_attempt(each) for each in store.attempts(session, publication_id)),
        reads=tuple(_read(each) for each in store.reads(session, publication_id)),
        events=tuple(_event(each) for each in store.events(session, publication_id)),
        provider_post_id=row.provider_post_id,
        link=link.url if link else None,
        link_state=link.state if link else "none",
        resend_after=rules.resend_after(open_question.send_deadline, times().lease_sending_s)
        if open_question
        else None,
        resend_risk=rules.RESEND_RISK,
    )


def _step(row: model.PublicationStep, network: str) -> Step:
    known = providers.networks().get(network)
    return Step(
        id=row.id,
        name=row.name,
        words=rules.STEP_WORDS[row.name].format(network=known.title if known else "the network"),
        reference=row.reference,
        made_at=row.made_at,
        expires_at=row.expires_at,
        dropped_at=row.dropped_at,
        dropped_because=row.dropped_because or "",
        correlation_id=row.correlation_id,
    )


def _attempt(row: model.Attempt) -> Attempt:
    state = AttemptState(row.state)
    return Attempt(
        id=row.id,
        step=row.step,
        state=state,
        words=f"This try {ATTEMPT_WORDS[state]}.",
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        send_deadline=row.send_deadline,
        http_status=row.http_status,
        provider_code=row.provider_code,
        provider_trace_id=row.provider_trace_id,
        message=row.message,
        request_sha256=row.request_sha256.hex(),
        correlation_id=row.correlation_id,
        verdict_by=row.verdict_by,
    )


def _read(row: model.ReconcileRead) -> Read:
    posts = tuple(
        [_seen(each, exact=True) for each in row.evidence.get("matches", ())]
        + [_seen(each, exact=False) for each in row.evidence.get("look_alikes", ())]
    )
    since = row.evidence.get("since")
    return Read(
        id=row.id,
        attempt_id=row.attempt_id,
        at=row.at,
        since=datetime.fromisoformat(since) if since else None,
        complete=row.complete,
        matches=row.matches,
        words=_read_words(row, posts),
        posts=posts,
        evidence=row.evidence,
    )


def _read_words(row: model.ReconcileRead, posts: Sequence[SeenPost]) -> str:
    failed = row.evidence.get("words")
    if failed:
        return str(failed)
    if row.evidence.get("proof"):
        return "The network says that it is live."
    if row.evidence.get("may_repeat"):
        return rules.NO_EFFECT
    exact = [post for post in posts if post.exact]
    free = [post for post in exact if not post.taken]
    looked = "" if row.complete else " The read did not cover the whole time."
    if not exact:
        return f"Saw {row.evidence.get('seen', 0)} posts, none with this text.{looked}"
    if not free:
        return f"Saw this text only in posts that belong to other publications.{looked}"
    return f"Saw this text in {len(free)} {'post' if len(free) == 1 else 'posts'} that nobody owns yet.{looked}"


def _seen(stored: Mapping[str, Any], *, exact: bool) -> SeenPost:
    return SeenPost(
        provider_post_id=stored["id"],
        text=stored["text"],
        created_at=datetime.fromisoformat(stored["created_at"]),
        permalink=stored.get("permalink"),
        exact=exact,
        taken=bool(stored.get("taken")),
    )


def _event(row: PublicationEvent) -> Event:
    return Event(
        id=row.id,
        at=row.at,
        from_state=row.from_state.value if row.from_state else None,
        to_state=row.to_state.value,
        actor=row.actor,
        correlation_id=row.correlation_id,
        because=str((row.why or {}).get("because", "")),
    )
