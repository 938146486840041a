"""Everything that was true when a publication was approved must be true now: asked before anything is done for it."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core import providers
from core.accounts.access import access_for
from core.provider_kit import checks
from core.provider_kit.errors import ReconnectNeeded
from core.provider_kit.port import Publisher
from core.provider_kit.throttle import Route
from core.provider_kit.types import Access, Payload
from core.publishing import limits, rules, store
from core.publishing.rules import Outcome
from core.publishing.store import Claim
from core.throttle.calls import Calls

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ready:
    """A claimed publication with all that is needed to send it."""

    claim: Claim
    payload: Payload
    approved_sha256: bytes
    tries: int
    correlation_id: str
    access: Access
    publisher: Publisher
    calls: Calls
    probes: tuple[Route, ...]  # breakers that want to know whether the network is well again


def asked_again(session: Session, claim: Claim, row: store.Claimed, calls: Calls) -> Ready | Outcome:
    """What is needed to go on with a claimed publication, or why nothing is done for it now."""
    payload = rules.payload_to_send(row.payload, row.approved_payload, row.payload_sha256, row.approved_sha256)
    if payload is None or row.approved_sha256 is None:
        if rules.is_of_a_newer_version(row.payload, row.approved_payload, row.payload_sha256, row.approved_sha256):
            return rules.for_a_newer_sender()
        _log.error("stored bytes are not the approved ones")
        return rules.refused(
            "The stored bytes are not the ones that were approved; nothing was sent.",
            "Duplicate the post and have it approved again.",
        )
    obstacle = rules.obstacle(row.checked, payload)
    if obstacle is not None:
        return obstacle
    # Approved as it stands, so whoever approved it knew all of it.
    if not checks.knows(providers.networks().get(payload.network), payload):
        return rules.for_a_newer_sender()
    probes: tuple[Route, ...] = ()
    if row.throttled:
        held = limits.held_now(session, calls)
        if held is not None:
            return held
        holds = calls.holds(session, Route.PREPARE, Route.PUBLISH)
        probes = tuple(hold.route for hold in holds if hold.route is not None)
    try:
        publisher = providers.publisher(payload.network)
    except (KeyError, StopIteration):
        return rules.refused(f"This installation can't send to {payload.network}.", "Ask your operator.")
    for problem in publisher.problems(payload):
        if problem.severity == "error":
            return rules.refused(problem.words, problem.fix)
    try:
        access = access_for(session, row.account_id, row.correlation_id)
    except ReconnectNeeded as failure:
        return rules.outcome_of(failure)
    return Ready(
        claim=claim,
        payload=payload,
        approved_sha256=row.approved_sha256,
        tries=row.tries,
        correlation_id=row.correlation_id,
        access=access,
        publisher=publisher,
        calls=calls,
        probes=probes,
    )
