"""What every command about publications stands on: what it was pointed at, held, sorted, and its one audit line.

A person's command locks the post and then its publications, so it and a sender take turns: whoever is first wins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.audit.commands import record
from core.infra.actor import Actor
from core.infra.errors import Conflict, Invalid, NotFound, Refused
from core.posts import editing, problems, receipts
from core.posts import store as posts
from core.posts.holding import locked
from core.posts.model import Post, Publication
from core.posts.problems import Ask, Candidate
from core.posts.rules import BEING_SENT, FINAL, Needs, PublicationState
from core.posts.store import AccountFacts, Situation
from core.provider_kit.types import Payload
from core.publishing import rules
from core.publishing.inputs import Target
from core.publishing.views import Changed, LeftAlone

_S = PublicationState


@dataclass(frozen=True, slots=True)
class Work:
    """The post and publications a command was pointed at, held until the end of its transaction.

    `unproven`: those that may be live by an earlier try (`posts.store.unproven`).
    """

    post: Post
    rows: tuple[Publication, ...]
    all_rows: tuple[Publication, ...]
    accounts: dict[UUID, AccountFacts]
    situation: Situation
    unproven: frozenset[UUID]

    @property
    def moment(self) -> datetime:
        """Postgres' time."""
        return self.situation.moment

    def account(self, row: Publication) -> AccountFacts:
        """The account that a publication goes to."""
        return self.accounts[row.account_id]


def work_on(session: Session, target: Target) -> Work:
    """What a command was pointed at.

    Raises NotFound, Refused for a post that goes nowhere yet, and Conflict when nothing of what was named is there.
    """
    post_id = target.post_id
    if target.publication_id is not None:
        post_id = posts.post_ids_of(session, [target.publication_id]).get(target.publication_id)
    if post_id is None:
        raise NotFound
    work = hold(session, post_id)
    if target.publication_id is not None:
        rows = tuple(row for row in work.all_rows if row.id == target.publication_id and row.removed_at is None)
        if not rows:
            raise NotFound
        return replace(work, rows=rows)
    if not work.rows:
        raise Refused("No account is chosen yet.")
    if target.only is not None:
        rows = tuple(row for row in work.rows if row.id in target.only)
        if not rows:
            raise Conflict("Nothing of what was shown to you is there any more. Reload to see how it stands now.")
        return replace(work, rows=rows)
    return work


def hold(session: Session, post_id: UUID) -> Work:
    """A post with its newest publication for each account, which may be none. Raises NotFound."""
    post, all_rows = locked(session, post_id)
    rows = tuple(editing.newest(all_rows).values())
    accounts = posts.accounts(session, {row.account_id for row in all_rows})
    unproven = posts.unproven(session, [row.id for row in all_rows])
    return Work(post, rows, tuple(all_rows), accounts, posts.situation(session), unproven)


def sort_out(
    rows: Sequence[Publication], why_not: Callable[[Publication], str | None]
) -> tuple[list[Publication], tuple[LeftAlone, ...]]:
    """Those that may go on, and the others with the reason."""
    reasons = {row.id: why_not(row) for row in rows}
    left = tuple(LeftAlone(row.id, words) for row in rows if (words := reasons[row.id]))
    return [row for row in rows if not reasons[row.id]], left


def without_problems(
    session: Session, work: Work, rows: Sequence[Publication], ask: Ask, due_at: datetime | None
) -> tuple[list[Publication], tuple[LeftAlone, ...]]:
    """Those with nothing at error level against them, and the others with what it is."""
    if not rows:
        return [], ()
    candidates = [Candidate(work.account(row), Payload.from_json(row.payload), due_at) for row in rows]
    found = problems.find(session, work.post.id, candidates, ask, work.situation)
    errors: dict[UUID | None, list[str]] = {}
    for problem in found:
        if problem.severity == "error":
            errors.setdefault(problem.account_id, []).append(problem.sentence)
    good = [row for row in rows if not errors.get(row.account_id) and not errors.get(None)]
    bad = tuple(
        LeftAlone(row.id, " ".join([*errors.get(None, ()), *errors.get(row.account_id, ())]))
        for row in rows
        if row not in good
    )
    return good, bad


def refuse_if_none(rows: Sequence[Publication], left: Sequence[LeftAlone]) -> None:
    """Raise Invalid with all reasons when nothing is left to work on."""
    if not rows:
        raise Invalid(list(dict.fromkeys(each.words for each in left)))


def why_fixed(row: Publication) -> str | None:
    """Why neither its time nor anything else of this publication can be changed; None while it can."""
    if row.state in BEING_SENT:
        return rules.TOO_LATE
    if row.state is _S.UNKNOWN:
        return "It may be live already; Masthead is looking. That can't be stopped."
    if row.needs is Needs.OUTCOME:
        return "It may be live already. Say first what you found on the account."
    if row.state in FINAL:
        return f"It is {row.state.value} already."
    return None


def schedule(session: Session, actor: Actor, work: Work, row: Publication, due_at: datetime, because: str) -> None:
    """Put an approved publication on the schedule."""
    posts.change(
        session,
        row,
        because=because,
        state=_S.SCHEDULED,
        needs=None,
        due_at=due_at,
        not_after=due_at + timedelta(seconds=work.account(row).window_s),
        next_action_at=None,
        attempt_count=0,
        last_error=None,
        correlation_id=actor.correlation_id,
    )


def ids(rows: Sequence[Publication]) -> tuple[UUID, ...]:
    """The ids, in order."""
    return tuple(row.id for row in rows)


def counted(rows: Sequence[Publication], what: str) -> str:
    """As in "2 publications moved."."""
    return f"{len(rows)} {'publication' if len(rows) == 1 else 'publications'} {what}."


def done(
    session: Session,
    actor: Actor,
    action_id: UUID,
    action: str,
    target: Target,
    changed: Changed,
    after: dict[str, Any],
    before: dict[str, Any] | None = None,
) -> Changed:
    """The audit line and the receipt that every command ends with."""
    kind, subject_id = target.subject
    said = {"publications": list(changed.publication_ids), "left_alone": [each.words for each in changed.left_alone]}
    record(session, actor, action, kind, subject_id, before=before, after=said | after)
    receipts.keep(session, actor, action_id, changed)
    return changed
