"""Taking work: which rows a process may act on, and giving back what it won't act on after all.

A claim is a row moved in Postgres under a new epoch and a lease (`claim_due` of migration 0043); the queue's hints say
only that there may be something to claim. A process that dies between claim and commit (d0, d1) has claimed nothing;
after it (d2, d3) the lease runs out and the sweep hands the row to whoever comes next. Nothing was sent in either case.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterable
from functools import cache

from core.infra import crash, db
from core.infra.settings import PublishTimes
from core.posts.rules import PublicationState
from core.publishing import ahead_rows, due_rows, store
from core.publishing.store import Claim
from core.publishing.times import call_timeout_s

SENDER = "program:sender"

__all__ = ["SENDER", "Claim", "ahead", "due", "due_checks", "give_back", "most_of_one", "owner"]


@cache
def owner() -> str:
    """How leases name this process, and no other: in a container the next one has the same host and number."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"


def most_of_one(times: PublishTimes) -> int | None:
    """How many publications of one organization a process has under way at most; None where it has one slot.

    All but a quarter of its slots, the last of which are for whoever comes next: thirty Pages with a large video take
    minutes each. An organization alone on its installation has them all. Where it isn't, it waits for its own sends
    while a slot is free: that costs throughput when one of several has much due, and nothing when many have.
    """
    k = times.in_flight
    return None if k < 2 else k - max(1, k // 4)


def due(at_most: int, times: PublishTimes) -> list[Claim]:
    """Claim up to `at_most` publications that are to be sent now."""
    crash.point("d0")
    with db.free_transaction() as session:
        claims = due_rows.claim_due(
            session,
            at_most,
            owner=owner(),
            lease_s=times.lease_queued_s,
            backlog_older_than_s=times.backlog_older_than_s,
            backlog_spacing_s=times.backlog_spacing_s,
            twin_spacing_s=times.twin_spacing_s,
            most_of_one=most_of_one(times),
        )
        if claims:
            crash.point("d1")
    if claims:
        crash.point("d2")
    return claims


def due_checks(at_most: int, times: PublishTimes) -> list[Claim]:
    """Claim up to `at_most` unclear outcomes that are to be read back now."""
    with db.free_transaction() as session:
        return due_rows.claim_checks(session, at_most, lease_s=2 * call_timeout_s(times))


def ahead(at_most: int, times: PublishTimes) -> list[Claim]:
    """Claim up to `at_most` publications whose slot is near, to prepare them."""
    with db.free_transaction() as session:
        return ahead_rows.claim(session, at_most, owner=owner(), times=times)


def give_back(claims: Iterable[Claim]) -> None:
    """Let go of claims that nobody began to work on, so that another process sends them at once."""
    for claim in claims:
        with db.organization_transaction(claim.organization_id, SENDER) as session:
            store.give_back(session, claim, PublicationState.SCHEDULED, wait_s=0, last_error=None)
