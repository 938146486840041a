"""What the doctor says of the programs: is anybody looking, does anything due wait, and who of them does nothing?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy.exc import DBAPIError

from core.cli.findings import Finding, State, logged_in
from core.infra.settings import Settings, SettingsInvalid
from core.publishing import pulse as publishing
from core.publishing.pulse import Pulse, Ticker
from core.publishing.rules import UNATTENDED_AFTER_S
from core.queueing import inspection
from core.queueing.names import QueueName

_SUBJECT: Final = "Sending"
_PROGRAMS: Final = "Programs"
# Two tickers look every second or every few.
_QUIET_S: Final = 60.0
_START: Final = "Start Masthead (`masthead run`), or look in the logs of dispatcher, scheduler and worker-publish."
# A worker that is busy takes its next hint within a minute or so: each kind of work gives way after 15 s.
_UNTAKEN_S: Final = 180.0
# Not `publish`: what waits for it, to be sent or to be read back, is in Postgres, and the first finding says so.
_WHAT_WAITS: Final = {
    QueueName.LOW: "mail, checks ahead, tokens, addresses and comments",
    QueueName.MEDIA: "uploaded videos and documents",
}


def pulse_findings(settings: Settings) -> Iterator[Finding]:
    """Nothing where the database can't be read: other findings say why."""
    try:
        with logged_in(settings, "web") as database:
            found = publishing.pulse(database)
    except (SettingsInvalid, DBAPIError):
        return
    yield _finding(found)
    if found.last_look_s is not None and found.last_look_s <= _QUIET_S:  # else nothing runs, and that is said
        yield from _of_single_programs(found, settings)


def _of_single_programs(found: Pulse, settings: Settings) -> Iterator[Finding]:
    """Posts go out by what is left of the programs, so a program that does nothing shows nowhere else."""
    tick_s, dispatcher_s = (found.tickers.get(each) for each in (Ticker.TICK, Ticker.DISPATCHER))
    if dispatcher_s is None or dispatcher_s > _QUIET_S:
        words = f"the dispatcher {_not_looked(dispatcher_s)}: scheduler and worker-tick look instead, seconds later"
        yield Finding(_PROGRAMS, State.ADVICE, words, "Start it, or look in its log.")
    try:
        waits = inspection.waits_s(settings.queue_url())
    except SettingsInvalid:
        return
    if waits is None:  # none of the others can do anything then, and the queue's own finding says so
        return
    if tick_s is None or tick_s > _QUIET_S:
        words = f"scheduler and worker-tick {_not_looked(tick_s)}: notices, mail, checks ahead and tokens wait"
        yield Finding(_PROGRAMS, State.MISSING, words, "Start both, or look in their logs.")
    for queue, what in _WHAT_WAITS.items():
        if waits.get(queue, 0.0) > _UNTAKEN_S:
            words = f"worker-{queue} has taken up nothing for {_seconds(waits[queue])}: {what} wait"
            yield Finding(_PROGRAMS, State.MISSING, words, "Start it, or look in its log; end it when it hangs.")


def _not_looked(last_s: float | None) -> str:
    return "never looked" if last_s is None else f"did not look for {_seconds(last_s)}"


def _finding(found: Pulse) -> Finding:
    last, due = found.last_look_s, found.oldest_due_s
    waits = "nothing due waits" if due is None else f"the oldest due post waits for {_seconds(due)}"
    looked = "nobody has looked yet" if last is None else f"somebody looked {_seconds(last)} ago"
    if due is not None and due > UNATTENDED_AFTER_S:
        return Finding(_SUBJECT, State.MISSING, f"{waits}, {looked}", _START)
    if last is not None and last > _QUIET_S:
        return Finding(_SUBJECT, State.ADVICE, f"{looked}, {waits}", _START)
    return Finding(_SUBJECT, State.GOOD, f"{looked}, {waits}")


def _seconds(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
