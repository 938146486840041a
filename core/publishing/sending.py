"""One publication, sent at most once.

    w0  compare-and-set queued -> claimed, everything asked again                       own transaction
    w1  (before its commit)
        the provider prepares: invisible steps, the one visible request as bytes        own transaction per kept step
    c1 to c5  (around each step: `steps`)
    w2  claimed -> sending together with the attempt row, if everything still holds     own transaction
    s1  (before its commit)
    s2  is there still time?                                                            no transaction, no connection
    s2b the call, once, under a total deadline
    s3  the outcome, fenced by epoch and by the attempt being unresolved                own transaction
    f1  (before its commit)
    f2

While an invisible step is under way at the network (NotReady) the row goes back to scheduled for as long as the
provider says, with its steps kept, no try used up and no sender held; its window still rules.

Dead before s2: nothing was sent, the lease lapses, the row goes back to scheduled. Dead from s2 to f1: nobody can tell
whether it was sent, the lease lapses to `unknown` and the row is read back, never sent again by itself. Dead after f1's
commit: recorded.

A frozen process that wakes after its lease is the one that could send twice. It can't pass w2, whose compare-and-set
asks for the lease and the epoch on the row itself. Past s2, its own clocks, read before the attempt's statement, refuse
to begin the call after `send_within_s`, long before the lease ends; the provider asks them again right before the first
byte. They go on while the machine sleeps (`BeginBy`). What is left is a freeze between that look and the write of the
socket: a window of microseconds that no client of an interface without idempotency keys can close (RELIABILITY C 13).
Its row is `unknown` then, and no resend happens by itself, so even this costs a person's look and not a second post.

The same clocks bound how stale the last look at account and organization may be (`CHECK_HOLDS_S`): after Disconnect
or Pause no call leaves later than a second.

An answer that arrives after the lease is still the truth about its own attempt. It is taken while that attempt is
unresolved under the same epoch, and kept as evidence when somebody else had decided by then (`late_answers`).
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.accounts.access import report_broken
from core.infra import crash, db
from core.infra.logs import bound
from core.infra.settings import PublishTimes
from core.posts.rules import Needs, PublicationState
from core.provider_kit.begin_by import BeginBy
from core.provider_kit.errors import NotReady, NotSent, OutcomeUnknown, ProviderFailure
from core.provider_kit.throttle import Route
from core.provider_kit.types import Access, Published, VisibleCall
from core.publishing import late_answers, limits, rules, store
from core.publishing.claiming import SENDER, owner
from core.publishing.rechecking import Ready, asked_again
from core.publishing.rules import AttemptState, Outcome
from core.publishing.steps import ClaimedSteps, ClaimLost
from core.publishing.store import LOST_REQUEST, Claim
from core.publishing.times import call_begin_by, call_timeout_s
from core.publishing.times import times as times_of_this_process
from core.throttle.calls import Calls, settle

_log = logging.getLogger(__name__)
_RECORD_AGAIN_AFTER_S = (0.05, 0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """The attempt under way, and until when its call may begin."""

    id: int
    begin_by: BeginBy


def _never() -> bool:
    return False


def publish_one(
    organization_id: UUID,
    publication_id: UUID,
    epoch: int,
    *,
    times: PublishTimes | None = None,
    stopping: Callable[[], bool] = _never,
) -> PublicationState | None:
    """Send one claimed publication; gives the state it was left in, None when it was no longer ours.

    `stopping` is asked after the invisible steps: a program that is to end begins no visible call any more.
    Raises nothing of the network's: every failure ends in the row. A BaseException is recorded and goes on.
    """
    claim = Claim(organization_id, publication_id, epoch)
    times = times or times_of_this_process()
    with bound(organization_id=organization_id, publication_id=publication_id, epoch=epoch, actor=SENDER):
        crash.point("w0")
        ready = _claim(claim, times)
        if not isinstance(ready, Ready):
            return ready
        with bound(correlation_id=ready.correlation_id):
            try:
                return _send(ready, times, stopping)
            finally:
                settle(times)


def _send(ready: Ready, times: PublishTimes, stopping: Callable[[], bool]) -> PublicationState | None:
    for route in ready.probes:
        trouble = limits.probed(ready.calls, route, ready.publisher, ready.access, times)
        if trouble is not None:
            return _give_back(ready, trouble, times)
    steps = ClaimedSteps(ready.claim, ready.approved_sha256, times.lease_preparing_s)
    try:
        with ready.calls.on(Route.PREPARE):
            call = ready.publisher.prepare(ready.payload, ready.access, steps)
    except ClaimLost:
        _log.info("publication is no longer ours")
        return None
    except BaseException as failure:
        if isinstance(failure, NotReady):
            crash.point("c5")
        state = _give_back(ready, rules.before_sending(failure), times)
        return _unless_fatal(failure, state)
    crash.point("w2")
    if stopping():
        return _give_back(ready, rules.stopped(), times)
    try:
        attempt = _open_attempt(ready, call, times)
    except BaseException as failure:
        # The commit may have gone through without our knowing. Nothing was sent, and that is known.
        state = _nothing_sent(ready, rules.before_sending(failure), times)
        return _unless_fatal(failure, state)
    if attempt is None:
        return _give_back(ready, rules.held("Something changed while it was being prepared."), times, ask_again=True)
    crash.point("s2")
    result = _call(ready, call, attempt, times)
    crash.point("s3")
    state = _record(ready, attempt.id, rules.outcome_of(result), times)
    return _unless_fatal(result, state) if isinstance(result, BaseException) else state


def _unless_fatal(failure: BaseException, state: PublicationState | None) -> PublicationState | None:
    """What asks the whole process to end goes on; what concerns this publication alone is in its row."""
    if not isinstance(failure, Exception):
        raise failure
    if not isinstance(failure, ProviderFailure):
        _log.error("sending failed in an unforeseen way", exc_info=failure)
    return state


def _claim(claim: Claim, times: PublishTimes) -> Ready | PublicationState | None:
    with db.organization_transaction(claim.organization_id, SENDER) as session:
        claimed = store.claim(session, claim, owner=owner(), lease_s=times.lease_claimed_s)
        if claimed is None:
            _log.info("publication is no longer ours")
            return None
        calls = Calls(claimed.account_id, claimed.provider, claimed.checked.network, spread=claimed.spread)
        ready = asked_again(session, claim, claimed, calls)
        if isinstance(ready, Outcome):
            _let_go(session, claim, calls, claimed.tries, ready, times)
            return ready.state
        crash.point("w1")
        return ready


def _let_go(
    session: Session,
    claim: Claim,
    calls: Calls,
    tries: int,
    outcome: Outcome,
    times: PublishTimes,
    *,
    refused: Access | None = None,
) -> bool:
    """`refused`: what a call was made with, if one was."""
    held = store.give_back(
        session,
        claim,
        outcome.state,
        wait_s=_wait_s(outcome, tries, times),
        last_error=outcome.as_error(),
        counts=not outcome.waits,
        trouble=outcome.as_trouble(),
    )
    if held and outcome.reconnect:
        report_broken(session, calls.account_id, outcome.words, refused=refused)
    _log.log(
        logging.INFO if outcome.waits else logging.WARNING,
        "publication not sent",
        extra={"to_state": outcome.state, "because": outcome.words},
    )
    return held


def _give_back(
    ready: Ready, outcome: Outcome, times: PublishTimes, *, ask_again: bool = False
) -> PublicationState | None:
    """Let go of a claimed publication that has no attempt. If even this fails, the lease does it.

    `ask_again`: nobody knows why it can't be sent now; a budget that was used up meanwhile is a reason.
    """
    try:
        with db.organization_transaction(ready.claim.organization_id, SENDER, ready.correlation_id) as session:
            ready.calls.keep(session)
            if outcome.limited or ask_again:
                outcome = limits.held_now(session, ready.calls, None if ask_again else outcome) or outcome
            held = _let_go(session, ready.claim, ready.calls, ready.tries, outcome, times, refused=ready.access)
    except Exception:
        _log.exception("could not give the publication back; its lease will")
        return None
    return outcome.state if held else None


def _nothing_sent(ready: Ready, outcome: Outcome, times: PublishTimes) -> PublicationState | None:
    """After a failed commit of the attempt: close it if it is there, let go of the claim if it isn't."""
    try:
        with db.organization_transaction(ready.claim.organization_id, SENDER, ready.correlation_id) as session:
            store.held(session, ready.claim)
            attempt = store.unresolved_attempt(session, ready.claim.publication_id)
            if attempt is not None and (attempt.epoch != ready.claim.epoch or attempt.request_sha256 == LOST_REQUEST):
                attempt = None  # what stands for one that was lost was another sender's (`late_answers`)
            attempt_id = attempt.id if attempt is not None else None
    except Exception:
        _log.exception("could not see whether the attempt was written; its lease will tell")
        return None
    if attempt_id is None:
        return _give_back(ready, outcome, times)
    return _record(ready, attempt_id, outcome, times)


def _open_attempt(ready: Ready, call: VisibleCall, times: PublishTimes) -> _Attempt | None:
    with db.organization_transaction(ready.claim.organization_id, SENDER, ready.correlation_id) as session:
        session.connection()  # whatever it takes to get one, nothing was looked at before
        begin_by = call_begin_by(times)
        attempt_id = store.open_attempt(
            session,
            ready.claim,
            approved_sha256=ready.approved_sha256,
            request_sha256=call.sha256,
            lease_s=times.lease_sending_s,
            send_within_s=times.send_within_s,
        )
        if attempt_id is None:
            return None
        crash.point("s1")
    return _Attempt(attempt_id, begin_by)


def _call(ready: Ready, call: VisibleCall, attempt: _Attempt, times: PublishTimes) -> Published | BaseException:
    """The one visible call. No database connection is held while it lasts."""
    if attempt.begin_by.is_over():
        return NotSent("There was no time left to begin the call.")
    crash.point("s2b")
    try:
        with ready.calls.on(Route.PUBLISH):
            return ready.publisher.publish(
                call, ready.access, timeout_s=call_timeout_s(times), begin_by=attempt.begin_by
            )
    except BaseException as failure:
        return failure


def _record(ready: Ready, attempt_id: int, outcome: Outcome, times: PublishTimes) -> PublicationState | None:
    """Write what came of it, again and again while Postgres is away, for as long as the lease lasts.

    Nothing is lost when that is not enough: the sweep makes it `unknown`, and the read-back finds the post.
    """
    until = time.monotonic() + times.lease_sending_s
    waits = iter(_RECORD_AGAIN_AFTER_S)
    while True:
        try:
            return _record_once(ready, attempt_id, outcome, times)
        except _PostOfAnother as other:
            outcome = rules.outcome_of(OutcomeUnknown(str(other)))
        except Exception:
            wait = next(waits, _RECORD_AGAIN_AFTER_S[-1])
            if time.monotonic() + wait > until:
                _log.exception("the outcome could not be written; its lease will make it unknown")
                return None
            _log.warning("the outcome could not be written yet", exc_info=True)
            time.sleep(wait)


class _PostOfAnother(Exception):
    """The network answered with the id of a post that another publication of this account owns."""


def _record_once(ready: Ready, attempt_id: int, outcome: Outcome, times: PublishTimes) -> PublicationState | None:
    claim = ready.claim
    try:
        with db.organization_transaction(claim.organization_id, SENDER, ready.correlation_id) as session:
            row = store.held(session, claim)
            if row is None or not _may_still_say(row, outcome) or not _close(session, claim, attempt_id, outcome):
                late_answers.hear(session, claim, attempt_id, outcome)
                return None
            ready.calls.keep(session)
            if outcome.limited and outcome.state is PublicationState.SCHEDULED:
                outcome = limits.held_now(session, ready.calls, outcome) or outcome
            _move(session, ready, attempt_id, outcome, times)
            crash.point("f1")
    except IntegrityError as error:
        if outcome.published and "provider_post_id" in str(error.orig):
            raise _PostOfAnother(
                f"The network answered with the post {outcome.published.provider_post_id}, which is another's."
            ) from None
        raise
    crash.point("f2")
    _log.info(
        "publication sent" if outcome.published else "publication not confirmed",
        extra={
            "to_state": outcome.state,
            "because": outcome.words,
            "network_status": outcome.trace.http_status,
            "network_code": outcome.trace.code,
            "network_trace_id": outcome.trace.trace_id,
        },
    )
    return outcome.state


def _may_still_say(row: store.Held, outcome: Outcome) -> bool:
    """Whether this attempt's answer may move the row, given what others made of its silence meanwhile."""
    if row.state is PublicationState.SENDING:
        return True
    if row.state is PublicationState.UNKNOWN:
        return outcome.attempt is not AttemptState.UNKNOWN
    return row.needs is Needs.OUTCOME and outcome.attempt is AttemptState.ACCEPTED


def _close(session: Session, claim: Claim, attempt_id: int, outcome: Outcome) -> bool:
    return store.close_attempt(
        session,
        attempt_id,
        outcome.attempt,
        trace=outcome.trace,
        words=outcome.words or None,
        provider_ref=outcome.published.provider_post_id if outcome.published else None,
        of=claim.publication_id,
    )


def _move(session: Session, ready: Ready, attempt_id: int, outcome: Outcome, times: PublishTimes) -> None:
    publication_id = ready.claim.publication_id
    last_error: dict[str, Any] | None = outcome.as_error()
    if outcome.published:
        store.close_as_published(
            session,
            publication_id,
            provider_post_id=outcome.published.provider_post_id,
            permalink=outcome.published.permalink,
        )
    elif outcome.state is PublicationState.UNKNOWN:
        store.wait_to_check(
            session,
            publication_id,
            attempt_id=attempt_id,
            first_read_s=times.first_read_after_s,
            because=outcome.words,
            last_error=last_error,
        )
    elif outcome.state is PublicationState.SCHEDULED:
        store.retry_in(
            session,
            publication_id,
            seconds=_wait_s(outcome, ready.tries, times),
            because=outcome.words,
            last_error=last_error,
            counts=not outcome.waits,
        )
        if outcome.reconnect:
            report_broken(session, ready.calls.account_id, outcome.words, refused=ready.access)
    else:
        store.move(
            session, publication_id, outcome.state, because=outcome.words, last_error=last_error, next_action_at=None
        )


def _wait_s(outcome: Outcome, tries: int, times: PublishTimes) -> float:
    return rules.wait_s(outcome, tries, times.retry_after_s, random.random())  # noqa: S311 - spread, not a secret
