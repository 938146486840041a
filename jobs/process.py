"""What the programs in this folder have in common: settings, logs, a database of their role, hints, a stop.

A setting that can't be used ends the program with exit code 2 and one line (PRODUCT 2). A server that is away does not:
it may be starting, and the program waits for it.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable

from sqlalchemy.exc import OperationalError

from core.infra import db, logs
from core.infra.settings import Program, Settings, SettingsInvalid

_log = logging.getLogger(__name__)
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0


def run(main: Callable[[Settings], None]) -> int:
    """Run a program with its settings; gives the exit code."""
    try:
        main(Settings.load())
    except SettingsInvalid as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def begin_logging(program: str, settings: Settings) -> None:
    """Every line of this process as JSON on stdout, without the secrets of these settings."""
    logs.configure(program, settings.log_level, secrets=settings.concealed())


def connect(
    settings: Settings,
    role: Program,
    *,
    pool_size: int,
    application: str,
    prepared_after: int = db.PREPARED_AFTER,
) -> None:
    """Make the database of this process, waiting for the server as long as it takes. Raises SettingsInvalid."""
    address = settings.program_url(role)
    pause = Pause()
    while True:
        try:
            db.connect(address, pool_size=pool_size, application=application, prepared_after=prepared_after)
        except OperationalError as error:
            cause = str(error.orig).partition("\n")[0][:200]
            _log.warning("Postgres is away", extra={"cause": cause, "next_step": "`masthead doctor` says more"})
            pause.take()
        else:
            return


class Pause:
    """Waits that grow from 0.2 s to 5 s while something stays away, and start anew when it is back."""

    def __init__(self) -> None:
        self._next_s = FIRST_PAUSE_S

    def take(self) -> None:
        """Wait, and wait longer the next time."""
        time.sleep(self._next_s)
        self._next_s = min(self._next_s * 2, LONGEST_PAUSE_S)

    def reset(self) -> None:
        """It is back."""
        self._next_s = FIRST_PAUSE_S
