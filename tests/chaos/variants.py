"""Known mistakes, to see that the harness notices them: what a forged process does otherwise than ours.

Each is what people really write. `POWER` in `tests.chaos.power` says how each is noticed.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import text

from core.infra import db
from core.posts.rules import PublicationState
from core.provider_kit.begin_by import BeginBy
from core.provider_kit.errors import OutcomeUnknown
from core.publishing import rules, sending, store
from core.publishing.claiming import SENDER
from core.publishing.rules import AttemptState, Outcome
from core.queueing.jobs import KnownJob
from core.queueing.names import QueueName
from core.throttle import store as throttle
from core.throttle.store import Key
from jobs.worker import HintQueue, OneQueueWorker


def resend_on_500() -> None:
    """A server error is taken for a no."""
    honest = rules.outcome_of

    def naive(result: Any) -> Outcome:
        if isinstance(result, OutcomeUnknown) and (result.trace.http_status or 0) >= 500:
            return Outcome(AttemptState.NOT_SENT, PublicationState.SCHEDULED, words="tried again")
        return honest(result)

    rules.outcome_of = naive


def attempt_row_after_the_call() -> None:
    """Nothing is written down before the network is called."""
    open_attempt, record = sending._open_attempt, sending._record

    def nothing_yet(_ready: Any, _call: Any, times: Any) -> Any:
        return sending._Attempt(0, BeginBy.within(times.send_within_s))

    def written_now(ready: Any, _attempt_id: int, outcome: Outcome, times: Any) -> Any:
        call = ready.publisher.prepare(ready.payload, ready.access, None)
        attempt = open_attempt(ready, call, times)
        return record(ready, attempt.id, outcome, times) if attempt else None

    sending._open_attempt, sending._record = nothing_yet, written_now


def no_epoch_in_the_final_write() -> None:
    """The outcome goes into the publication and whatever attempt it has, whoever wrote there since."""

    def whoever(ready: Any, _attempt_id: int, outcome: Outcome, _times: Any) -> PublicationState:
        values = {
            "id": ready.claim.publication_id,
            "attempt": outcome.attempt,
            "state": outcome.state,
            "post": outcome.published.provider_post_id if outcome.published else None,
        }
        with db.organization_transaction(ready.claim.organization_id, SENDER) as session:
            for statement in (
                (
                    "update masthead.attempt set state = :attempt, closed_at = clock_timestamp()"
                    " where publication_id = :id and state in ('open','unknown')"
                ),
                (
                    "update masthead.publication set state = :state, provider_post_id = :post, lease_owner = null,"
                    " lease_until = null, next_action_at = clock_timestamp() where id = :id"
                ),
            ):
                session.execute(text(statement), values)
        return outcome.state

    sending._record_once = whoever


def two_queues() -> None:
    """One worker for two queues, from which RQ takes jobs off destructively."""
    honest = OneQueueWorker.__init__

    def two(self: OneQueueWorker, queues: Any, *arguments: Any, **more: Any) -> None:
        second = HintQueue(QueueName.LOW.value, connection=more["connection"], job_class=KnownJob, serializer="json")
        honest(self, [*queues, second], *arguments, **more)

    OneQueueWorker.__init__ = two


def approval_not_asked_again() -> None:
    """What was approved when it was claimed is sent, whatever happened to the approval since."""
    asked = str(store._OPEN_ATTEMPT)
    store._OPEN_ATTEMPT = text(asked.replace("and p.approved_until > clock_timestamp()", ""))
    assert str(store._OPEN_ATTEMPT) != asked


def breaker_per_process() -> None:
    """Each process counts failures of its own, and knows of no trouble but what it met itself."""
    failures: Counter[Key] = Counter()
    open_until: dict[Key, float] = {}
    asked = sending.asked_again

    def counted_here(_session: Any, key: Key, **counts: Any) -> None:
        failures[key] += counts["failures"]

    def tripped_here(_session: Any, key: Key, **times: Any) -> bool:
        if failures[key] >= times["least"]:
            open_until[key] = time.monotonic() + times["open_s"]
        return key in open_until

    def asked_here(session: Any, claim: Any, row: Any, calls: Any) -> Any:
        if any(until > time.monotonic() for until in open_until.values()):
            return rules.held("The network is in trouble.")
        return asked(session, claim, row, calls)

    throttle.count, throttle.trip, sending.asked_again = counted_here, tripped_here, asked_here


VARIANTS: Final[Mapping[str, Callable[[], None]]] = {
    each.__name__: each
    for each in (
        resend_on_500,
        attempt_row_after_the_call,
        no_epoch_in_the_final_write,
        two_queues,
        approval_not_asked_again,
        breaker_per_process,
    )
}
