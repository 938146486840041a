"""One thing done to a post that is live: a comment written once, a text changed, a post taken away.

    l0  it is claimed
    l1  waiting -> sending, if everything still holds; before its commit                own transaction
    l2  is there still time?                                                            no transaction, no connection
    l3  the call, once, under a total deadline
    l4  the outcome, fenced by what the row says by then                                own transaction
    l5  (before its commit)
    l6

A row of its own per thing (`live_work`), so that whatever goes wrong here can't move a publication out of `published`.
Dead before l2: nothing was done, and the row is due again when its lease ends. Dead from l2 to l5: nobody can tell
whether it was done. A change is made again then, which changes nothing more (meta 12). A comment is looked for first
(`live_checking`), and never written again before that.

What freezes is refused as in `sending`: the statement of l1 asks for lease and epoch on the row, and past it the
process's own clock refuses to begin a call after `send_within_s`, long before a look for it can begin. A yes that
arrives late is the truth all the same, and is taken whoever has the row by then.

A token or permission that the network refuses here fails this thing alone: the account may still publish, and whether
it may is found out by what is published. Its calls are a route of their own, with a breaker of their own.
"""

from __future__ import annotations

import logging
import random
import time
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core import providers
from core.accounts.access import access_for
from core.accounts.rules import AccountState
from core.infra import crash, db
from core.infra.logs import bound
from core.infra.settings import PublishTimes
from core.provider_kit.begin_by import BeginBy
from core.provider_kit.errors import NotSent, ProviderFailure, ReconnectNeeded, Unreadable
from core.provider_kit.port import Live
from core.provider_kit.throttle import Route
from core.provider_kit.types import Access
from core.publishing import limits, live_checking, live_rows, live_rules, rules, store
from core.publishing.live_rows import LiveClaim, Work
from core.publishing.live_rules import PROGRAM, Kind, LiveState, Next
from core.publishing.model import LinkState
from core.publishing.times import call_begin_by, call_timeout_s
from core.publishing.times import times as times_of_this_process
from core.throttle.calls import Calls, settle

_log = logging.getLogger(__name__)
_RECORD_AGAIN_AFTER_S = (0.05, 0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A piece of work with all that is needed to do it."""

    claim: LiveClaim
    work: Work
    post_id: str
    access: Access
    live: Live
    calls: Calls


def do_next(*, times: PublishTimes | None = None) -> bool:
    """Do the thing whose turn it is; gives whether there may be more."""
    times = times or times_of_this_process()
    with db.free_transaction() as session:
        claims = live_rows.claim_due(session, 1, lease_s=times.lease_sending_s, first_read_s=times.first_read_after_s)
        goes_on = bool(claims) or live_rows.is_waiting(session)
    for claim in claims:
        do_one(claim, times=times)
    return goes_on


def do_one(claim: LiveClaim, *, times: PublishTimes | None = None) -> LiveState | None:
    """Do one thing that this process has claimed; gives the state it was left in, None when it was no longer ours.

    Raises nothing of the network's: every failure ends in the row. A BaseException is recorded and goes on.
    """
    times = times or times_of_this_process()
    with bound(organization_id=claim.organization_id, work_id=claim.work_id, epoch=claim.epoch, actor=PROGRAM):
        crash.point("l0")
        ready = _look(claim)
        if not isinstance(ready, _Ready):
            return ready
        with bound(publication_id=ready.work.publication_id, correlation_id=ready.work.correlation_id):
            try:
                if ready.work.state is LiveState.CHECKING:
                    return live_checking.check(ready.work, claim, ready.post_id, ready.access, ready.live, times)
                return _do(ready, times)
            finally:
                settle(times)


def _look(claim: LiveClaim) -> _Ready | LiveState | None:
    with db.organization_transaction(claim.organization_id, PROGRAM) as session:
        work = live_rows.claimed(session, claim)
        if work is None:
            _log.info("the work is no longer ours")
            return None
        ready = _ready(session, claim, work)
        if isinstance(ready, Next):
            live_rows.move(session, work, ready)
            return ready.state
        return ready


def _ready(session: Session, claim: LiveClaim, work: Work) -> _Ready | Next:
    """Everything that it takes, or what becomes of it without."""
    if work.deleted:
        return Next(LiveState.DROPPED, live_rules.GONE)
    if work.post_id is None:
        return _without_post(work)
    if work.paused and work.state is LiveState.WAITING:
        return _held(work, "It is paused.")
    if work.account_state != AccountState.ACTIVE:
        return _held(work, "The account must be connected again.")
    try:
        live = providers.live(work.network)
    except KeyError:
        words = "This installation can't do that on this network."
        if work.state is LiveState.CHECKING:
            return Next(LiveState.NEEDS_HUMAN, words, live_rules.FIND_IT)
        return live_rules.failed(words, live_rules.FIND_IT)
    try:
        access = access_for(session, work.account_id, work.correlation_id)
    except Unreadable as failure:
        return _held(work, f"{failure.reason} {failure.how_to_fix}".strip())
    except ReconnectNeeded as failure:
        return _held(work, failure.reason)
    return _Ready(
        claim=claim,
        work=work,
        post_id=work.post_id,
        access=access,
        live=live,
        calls=Calls(work.account_id, work.provider, work.network),
    )


def _without_post(work: Work) -> Next:
    """Nobody knows yet which post it is: its link is looked for, and that finds it."""
    looked_for = work.link_state == LinkState.PENDING and work.moment - work.waits_since < live_rules.LONGEST_WAIT
    if looked_for:
        return _held(work, "Masthead still looks which post on the account it is.")
    if work.state is LiveState.CHECKING:
        return Next(LiveState.NEEDS_HUMAN, live_rules.NO_POST, live_rules.FIND_IT)
    return live_rules.failed(live_rules.NO_POST, live_rules.FIND_IT)


def _held(work: Work, words: str) -> Next:
    """Not now. After a day what was never tried fails, and a person is asked about what may be there."""
    too_long = work.moment - work.waits_since >= live_rules.LONGEST_WAIT
    if work.state is LiveState.CHECKING and too_long:
        return Next(LiveState.NEEDS_HUMAN, f"{live_rules.TOO_LONG} {words}", live_rules.FIND_IT)
    if work.state is LiveState.CHECKING:
        return Next(LiveState.CHECKING, words, wait_s=4 * live_rules.HELD_S, waits=True)
    if too_long:
        return live_rules.failed(f"{live_rules.TOO_LONG} {words}")
    return live_rules.held(words)


def _do(ready: _Ready, times: PublishTimes) -> LiveState | None:
    obstacle = _throttled(ready, times)
    if obstacle is not None and ready.work.moment - ready.work.waits_since >= live_rules.LONGEST_WAIT:
        return _put(ready, live_rules.failed(f"{live_rules.TOO_LONG} {obstacle.words}"))
    if obstacle is not None:
        return _put(ready, obstacle)
    try:
        with db.organization_transaction(ready.claim.organization_id, PROGRAM, ready.work.correlation_id) as session:
            session.connection()  # whatever it takes to get one, nothing was looked at before
            begin_by = call_begin_by(times)
            tries = live_rows.open_try(
                session,
                ready.claim,
                ready.post_id,
                lease_s=times.lease_sending_s,
                send_within_s=times.send_within_s,
            )
            crash.point("l1")
    except Exception:
        _log.exception("could not begin; its lease will tell")
        return None
    if tries is None:
        return _put(ready, live_rules.held("Something changed in the last moment.", wait_s=rules.SHORTEST_WAIT_S))
    crash.point("l2")
    result = _call(ready, begin_by, times)
    crash.point("l4")
    state = _record(ready, _after(ready, result, tries, times), times)
    if isinstance(result, BaseException) and not isinstance(result, Exception):
        raise result
    return state


def _throttled(ready: _Ready, times: PublishTimes) -> Next | None:
    """What holds calls of this route back now; a breaker that wants to know is told first."""
    with db.organization_transaction(ready.claim.organization_id, PROGRAM) as session:
        holds = ready.calls.holds(session, Route.LIVE)
    for hold in holds:
        if not hold.wants_probe:
            return live_rules.held("The network may not be called now.", max(hold.wait_s, rules.SHORTEST_WAIT_S))
    for hold in holds:
        publisher = providers.publisher(ready.work.network)
        trouble = limits.probed(ready.calls, hold.route or Route.LIVE, publisher, ready.access, times)
        if trouble is not None:
            return live_rules.held(trouble.words, trouble.wait_s or rules.SHORTEST_WAIT_S)
    return None


def _call(ready: _Ready, begin_by: BeginBy, times: PublishTimes) -> str | BaseException | None:
    """The one call. No database connection is held while it lasts. Gives a comment's id, or what went wrong."""
    if begin_by.is_over():
        return NotSent(live_rules.NO_TIME)
    crash.point("l3")
    work, live, timeout_s = ready.work, ready.live, call_timeout_s(times)
    try:
        with ready.calls.on(Route.LIVE):
            match work.kind:
                case Kind.COMMENT:
                    return live.comment(ready.post_id, work.text, ready.access, timeout_s=timeout_s)
                case Kind.EDIT:
                    live.edit(ready.post_id, work.text, ready.access, timeout_s=timeout_s)
                case Kind.DELETE:
                    live.delete(ready.post_id, ready.access, timeout_s=timeout_s)
    except BaseException as failure:
        return failure
    return None


def _after(ready: _Ready, result: str | BaseException | None, tries: int, times: PublishTimes) -> Next:
    if not isinstance(result, BaseException):
        return live_rules.done(result)
    if not isinstance(result, ProviderFailure):
        _log.error("a live post could not be changed in an unforeseen way", exc_info=result)
    return live_rules.after_failure(
        ready.work.kind,
        result,
        tries=tries,
        waited=ready.work.moment - ready.work.waits_since,
        steps=times.retry_after_s,
        first_read_s=times.first_read_after_s,
        random=random.random(),  # noqa: S311 - spread, not a secret
    )


def _put(ready: _Ready, to: Next) -> LiveState | None:
    """Put back what was not begun. If even this fails, the lease does it."""
    try:
        with db.organization_transaction(ready.claim.organization_id, PROGRAM, ready.work.correlation_id) as session:
            ready.calls.keep(session)
            work = live_rows.lock(session, ready.work.id)
            if work is None or work.epoch != ready.claim.epoch or work.state is not LiveState.WAITING:
                return None
            live_rows.move(session, work, to)
    except Exception:
        _log.exception("could not put the work back; its lease will")
        return None
    return to.state


def _record(ready: _Ready, to: Next, times: PublishTimes) -> LiveState | None:
    """Write what came of it, again and again while Postgres is away, for as long as the lease lasts."""
    until = time.monotonic() + times.lease_sending_s
    waits = iter(_RECORD_AGAIN_AFTER_S)
    while True:
        try:
            return _record_once(ready, to)
        except Exception:
            wait = next(waits, _RECORD_AGAIN_AFTER_S[-1])
            if time.monotonic() + wait > until:
                _log.exception("the outcome could not be written; its lease will make it unclear")
                return None
            _log.warning("the outcome could not be written yet", exc_info=True)
            time.sleep(wait)


def _record_once(ready: _Ready, to: Next) -> LiveState | None:
    with db.organization_transaction(ready.claim.organization_id, PROGRAM, ready.work.correlation_id) as session:
        ready.calls.keep(session)
        if ready.work.kind is Kind.DELETE:
            store.lock(session, ready.work.publication_id)
        work = live_rows.lock(session, ready.work.id)
        if work is None or not _may_still_say(work, ready.claim, to):
            _log.error("an answer came too late to matter", extra={"to_state": to.state, "comment_id": to.comment_id})
            return None
        live_rows.move(session, work, to)
        if to.state is LiveState.DONE and work.kind is Kind.DELETE:
            live_rows.note_deleted(session, work, live_rules.GONE)
        crash.point("l5")
    crash.point("l6")
    _log.log(
        logging.INFO if to.state is LiveState.DONE else logging.WARNING,
        "live work done" if to.state is LiveState.DONE else "live work not done",
        extra={
            "kind": work.kind,
            "to_state": to.state,
            "because": to.words,
            "network_status": to.trace.http_status,
            "network_code": to.trace.code,
        },
    )
    return to.state


def _may_still_say(work: Work, claim: LiveClaim, to: Next) -> bool:
    """Whether this call's answer may move the row, given what others made of its silence meanwhile.

    A yes counts whenever nobody is at it: what is there must not be written again.
    """
    if work.state is LiveState.SENDING:
        return work.epoch == claim.epoch
    if to.state is LiveState.DONE:
        return work.state in (LiveState.WAITING, LiveState.CHECKING, LiveState.NEEDS_HUMAN, LiveState.FAILED)
    return work.state is LiveState.CHECKING and work.epoch == claim.epoch and to.state is not LiveState.CHECKING
