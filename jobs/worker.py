"""`python -m jobs.worker <queue>`: one worker process for one queue.

RQ's SimpleWorker: no fork per job, so the pool of connections stays warm and no orphan of a killed parent can go on
(RELIABILITY 0, fact 3). One queue each, because with several RQ takes jobs off destructively (fact 1).
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any, ClassVar, Final

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import StopRequested
from rq.job import Job
from rq.worker import SimpleWorker
from typing_extensions import override

from core import providers
from core.infra import db
from core.infra.answering import database_is_away, schema_words
from core.infra.settings import Settings, SettingsInvalid
from core.publishing.times import times as times_of_this_process
from core.queueing.connection import for_hints, for_worker
from core.queueing.enqueue import Hints
from core.queueing.jobs import KnownJob
from core.queueing.names import QueueName
from jobs import low, media, process, sender, tick
from jobs.media import Preparer
from jobs.process import Pause
from jobs.sender import Sender

_log = logging.getLogger(__name__)
_MAINTENANCE_S = 60
_POOL_OF_OTHERS = 2


def _nothing() -> None:
    """What a worker does at a stop, or while the queue's server is away, unless it is told."""


def _words_of_postgres(error: BaseException) -> str | None:
    return "Postgres is away" if database_is_away(error) else schema_words(error)


class HintQueue(Queue):
    """A queue that lets its worker look for work by itself when its server is away: hints are all that is lost."""

    on_server_away: ClassVar[Callable[[], object]] = staticmethod(_nothing)

    @classmethod
    @override
    def dequeue_any(cls, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().dequeue_any(*args, **kwargs)
        except (RedisError, OSError):
            cls.look_for_itself()
            raise

    @classmethod
    def look_for_itself(cls) -> None:
        """Do what a hint would have asked for; Postgres may be away as well."""
        try:
            cls.on_server_away()
        except Exception as error:
            words = _words_of_postgres(error)
            if words is None:
                raise
            _log.warning(words, extra={"cause": type(error).__name__})


class OneQueueWorker(SimpleWorker):
    """A worker that tells its job of a stop, and survives the loss of its server while it does so."""

    job_class = KnownJob
    queue_class = HintQueue
    max_connection_wait_time = 2.0
    # RQ's own 405 s would be how long a server that hangs, and is not gone, keeps a worker from looking for itself.
    waits_s: ClassVar[int] = 5
    answers_within_s: ClassVar[int] = 5
    on_stop: Callable[[], object] = staticmethod(_nothing)

    @property
    @override
    def dequeue_timeout(self) -> int:
        """How long one blocking read asks the server to wait for a job, in seconds."""
        return self.waits_s

    @property
    @override
    def connection_timeout(self) -> int:
        """After how many seconds without an answer the server counts as away."""
        return self.waits_s + self.answers_within_s

    @override
    def heartbeat(self, *args: Any, **named: Any) -> None:
        """RQ beats before each read and tries both again by itself: while its server stays away it comes no further."""
        try:
            super().heartbeat(*args, **named)
        except (RedisError, OSError):
            HintQueue.look_for_itself()
            raise

    @override
    def handle_warm_shutdown_request(self) -> None:
        self.on_stop()
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]

    @override
    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """A job that found Postgres away says so in a line: the next one comes in seconds, and nobody is to blame.

        So does one that found another schema than its own there.
        """
        error = exc_info[1]
        words = _words_of_postgres(error)
        if words is not None:
            _log.warning(words, extra={"job": job.func_name, "cause": type(error).__name__})
        else:
            super().handle_exception(job, *exc_info)

    @override
    def set_shutdown_requested_date(self) -> None:
        try:
            super().set_shutdown_requested_date()  # type: ignore[no-untyped-call]
        except (RedisError, OSError):
            _log.warning("the stop could not be noted in the queue's server")


def work(name: QueueName, connection: Redis, on_stop: Callable[[], object] = _nothing) -> None:
    """Work on one queue until asked to stop, starting over when RQ gives up on its server."""
    asked = threading.Event()  # outlives each worker: a stop asked of one whose server is gone counts too

    def told() -> None:
        asked.set()
        on_stop()

    def stop(_number: int, _frame: FrameType | None) -> None:
        told()
        raise StopRequested

    pause = Pause()
    try:
        while True:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, stop)  # until RQ puts its own, and again when it has given up
            began = time.monotonic()
            try:
                _work_while_connected(name, connection, told)
            except (RedisError, OSError) as error:
                _log.warning("the queue's server is away", extra={"cause": type(error).__name__})
                if not asked.is_set():
                    HintQueue.look_for_itself()
            if asked.is_set():
                return
            if time.monotonic() - began > process.LONGEST_PAUSE_S:
                pause.reset()
            pause.take()
    except StopRequested:
        return


def _work_while_connected(name: QueueName, connection: Redis, on_stop: Callable[[], object]) -> None:
    """Work until RQ ends, of its own or because it was asked to."""
    worker = OneQueueWorker(
        [HintQueue(name.value, connection=connection, job_class=KnownJob, serializer="json")],
        connection=connection,
        serializer="json",
        maintenance_interval=_MAINTENANCE_S,
        log_job_description=False,
    )
    worker.on_stop = on_stop
    worker.work(with_scheduler=False, logging_level=logging_level())


def logging_level() -> str:
    """How much RQ writes: three lines for a job would bury the rest, for one comes each second."""
    return "DEBUG" if _log.isEnabledFor(logging.DEBUG) else "WARNING"


def main(settings: Settings, name: QueueName) -> None:
    """Run until SIGTERM or SIGINT."""
    process.begin_logging(f"worker-{name}", settings)
    times = times_of_this_process()
    sends, prepares = name is QueueName.PUBLISH, name is QueueName.MEDIA
    # Of those at work on files, each may write at the same time as the leases are renewed and the next is claimed.
    of_others = settings.media_at_once + 2 if prepares else _POOL_OF_OTHERS
    process.connect(
        settings,
        "worker",
        pool_size=sender.connections(times) if sends else of_others,
        application=f"masthead-worker-{name}",
        prepared_after=0 if sends else db.PREPARED_AFTER,
    )
    providers.providers()  # a wrong setting of a network ends the program now, not every send later
    longest = times.drain_budget_s + times.lease_sending_s
    hints = Hints(for_hints(settings.queue_url()), timeout_s=int(longest) + 60)
    tick.use(hints)
    connection = for_worker(settings.queue_url())
    if prepares:
        _prepare(settings, connection)
        return
    if not sends:
        HintQueue.on_server_away = _WITHOUT_HINTS[name]
        work(name, connection)
        return
    slots = Sender(times, hints)
    sender.use(slots)
    HintQueue.on_server_away = slots.drain
    try:
        work(name, connection, slots.stop)
    finally:
        slots.close()


# What goes on without the queue's server: people are told what happened, and live posts get their addresses.
_WITHOUT_HINTS: Final[Mapping[QueueName, Callable[[], object]]] = {
    QueueName.TICK: tick.raise_notices,
    QueueName.LOW: low.go_on_without_hints,
}


def _prepare(settings: Settings, connection: Redis) -> None:
    pool = Preparer(settings.media_at_once, settings.media_lease_s)
    media.use(pool)
    HintQueue.on_server_away = pool.prepare
    try:
        work(QueueName.MEDIA, connection, pool.stop)
    finally:
        pool.close()


def named(arguments: list[str]) -> QueueName:
    """The queue on the command line. Raises SettingsInvalid."""
    try:
        (name,) = arguments
        return QueueName(name)
    except ValueError:
        raise SettingsInvalid(
            f"python -m jobs.worker {' '.join(arguments):.60}: name one queue of {', '.join(QueueName)}."
        ) from None


if __name__ == "__main__":
    sys.exit(process.run(lambda settings: main(settings, named(sys.argv[1:]))))
