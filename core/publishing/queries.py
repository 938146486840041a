"""What is known of a publication's sending: steps, attempts, reads, events. Reads lock nothing and change nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from core import providers
from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import NotFound
from core.organizations.rules import Permission, require
from core.posts.model import PublicationEvent
from core.posts.rows import error_words
from core.posts.rules import ACCOUNT_SENDS, Needs, PublicationState
from core.publishing import (
    desk_rows,
    link_rows,
    live_rows,
    live_rules,
    model,
    read_rows,
    rules,
    step_rows,
    store,
    unattended_rows,
)
from core.publishing.candidates import Candidate, NamedPost, SeenPost, candidates, named_in, posts_in
from core.publishing.live_rules import Kind, LiveState
from core.publishing.rules import ATTEMPT_WORDS, AttemptState
from core.publishing.times import times
from core.publishing.views import LiveTrouble, LiveWork, LookedFor

MOST_QUESTIONS: Final = 50
MOST_TROUBLE: Final = 20


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
    """What an invisible step made at the network. `words` says what Masthead did: "handed its files to Instagram".

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
class Read:
    """One read of the account's recent posts. `complete` False: it failed or didn't cover the time since `since`.

    `posts` are the likeliest first.
    """

    id: int
    attempt_id: int
    at: datetime
    since: datetime | None
    complete: bool
    matches: int
    words: str
    posts: tuple[SeenPost, ...]
    named: NamedPost | None
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

    `candidates` are all posts that the reads of the newest attempt showed; none is preferred. `next_read_at` is when an
    unclear outcome is read again by itself, None when it isn't. `open_attempt_id` is the attempt that an open question
    is about (None: no open question), and `resend_after` the instant from which "not live" may be said of it;
    `resend_risk` says in words what sending again may cost.
    `link` is the live post's address once found; `link_state` is none, pending, found or missing.
    """

    publication_id: UUID
    state: str
    steps: tuple[Step, ...]
    attempts: tuple[Attempt, ...]
    reads: tuple[Read, ...]
    candidates: tuple[Candidate, ...]
    events: tuple[Event, ...]
    provider_post_id: str | None
    link: str | None
    link_state: str
    next_read_at: datetime | None
    open_attempt_id: int | None
    resend_after: datetime | None
    resend_risk: str


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A publication whose outcome is unclear, as a line of the desk. `text` has at most 140 characters.

    `asked`: a person is asked; else it is still being read.
    """

    publication_id: UUID
    post_id: UUID
    text: str
    account_name: str
    network: str
    sent_at: datetime
    asked: bool
    next_read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Desk:
    """What is unclear: what a person is asked about first, the oldest first. `more`: there are others besides."""

    questions: tuple[OpenQuestion, ...]
    more: bool


def desk(actor: Actor) -> Desk:
    """Every publication of the organization whose outcome is unclear, at most `MOST_QUESTIONS`."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        rows = desk_rows.open_questions(session, MOST_QUESTIONS + 1)
    return Desk(
        tuple(
            OpenQuestion(
                publication_id=row.id,
                post_id=row.post_id,
                text=row.text,
                account_name=row.account_name,
                network=row.network,
                sent_at=row.sent_at,
                asked=row.needs == Needs.OUTCOME,
                next_read_at=row.next_action_at,
            )
            for row in rows[:MOST_QUESTIONS]
        ),
        more=len(rows) > MOST_QUESTIONS,
    )


def evidence(actor: Actor, publication_id: UUID) -> Evidence:
    """Attempts, reads and events of one publication. Raises NotFound outside the actor's organization."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        return _evidence(session, publication_id)


def live_works(actor: Actor, post_id: UUID) -> Mapping[UUID, tuple[LiveWork, ...]]:
    """Publication -> what was done, and is to be done, to it since it is live, oldest first."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        rows = live_rows.of_post(session, post_id)
    found: dict[UUID, tuple[LiveWork, ...]] = {}
    for row in rows:
        found[row.publication_id] = (*found.get(row.publication_id, ()), _live_work(row))
    return found


def stopped_since(actor: Actor) -> datetime | None:
    """Since when something of the organization waits, to be sent or to be read back, though nothing holds it back.

    None while nothing has waited so for a minute.
    """
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        found = unattended_rows.oldest(session, times())
    return None if found is None else found.since


def live_trouble(actor: Actor) -> tuple[LiveTrouble, ...]:
    """What didn't go through under live posts, or may be there or not, newest first; at most `MOST_TROUBLE`."""
    require(actor, Permission.READ)
    with db.transaction(actor) as session:
        return tuple(
            LiveTrouble(
                post_id=row.post_id,
                kind=Kind(row.kind),
                state=LiveState(row.state),
                words=live_rules.said(Kind(row.kind), LiveState(row.state), error_words(row.last_error)),
                text=row.text,
                account_name=row.account_name,
                network=row.network,
            )
            for row in live_rows.in_trouble(session, MOST_TROUBLE)
        )


def _live_work(row: Row[Any]) -> LiveWork:
    kind, state = Kind(row.kind), LiveState(row.state)
    held_by = ""
    if state is LiveState.WAITING and row.account_state != ACCOUNT_SENDS:
        held_by = f"{providers.named(row.account_name, row.network)} must be connected again on Accounts first."
    elif state is LiveState.WAITING and row.paused:
        held_by = "It goes on when what is paused is resumed."
    return LiveWork(
        id=row.id,
        publication_id=row.publication_id,
        kind=kind,
        state=state,
        epoch=row.epoch,
        words=live_rules.said(kind, state, error_words(row.last_error), held_by, deleted=row.deleted),
        text=row.text,
        text_before=row.text_before,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        closed_at=row.closed_at,
        next_at=row.next_action_at,
        looks=tuple(
            LookedFor(datetime.fromisoformat(each["at"]), each["complete"], each["words"]) for each in row.evidence
        ),
    )


def _evidence(session: Session, publication_id: UUID) -> Evidence:
    row = store.publication(session, publication_id)
    if row is None:
        raise NotFound
    unclear = row.state is PublicationState.UNKNOWN or row.needs is Needs.OUTCOME
    open_question = store.unresolved_attempt(session, publication_id) if unclear else None
    attempts = tuple(_attempt(each) for each in store.attempts(session, publication_id))
    reads = tuple(_read(each) for each in read_rows.reads(session, publication_id))
    link = link_rows.link(session, publication_id)
    return Evidence(
        publication_id=publication_id,
        state=row.state.value,
        steps=tuple(
            _step(each, row.payload["network"])
            for each in step_rows.every(session, publication_id)
            if each.name in rules.STEP_WORDS
        ),
        attempts=attempts,
        reads=reads,
        candidates=_candidates(attempts, reads),
        events=tuple(_event(each) for each in store.events(session, publication_id)),
        provider_post_id=row.provider_post_id,
        link=link.url if link else None,
        link_state=link.state if link else "none",
        next_read_at=row.next_action_at if open_question else None,
        open_attempt_id=open_question.id if open_question else None,
        resend_after=rules.resend_after(open_question.send_deadline, times().lease_sending_s)
        if open_question
        else None,
        resend_risk=rules.RESEND_RISK,
    )


def _candidates(attempts: Sequence[Attempt], reads: Sequence[Read]) -> tuple[Candidate, ...]:
    newest = attempts[-1].id if attempts else None
    return candidates([(each.at, each.complete, each.posts) for each in reads if each.attempt_id == newest])


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
    posts = posts_in(row.evidence)
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
        named=named_in(row.evidence),
        evidence=row.evidence,
    )


def _read_words(row: model.ReconcileRead, posts: Sequence[SeenPost]) -> str:
    if failed := row.evidence.get("words"):
        return str(failed)
    if row.evidence.get("proof"):
        return "The network says that it is live."
    if row.evidence.get("may_repeat"):
        return rules.NO_EFFECT
    same = [post for post in posts if post.likeness == "same"]
    free = [post for post in same if not post.taken]
    more = "" if row.complete or row.evidence.get("listed") else " The read did not cover the whole time."
    more += f" {row.evidence['note']}" if row.evidence.get("note") else ""
    if not same:
        alike = sum(post.likeness == "alike" for post in posts)
        found = f"{alike} like it, but none that is it for sure" if alike else "none with this text"
        return f"Saw {_posts(row.evidence.get('seen', 0))}, {found}.{more}"
    if not free:
        return f"Saw this text only in posts that belong to other publications.{more}"
    return f"Saw this text in {_posts(len(free))} that nobody owns yet.{more}"


def _posts(count: int) -> str:
    return f"{count} {'post' if count == 1 else 'posts'}"


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
