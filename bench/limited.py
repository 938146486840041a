"""`python -m bench.limited`: ten thousand calls to a Page that takes 4,800 a day, and how many of them it refused.

A sender with sixteen slots has 10,000 due posts of one Page. The sandbox allows 4,800 calls in 24 hours and announces
how many of them are used up, as Meta does (meta 9). Masthead spreads them, stops at 95 %, and goes on when calls are
welcome again: then the sandbox's clock is moved a day on and ours up to the regain, until all are live. The widest gap
between two posts is 10 ms here, else it would take days. One line of JSON; exit code 1 when a single call was refused
for a limit, or a post isn't live.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from bench.burst import slow_sandbox
from bench.installation import Installation, installation
from bench.programs import heed_signals
from core import providers
from core.infra import db
from core.infra.settings import PublishTimes
from jobs.sender import Sender
from tests.factories.publishing import House, make_house, make_many_due, tamper, use_owner
from tests.fixtures.programs import RunningSandbox

CALLS: Final = 10_000
TAKES: Final = 4_800
LATENCY_S: Final = 0.01
WIDEST_GAP_S: Final = 0.01
SLOTS: Final = 16
_DAY_S: Final = 86_400
_ATTEMPTS: Final = "select count(*) from masthead.attempt"
_LEFT: Final = (
    "select count(*) from masthead.publication where occurrence > 1"
    " and state not in ('published', 'failed', 'needs_human')"
)
_DUE: Final = (
    "select count(*) from masthead.publication where due_at <= clock_timestamp()"
    " and state not in ('published', 'failed', 'needs_human')"
)
# By the batch: that ten thousand are due at once is another figure's business.
_COME_DUE: Final = (
    "update masthead.publication set due_at = clock_timestamp() where id in (select id from masthead.publication"
    " where state = 'scheduled' and due_at > clock_timestamp() and occurrence > 1 order by occurrence limit 400)"
)
# Everything that is left waits for the regain, and nothing is spread any more.
_HELD: Final = (
    "select count(*) from masthead.account_budget where held_until > clock_timestamp()"
    " and not exists (select 1 from masthead.publication where state <> 'published' and due_at <= clock_timestamp()"
    " and (next_action_at is null or next_action_at <= clock_timestamp()))"
)
_LIMITS: Final = ("4", "17", "32", "341", "613", "80001", "80002")


def main(arguments: list[str]) -> int:
    """Send all of them; 0 when none was refused."""
    parser = argparse.ArgumentParser(prog="python -m bench.limited", description=__doc__)
    parser.add_argument("--calls", type=int, default=CALLS)
    calls = parser.parse_args(arguments).calls
    heed_signals()
    with (
        tempfile.TemporaryDirectory(prefix="masthead-limited-", ignore_cleanup_errors=True) as folder,
        installation(Path(folder)) as installed,
        slow_sandbox(Path(folder), LATENCY_S) as sandbox,
    ):
        figures = run(installed, sandbox, calls)
    print(json.dumps(figures), flush=True)
    return 1 if figures["limit_errors"] or figures["live"] < calls else 0


def run(installed: Installation, sandbox: RunningSandbox, calls: int) -> dict[str, Any]:
    """Let so many posts of one new Page go out at a sandbox whose clock may be moved; gives what was counted."""
    sandbox.post("/_sandbox/options", {"provider": "meta", "options": {"engaged_users": 1, "usage_headers_after": 2}})
    use_owner(installed.settings.owner_url())
    house = make_house(sandbox)
    make_many_due(house, calls, window_s=2 * _DAY_S)
    tamper(house.organization_id, "update masthead.publication set due_at = due_at + interval '1 day'")
    _widen_gaps()
    worker = db.connect(installed.settings.program_url("worker"), pool_size=SLOTS + 1, application="masthead-bench")
    # What is due for long isn't a backlog here: it would leave once a minute.
    times = PublishTimes(in_flight=SLOTS, tick_s=0.02, backlog_older_than_s=_DAY_S)
    began, holds, slots = time.monotonic(), 0, Sender(times)

    def ask(question: str) -> int:
        with worker.organization_transaction(house.organization_id, "program:bench") as session:
            return int(session.execute(text(question), {"codes": list(_LIMITS)}).scalar_one())

    try:
        while ask(_LEFT):
            if not ask(_DUE):
                tamper(house.organization_id, _COME_DUE)
            slots.drain()
            if ask(_HELD):
                holds += 1
                sandbox.post("/_sandbox/clock", {"advance_s": _DAY_S})
                _regain(house)
            else:
                time.sleep(times.tick_s)
        return {
            "calls": ask(_ATTEMPTS),
            "limit_errors": ask(f"{_ATTEMPTS} where provider_code = any(:codes)"),
            "other_errors": ask(f"{_ATTEMPTS} where state <> 'accepted' and not provider_code = any(:codes)"),
            "live": ask(f"{_ATTEMPTS} where state = 'accepted'"),
            "stops_at_95_percent": holds,
            "seconds": round(time.monotonic() - began, 1),
        }
    finally:
        slots.close()
        worker.engine.dispose()


def _widen_gaps() -> None:
    known = providers.providers()
    known["meta"] = replace(known["meta"], limits=replace(known["meta"].limits, widest_gap_s=WIDEST_GAP_S))


def _regain(house: House) -> None:
    for statement in (
        "update masthead.account_budget set held_until = clock_timestamp()",
        "update masthead.publication set next_action_at = clock_timestamp() where next_action_at > clock_timestamp()",
    ):
        tamper(house.organization_id, statement)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
