"""One publication, prepared before its slot: what nobody sees is done now, so that only the visible call waits for it.

    a0  claimed: a note beside it has an owner and a lease      own transaction (`claim_ahead`)
        everything asked again, as before a send                own transaction
        the provider prepares                                   own transaction per kept step
    c1 to c5  (around each step: `steps`)
    a1  what came of it                                         own transaction
    a2  (before its commit)

The publication stays on the schedule, and no attempt is opened: nothing here can make a visible call, and a person can
change it, pause it and take it back at any time. The note is good for these bytes and this slot alone; whoever holds it
is refused the next step once either is another, the slot has come, or the lease has ended. What a step had made by then
stays kept under its bytes, so a sender takes it up where it is, and other bytes never find it.

A failure uses up no try of the publication: preparing is tried again, ever more rarely, and at the slot the sender does
what is missing. What the network refuses for good is told ahead.
"""

from __future__ import annotations

import logging
import random
from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session

from core import providers
from core.accounts.access import report_broken
from core.infra import crash, db
from core.infra.logs import bound
from core.infra.settings import PublishTimes
from core.posts.rules import PublicationState
from core.provider_kit.errors import NotReady, ProviderFailure
from core.provider_kit.throttle import Route
from core.provider_kit.types import Access
from core.publishing import ahead_rows, rules
from core.publishing.claiming import SENDER
from core.publishing.rechecking import Ready, asked_again
from core.publishing.rules import Outcome
from core.publishing.steps import ClaimedSteps, ClaimLost
from core.publishing.store import Claim
from core.publishing.times import times as times_of_this_process
from core.throttle.calls import Calls, settle

_log = logging.getLogger(__name__)


def prepare_one(organization_id: UUID, publication_id: UUID, epoch: int, *, times: PublishTimes | None = None) -> bool:
    """Do the invisible steps of one claimed publication, as far as they go; gives whether all are done.

    Raises nothing of the network's: what came of it is in the note. If even that can't be written, the lease ends it.
    """
    claim = Claim(organization_id, publication_id, epoch)
    times = times or times_of_this_process()
    with bound(organization_id=organization_id, publication_id=publication_id, epoch=epoch, actor=SENDER):
        crash.point("a0")
        ready = _look(claim, times)
        if ready is None:
            return False
        with bound(correlation_id=ready.correlation_id):
            try:
                return _prepare(ready, times)
            finally:
                settle(times)


def _look(claim: Claim, times: PublishTimes) -> Ready | None:
    with db.organization_transaction(claim.organization_id, SENDER) as session:
        row = ahead_rows.look(session, claim)
        if row is None:
            _log.info("publication is no longer ours to prepare")
            return None
        calls = Calls(row.account_id, row.provider, row.checked.network, spread=row.spread)
        ready = asked_again(session, claim, row, calls)
        if isinstance(ready, Outcome):
            _leave(session, claim, calls, row.tries, ready, times, stops=not ready.held)
            return None
        if ready.probes:  # whoever sends looks whether the network is well again
            ahead_rows.leave(session, claim, tries=row.tries - 1, again_in_s=times.breaker_open_s)
            return None
        return ready


def _prepare(ready: Ready, times: PublishTimes) -> bool:
    steps = ClaimedSteps(ready.claim, ready.approved_sha256, times.lease_preparing_s, ahead=True)
    failure: Exception | None = None
    try:
        with ready.calls.on(Route.PREPARE):
            ready.publisher.prepare(ready.payload, ready.access, steps)
    except ClaimLost:
        _log.info("publication is no longer ours to prepare")
        return False
    except Exception as met:
        failure = met
    if isinstance(failure, NotReady):
        crash.point("c5")
    elif failure is not None and not isinstance(failure, ProviderFailure):
        _log.error("preparing failed in an unforeseen way", exc_info=failure)
    crash.point("a1")
    with db.organization_transaction(ready.claim.organization_id, SENDER, ready.correlation_id) as session:
        ready.calls.keep(session)
        obstacle = None if failure is None else _put_in_its_way(session, ready)
        if failure is None:
            _done(session, ready)
        elif obstacle is not None:
            _leave(session, ready.claim, ready.calls, ready.tries, obstacle, times, stops=True, refused=ready.access)
        elif isinstance(failure, NotReady):
            wait_s = rules.before_sending(failure).wait_s
            ahead_rows.leave(session, ready.claim, tries=ready.tries - 1, again_in_s=wait_s)
        else:
            outcome = rules.before_sending(failure)
            _leave(session, ready.claim, ready.calls, ready.tries, outcome, times, refused=ready.access)
        crash.point("a2")
    return failure is None


def _put_in_its_way(session: Session, ready: Ready) -> Outcome | None:
    """What somebody has put in its way meanwhile: a pause, or a disconnected account."""
    row = ahead_rows.look(session, ready.claim)
    return None if row is None else rules.obstacle(row.checked, ready.payload)


def _done(session: Session, ready: Ready) -> None:
    if not ahead_rows.leave(session, ready.claim, tries=0, again_in_s=None, prepared=True):
        return
    network = providers.networks().get(ready.payload.network)
    words = rules.PREPARED.format(network=network.title if network else ready.payload.network)
    ahead_rows.tell(session, ready.claim, SENDER, {"ahead": "prepared", "because": words})
    _log.info("publication prepared")


def _leave(
    session: Session,
    claim: Claim,
    calls: Calls,
    tries: int,
    outcome: Outcome,
    times: PublishTimes,
    *,
    stops: bool = False,
    refused: Access | None = None,
) -> None:
    """After a failure. A wait for a limit or a pause is counted too: this is no try that anything depends on.

    `stops`: it goes on when a person has done something, so the publication's story tells that it ended. `refused`:
    what a call was made with, if one was; the refusal of a token that was replaced since stops nothing.
    """
    for_good = outcome.state is PublicationState.FAILED
    spread = random.random()  # noqa: S311 - spread, not a secret
    wait_s = rules.wait_s(replace(outcome, waits=False), tries, times.retry_after_s, spread)
    _log.log(
        logging.INFO if outcome.waits else logging.WARNING, "publication not prepared", extra={"because": outcome.words}
    )
    if not ahead_rows.leave(session, claim, tries=tries, again_in_s=None if for_good else wait_s):
        return
    if outcome.reconnect:
        stops = report_broken(session, calls.account_id, outcome.words, refused=refused)
    if for_good:
        said = outcome.as_error() or {}
        ahead_rows.note_refusal(session, claim, said | {"ahead": True})
        trouble = outcome.as_trouble()
        why = {"ahead": "refused", "because": outcome.words}
        ahead_rows.tell(session, claim, SENDER, why if trouble is None else why | {"error": trouble})
    elif stops:
        ahead_rows.tell(session, claim, SENDER, {"ahead": "stopped", "because": outcome.words})
