"""`python -m tests.chaos.forge`: makes sender processes that die or freeze where they are told to.

Everything is imported once; each order forks a process of its own, which logs in, arms its point and works. So a case
costs tens of milliseconds, and every death is a real SIGKILL of a real process. One JSON object per line in, one out.

    {"do": "drain", "crash_at": "s2", "slots": 1}      -> {"pid": 71, "ended_by": 9}
    {"do": "drain", "stop_at": "s2"}                   -> {"pid": 72, "stopped": true}
    {"do": "continue", "pid": 72}                      -> {"pid": 72, "ended_by": 0}
    {"do": "look"} or {"do": "sweep"}, until nothing moves -> {"pid": 73, "ended_by": 0}
    {"do": "links", "kill_after_s": 0.2}               -> {"pid": 73, "ended_by": 9}
    {"do": "live", "crash_at": "l4"}                   -> {"pid": 73, "ended_by": 9}
    {"do": "gather", "at": "s2", "awaited": ["..."], "organizations": ["..."], "s": 2}
                                                       -> {"pid": 74, "ended_by": 9, "caught": ["..."]}
    {"do": "recover", "organizations": ["..."], "s": 20}           -> {"pid": 75, "ended_by": 0}

`gather` dies with all that have come to the point (`tests.chaos.gathering`), or freezes with them if `"freeze": true`;
at sw1 and sw2 it is a sweep that does.
`dequeue` is a worker that dies with a job in its hands. `"variant"` with any of these makes one of the mistakes of
`tests.chaos.variants`, and `"times": {"breaker_failures": 5}` gives it times of its own. `recover` works until nothing
is left to do, in as many processes as `"hands"` says; `"reconnect": true` mends accounts meanwhile.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core import providers
from core.infra import crash, db
from core.infra.settings import Settings
from core.publishing import sweeping
from core.publishing.times import times
from core.queueing.connection import for_worker
from core.queueing.names import QueueName
from jobs import low, worker
from jobs.sender import Sender
from tests.chaos.gathering import Gathering
from tests.chaos.variants import VARIANTS


def work(order: dict[str, Any], tell: Callable[[frozenset[UUID]], None]) -> None:
    """What one forked process does."""
    crash.arm(crash_at=order.get("crash_at", ""), stop_at=order.get("stop_at", ""))
    if order.get("variant"):
        VARIANTS[order["variant"]]()
    slots = order.get("slots", 4)
    pool_size = slots + 2  # for claiming, and for whoever looks who is coming
    database = db.connect(Settings.load().program_url("worker"), pool_size=pool_size, application="chaos")
    sender = Sender(times().model_copy(update={"in_flight": slots} | order.get("times", {})))
    match order["do"]:
        case "drain":
            sender.drain()
        case "look":
            sweeping.look("chaos", times())
        case "links":
            low.find_links()
        case "live":
            low.do_live_work()
        case "dequeue":
            _die_at_dequeue()
        case "sweep":
            while sweeping.look("chaos", times()).moved:
                pass
        case "gather":
            _log_in(database, pool_size)
            _gather(order, sender, tell)
        case "recover":
            _recover([UUID(each) for each in order["organizations"]], sender, order)
    sender.close()


def _log_in(database: db.Database, pool_size: int) -> None:
    """All connections before the first lease: 20 logins at once take longer than a lease at 1/50 lasts."""
    with ExitStack() as open_ones:
        for _ in range(pool_size):
            open_ones.enter_context(database.engine.connect())


def _gather(order: dict[str, Any], sender: Sender, tell: Callable[[frozenset[UUID]], None]) -> None:
    until = time.monotonic() + order["s"]
    ends_by = signal.SIGSTOP if order.get("freeze") else signal.SIGKILL
    awaited, organizations = map(UUID, order["awaited"]), [UUID(each) for each in order["organizations"]]
    gathering = Gathering(order["at"], frozenset(awaited), tell, ends_by, organizations)
    gathering.install()
    threading.Thread(target=gathering.end_by, args=(until,), daemon=True).start()
    while time.monotonic() < until and not gathering.woken.is_set():
        if order["at"].startswith("sw"):
            sweeping.look("chaos", times())
        else:
            sender.drain()
        time.sleep(times().tick_s)


def _die_at_dequeue() -> None:
    """A real worker of the queue for senders that dies as soon as it has taken a job off."""

    def die(*_job_and_queue: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # RQ logs there, where answers are expected
    worker.OneQueueWorker.execute_job = die
    worker.work(QueueName.PUBLISH, for_worker(Settings.load().queue_url()))


def _recover(organization_ids: Sequence[UUID], sender: Sender, order: dict[str, Any]) -> None:
    until = time.monotonic() + order["s"]
    while time.monotonic() < until:
        if not [each for each in organization_ids if _unsettled(each, order.get("reconnect", False))]:
            return
        sweeping.look("chaos", times())
        sender.drain()
        time.sleep(times().tick_s)


_UNSETTLED = """
select exists (select 1 from masthead.publication p join masthead.account a on a.id = p.account_id
  where p.state in ('queued','claimed','sending','unknown')
    or (p.state = 'scheduled' and a.state = 'active' and p.due_at < clock_timestamp()))
"""
# Somebody connects again what the network has cut off; what it asked to wait, and a backlog's spacing, are over.
_HURRY = (
    "update masthead.account set state = 'active' where state = 'auth_broken'",
    "update masthead.account set next_send_at = null where next_send_at is not null",
    """update masthead.account_budget set held_until = null, next_call_at = null, gap = '0'
       where held_until is not null or gap > '0'""",
    """update masthead.app_budget set held_until = null, next_call_at = null, gap = '0'
       where held_until is not null or gap > '0'""",
    """update masthead.publication set next_action_at = clock_timestamp() where state in ('scheduled','unknown')
       and next_action_at > clock_timestamp() + interval '5 s' and due_at < clock_timestamp()""",
)


def _unsettled(organization_id: UUID, reconnect: bool) -> bool:
    with db.organization_transaction(organization_id, "program:chaos") as session:
        for statement in _HURRY if reconnect else ():
            session.execute(text(statement))
        return bool(session.execute(text(_UNSETTLED)).scalar_one())


def fork(order: dict[str, Any]) -> dict[str, Any]:
    """Carry out one order in a process of its own, or in several at once, or wake one that froze."""
    if order["do"] == "continue":
        os.kill(order["pid"], signal.SIGCONT)
        return _await(order["pid"])
    others = [_begin(order) for _ in range(order.get("hands", 1) - 1)]
    pid, reading = _begin(order)
    if "kill_after_s" in order:
        os.close(reading)
        return _kill(pid, order["kill_after_s"])
    with os.fdopen(reading) as told:
        answer = _await(pid)
        if order["do"] == "gather":
            answer["caught"] = json.loads(told.readline() or "[]")
    for each, its in others:
        os.close(its)
        answer["ended_by"] = answer["ended_by"] or _await(each)["ended_by"]
    return answer


def _begin(order: dict[str, Any]) -> tuple[int, int]:
    """A process that carries it out, and where it tells what it caught."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            work(order, lambda ids: _tell(writing, ids))
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)
    os.close(writing)
    return pid, reading


def _kill(pid: int, after_s: float) -> dict[str, Any]:
    """Let it run for so long; it may have ended by itself by then."""
    time.sleep(after_s)
    os.kill(pid, signal.SIGKILL)  # nobody has waited for it yet, so the number is still its own
    return _await(pid)


def _tell(pipe: int, ids: frozenset[UUID]) -> None:
    os.write(pipe, json.dumps([str(each) for each in ids]).encode() + b"\n")


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
