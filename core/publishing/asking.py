"""Reading back under the network's limits: budgets are kept, breakers obeyed, and one reader is the fleet's probe.

What may not be asked now isn't claimed (`claim_checks` of migration 0048), and goes to a person where that lasts too
long (`ask_in_time` of 0046). What is left to do here: when a breaker of reads wants its probe, the first reader is it,
and the others come back a moment later without a read on record.
"""

from __future__ import annotations

from uuid import UUID

from core.infra import db
from core.infra.settings import PublishTimes
from core.posts.rules import PublicationState
from core.provider_kit.throttle import Route
from core.publishing import checking, link_rows, store
from core.publishing.claiming import owner
from core.publishing.rules import CHECKER
from core.publishing.times import times as times_of_this_process
from core.throttle import breaking
from core.throttle.calls import Calls, settle


def check_one(
    organization_id: UUID, publication_id: UUID, epoch: int, *, times: PublishTimes | None = None
) -> PublicationState | None:
    """As `checking.check_one`; None also when the network may not be asked now."""
    times = times or times_of_this_process()
    with db.organization_transaction(organization_id, CHECKER) as session:
        line = link_rows.line_of(session, publication_id)
    if line is None:
        return None
    calls = Calls(line.account_id, line.provider, line.network)
    try:
        with breaking.reading(calls, owner(), times) as wait_s:
            if wait_s is not None:
                with db.organization_transaction(organization_id, CHECKER) as session:
                    store.read_again_in(session, publication_id, epoch, max(wait_s, 0.0))
                return None
            with calls.on(Route.READ):
                return checking.check_one(organization_id, publication_id, epoch, times=times)
    finally:
        if calls.heard:
            with db.organization_transaction(organization_id, CHECKER) as session:
                calls.keep(session)
        settle(times)
