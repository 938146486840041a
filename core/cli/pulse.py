"""What the doctor says of the programs that send: is anybody looking, and does anything due wait?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy.exc import DBAPIError

from core.cli.findings import Finding, State, logged_in
from core.infra.settings import Settings, SettingsInvalid
from core.publishing import pulse as publishing
from core.publishing.pulse import Pulse

_SUBJECT: Final = "Sending"
# Two tickers look every second or every few; what is due starts within 5 s, and within 60 s after any restart.
_QUIET_S: Final = 60.0
_LATE_S: Final = 60.0
_START: Final = "Start Masthead (`masthead run`), or look in the logs of dispatcher, scheduler and worker-publish."


def pulse_findings(settings: Settings) -> Iterator[Finding]:
    """Nothing where the database can't be read: other findings say why."""
    try:
        with logged_in(settings, "web") as database:
            yield _finding(publishing.pulse(database))
    except (SettingsInvalid, DBAPIError):
        return


def _finding(found: Pulse) -> Finding:
    last, due = found.last_look_s, found.oldest_due_s
    waits = "nothing due waits" if due is None else f"the oldest due post waits for {_seconds(due)}"
    looked = "nobody has looked yet" if last is None else f"somebody looked {_seconds(last)} ago"
    if due is not None and due > _LATE_S:
        return Finding(_SUBJECT, State.MISSING, f"{waits}, {looked}", _START)
    if last is not None and last > _QUIET_S:
        return Finding(_SUBJECT, State.ADVICE, f"{looked}, {waits}", _START)
    return Finding(_SUBJECT, State.GOOD, f"{looked}, {waits}")


def _seconds(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
