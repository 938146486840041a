"""A network's word that holds everybody's calls, taken back by the operator: it was wrong, or of a day too long.

A network says to our app for how long it wants to be left alone, and a word said by mistake holds the posts of every
organization until then. Ended by the operator, the network is called again at once: what waited looks again spread over
a few seconds, a breaker's probe first, and if the network means it, its next answer says so and holds again. What a
network said of one account is left alone; that is the account's own budget.

For the worker's database. Programs may run meanwhile. Run again it goes on where it broke off, and takes along what a
sender put off in the very moment in which the hold ended.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from core import providers
from core.accounts.rotating import organizations
from core.audit import commands as audit
from core.infra import db
from core.infra.actor import ProgramActor
from core.infra.errors import Invalid
from core.infra.ids import new_id
from core.infra.settings import PublishTimes
from core.publishing import ended_rows
from core.throttle import store
from core.throttle.rules import WholeHold

PROGRAM: Final = "operator"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """What was ended, and how much waited for it: posts, and reads, comments, changes and addresses."""

    holds: tuple[WholeHold, ...]
    posts: int
    others: int


def holds() -> tuple[WholeHold, ...]:
    """What holds calls to whole networks now, the longest first."""
    with db.free_transaction() as session:
        return store.whole_holds(session)


def end(network: str, times: PublishTimes) -> Ended:
    """End what holds a network's calls for everybody, and let go what waits for it.

    A budget of all calls to a provider holds each of its networks, so each is let go that nothing else holds. Raises
    Invalid for a network that isn't there.
    """
    known = providers.networks()
    if network not in known:
        raise Invalid([f"There is no network {network!r:.40}. Known: {', '.join(sorted(known))}."])
    provider = next(each for each in providers.providers().values() if network in each.networks)
    with db.free_transaction() as session:
        ended = store.end_whole_holds(session, provider.key, network)
        still_held = {each.network for each in store.whole_holds(session) if each.provider == provider.key}
    _log.warning("holds were ended by the operator", extra={"network": network, "holds": len(ended)})
    correlation_id = f"holds-{new_id().hex}"
    posts = others = 0
    for organization_id in organizations():
        actor = ProgramActor(organization_id, PROGRAM, correlation_id)
        for each in provider.networks.keys() - still_held:
            with db.transaction(actor) as session:
                let_go = ended_rows.let_posts_go(session, each)
                rest = ended_rows.let_the_rest_go(session, each, times)
                if let_go or rest:
                    after = {"network": each, "posts": let_go, "others": rest}
                    audit.record(
                        session, actor, "organization.hold_ended", "organization", organization_id, after=after
                    )
            posts, others = posts + let_go, others + rest
    return Ended(ended, posts, others)
