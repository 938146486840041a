"""`python -m tests.chaos.forge`: makes sender processes that die or freeze where they are told to.

Everything is imported once; each order forks a process of its own, which logs in, arms its point and works. So a case
costs tens of milliseconds, and every death is a real SIGKILL of a real process. One JSON object per line in, one out.

    {"do": "drain", "crash_at": "s2", "slots": 1}      -> {"pid": 71, "ended_by": 9}
    {"do": "drain", "stop_at": "s2"}                   -> {"pid": 72, "stopped": true}
    {"do": "continue", "pid": 72}                      -> {"pid": 72, "ended_by": 0}
    {"do": "look"}                                     -> {"pid": 73, "ended_by": 0}
    {"do": "recover", "organization": "...", "s": 20}  -> {"pid": 74, "ended_by": 0}    ("reconnect": true besides)
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core import providers
from core.infra import crash, db
from core.infra.settings import Settings
from core.posts.rules import PublicationState
from core.publishing import rules, sweeping
from core.publishing.rules import AttemptState, Outcome
from core.publishing.times import times
from jobs.sender import Sender


def work(order: dict[str, Any]) -> None:
    """What one forked process does."""
    crash.arm(crash_at=order.get("crash_at", ""), stop_at=order.get("stop_at", ""))
    if order.get("naive"):
        _resend_what_is_unclear()
    slots = order.get("slots", 4)
    db.connect(Settings.load().program_url("worker"), pool_size=slots + 1, application="chaos")
    sender = Sender(times().model_copy(update={"in_flight": slots}))
    match order["do"]:
        case "drain":
            sender.drain()
        case "look":
            sweeping.look("chaos", times())
        case "recover":
            until = time.monotonic() + order["s"]
            while time.monotonic() < until and _unsettled(UUID(order["organization"]), order.get("reconnect", False)):
                sweeping.look("chaos", times())
                sender.drain()
                time.sleep(times().tick_s)
    sender.close()


_UNSETTLED = """
select exists (select 1 from masthead.publication p join masthead.account a on a.id = p.account_id
  where p.state in ('queued','claimed','sending','unknown')
    or (p.state = 'scheduled' and a.state = 'active' and p.due_at < clock_timestamp()))
"""
# Somebody connects again what the network has cut off, and the network's own wait of a minute is over.
_HURRY = (
    "update masthead.account set state = 'active' where state = 'auth_broken'",
    """update masthead.publication set next_action_at = clock_timestamp() where state in ('scheduled','unknown')
       and next_action_at > clock_timestamp() + interval '5 s' and due_at < clock_timestamp()""",
)


def _unsettled(organization_id: UUID, reconnect: bool) -> bool:
    with db.organization_transaction(organization_id, "program:chaos") as session:
        for statement in _HURRY if reconnect else ():
            session.execute(text(statement))
        return bool(session.execute(text(_UNSETTLED)).scalar_one())


def _resend_what_is_unclear() -> None:
    """The usual mistake, to see that the harness notices it: no answer is taken for no post."""
    honest = rules.outcome_of

    def naive(result: Any) -> Outcome:
        outcome = honest(result)
        if outcome.state is PublicationState.UNKNOWN:
            return Outcome(AttemptState.NOT_SENT, PublicationState.SCHEDULED, words="tried again")
        return outcome

    rules.outcome_of = naive


def fork(order: dict[str, Any]) -> dict[str, Any]:
    """Carry out one order in a process of its own, or wake one that froze."""
    if order["do"] == "continue":
        os.kill(order["pid"], signal.SIGCONT)
        return _await(order["pid"])
    pid = os.fork()
    if pid == 0:
        try:
            work(order)
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)
    return _await(pid)


def _await(pid: int) -> dict[str, Any]:
    _, status = os.waitpid(pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        return {"pid": pid, "stopped": True}
    return {"pid": pid, "ended_by": os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status)}


def main() -> None:
    """Take orders until the input ends."""
    providers.providers()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(fork(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
