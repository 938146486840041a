"""Whether a first comment is there, of which nobody knows whether it was written.

    l7  the comments under the post are read                                            no transaction
    l8  every look is stored, and decides (`live_rules.after_look`)                     own transaction, epoch fenced
    l9  (before its commit)

A look comes `first_read_after_s` after the last call must be over, and is repeated by `read_spacing_s`, as for posts.
Nothing of it shows on the network, so a process may die anywhere in it: the next look is due when its lease ends.
"""

from __future__ import annotations

import logging
from datetime import datetime

from core.infra import crash, db
from core.infra.settings import PublishTimes
from core.provider_kit.errors import ProviderFailure
from core.provider_kit.port import Live
from core.provider_kit.throttle import Route
from core.provider_kit.types import Access
from core.publishing import live_rows, live_rules, rules
from core.publishing.claiming import owner
from core.publishing.live_rows import LiveClaim, Work
from core.publishing.live_rules import PROGRAM, LiveState, Look, Next
from core.publishing.times import call_timeout_s
from core.throttle import breaking
from core.throttle.calls import Calls

_log = logging.getLogger(__name__)
_ALL_SEEN = "All comments were read, and this one isn't among them."
_SEEN = "The comment is there."


def check(
    work: Work, claim: LiveClaim, post_id: str, access: Access, live: Live, times: PublishTimes
) -> LiveState | None:
    """Look for it once; gives the state it was left in, None when it was settled meanwhile or may not be asked now."""
    calls = Calls(work.account_id, work.provider, work.network)
    with breaking.reading(calls, owner(), times) as wait_s:
        if wait_s is not None:
            return _decide(work, claim, calls, None, times, wait_s)
        crash.point("l7")
        with calls.on(Route.READ):
            look = _look(work, post_id, access, live, times)
    crash.point("l8")
    return _decide(work, claim, calls, look, times)


def _look(work: Work, post_id: str, access: Access, live: Live, times: PublishTimes) -> Look:
    since: datetime = (work.opened_at or work.waits_since) - rules.LOOK_BACK
    try:
        found = live.find_comment(post_id, work.text, access, since=since, timeout_s=call_timeout_s(times))
    except ProviderFailure as failure:
        return Look(complete=False, words=failure.reason[: rules.LONGEST_WORDS])
    except Exception as failure:
        _log.exception("looking for a comment failed in an unforeseen way")
        return Look(complete=False, words=f"The program met an error of its own ({type(failure).__name__}).")
    return Look(complete=True, found=found, words=_SEEN if found else _ALL_SEEN)


def _decide(
    work: Work, claim: LiveClaim, calls: Calls, look: Look | None, times: PublishTimes, wait_s: float = 0.0
) -> LiveState | None:
    """`look` None: the network may not be asked for so many seconds."""
    with db.organization_transaction(claim.organization_id, PROGRAM, work.correlation_id) as session:
        calls.keep(session)
        now = live_rows.lock(session, work.id)
        if now is None or now.epoch != claim.epoch or now.state is not LiveState.CHECKING:
            return None
        if look is None:
            to = Next(LiveState.CHECKING, wait_s=max(wait_s, rules.SHORTEST_WAIT_S), waits=True)
        else:
            live_rows.keep_look(session, now, look)
            absent = now.absent + int(look.complete and look.found is None)
            to = live_rules.after_look(
                look, reads=now.reads + 1, absent=absent, resent=now.resent, spacing=times.read_spacing_s
            )
        live_rows.move(session, now, to, resent=to.state is LiveState.WAITING)
        crash.point("l9")
    _log.info("comment looked for", extra={"to_state": to.state, "complete": bool(look and look.complete)})
    return to.state
