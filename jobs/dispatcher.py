"""`python -m jobs.dispatcher`: the loop that watches the clock.

It LISTENs on a connection of its own and sleeps until the next row is due, at most one tick, because a NOTIFY says
nothing when time passes (MEASURED 5). Then it sweeps and wakes senders. It holds no state: kill it anywhere, run two of
it, take Postgres or Valkey away and bring them back, and all that changes is how soon somebody looks.
"""

from __future__ import annotations

import logging
import signal
import sys
import time
from types import FrameType
from typing import Any

import psycopg
from sqlalchemy.exc import DBAPIError

from core.infra import db
from core.infra.answering import schema_words
from core.infra.settings import PublishTimes, Settings
from core.publishing import sweeping
from core.publishing.pulse import Ticker
from core.publishing.times import times as times_of_this_process
from core.queueing.connection import for_hints
from core.queueing.enqueue import Hints
from jobs import process
from jobs.process import Pause
from jobs.tick import wake

_log = logging.getLogger(__name__)
CHANNEL = "masthead_publication"
_SHORTEST_SLEEP_S = 0.01
_AWAY = (DBAPIError, psycopg.Error, OSError)


class Dispatcher:
    """The loop. `stop` ends it within a tick."""

    def __init__(self, times: PublishTimes, hints: Hints) -> None:
        self._times = times
        self._hints = hints
        self._stopping = False

    def stop(self) -> None:
        """Look no more."""
        self._stopping = True

    def run(self) -> None:
        """Look until stopped, whatever goes away meanwhile."""
        pause = Pause()
        while not self._stopping:
            try:
                with self._listening() as listener:
                    while not self._stopping:
                        self._look_and_sleep(listener)
                        pause.reset()
            except _AWAY as error:
                words = schema_words(error) or "Postgres is away"
                _log.warning(words, extra={"cause": str(error).partition("\n")[0][:200]})
                db.current().engine.dispose()
                pause.take()

    def _look_and_sleep(self, listener: psycopg.Connection[Any]) -> None:
        look = sweeping.look(Ticker.DISPATCHER, self._times)
        wake(look, self._hints)
        due_s = self._times.tick_s if look.next_due_s is None else min(look.next_due_s, self._times.tick_s)
        # One NOTIFY ends the sleep; all that have come by then are answered by one look.
        for _ in listener.notifies(timeout=max(due_s, _SHORTEST_SLEEP_S), stop_after=1):
            time.sleep(_SHORTEST_SLEEP_S)

    def _listening(self) -> psycopg.Connection[Any]:
        """A connection that hears of changed publications; leaving its block closes it."""
        borrowed = db.current().engine.raw_connection()
        connection: psycopg.Connection[Any] = borrowed.driver_connection  # type: ignore[assignment]
        borrowed.detach()
        connection.autocommit = True
        connection.execute(f"listen {CHANNEL}")
        return connection


def main(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT."""
    process.begin_logging("dispatcher", settings)
    times = times_of_this_process()
    process.connect(settings, "dispatch", pool_size=2, application="masthead-dispatcher")
    dispatcher = Dispatcher(times, Hints(for_hints(settings.queue_url())))

    def stop(_number: int, _frame: FrameType | None) -> None:
        dispatcher.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    dispatcher.run()


if __name__ == "__main__":
    sys.exit(process.run(main))
