"""`python -m jobs.scheduler`: rq-scheduler with a periodic table that is a list in code.

rq-scheduler 0.14 forgets a periodic job that it loses between two commands, dies of a job it can't decode, and lets
one whose result expired vanish (RELIABILITY 0, fact 4; MEASURED 5). So the table is reconciled with the server at the
start and at every pass: what is missing or different is written again, what isn't in the table is thrown away. Results
outlive two intervals. Two schedulers at once tick twice as often, which does no harm.
"""

from __future__ import annotations

import logging
import signal
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from redis import Redis
from redis.exceptions import RedisError
from rq.exceptions import NoSuchJobError
from rq_scheduler.scheduler import Scheduler
from typing_extensions import override

from core.infra.ids import new_id
from core.infra.settings import Settings
from core.queueing.connection import for_hints
from core.queueing.enqueue import queue_of
from core.queueing.jobs import KnownJob
from core.queueing.names import QUEUE_OF, JobName, QueueName
from jobs import process
from jobs.process import Pause

_log = logging.getLogger(__name__)
_POLL_S = 1


@dataclass(frozen=True, slots=True)
class Periodic:
    """One line of the table. `id` is fixed, so that there is one of it however often it is written."""

    id: str
    job: JobName
    every_s: int

    @property
    def result_ttl_s(self) -> int:
        """A result must outlive the next pass: its job goes with it, and the schedule with the job."""
        return 2 * self.every_s + 60


TABLE: Final = (
    Periodic("periodic-tick", JobName.TICK, every_s=5),
    Periodic("periodic-notices", JobName.RAISE_NOTICES, every_s=2),
    Periodic("periodic-media", JobName.PREPARE_MEDIA, every_s=2),
    Periodic("periodic-mail", JobName.SEND_MAIL, every_s=5),
    Periodic("periodic-housekeeping", JobName.HOUSEKEEPING, every_s=60),
    Periodic("periodic-forgetting", JobName.FORGET_OLD, every_s=3600),
)


class TableScheduler(Scheduler):  # type: ignore[misc]
    """rq-scheduler that holds exactly one table."""

    def __init__(self, connection: Redis, table: tuple[Periodic, ...] = TABLE) -> None:
        super().__init__(
            queue_name=QueueName.TICK.value,
            connection=connection,
            interval=_POLL_S,
            job_class=KnownJob,
            name=new_id().hex,
        )
        self._table = {line.id: line for line in table}

    def reconcile(self) -> None:
        """Make what is scheduled on the server equal to the table."""
        raw = self.connection.zrange(self.scheduled_jobs_key, 0, -1)
        scheduled = {job_id.decode(errors="surrogateescape") for job_id in raw}
        for job_id in scheduled - self._table.keys():
            _log.warning("a periodic job that is not in the table was removed", extra={"job_id": ascii(job_id)})
            self._forget(job_id)
        for line in self._table.values():
            if line.id not in scheduled or not self._is_as_written(line):
                self._write(line)

    @override
    def enqueue_jobs(self) -> None:
        """Queue what is due. A death between two commands makes a tick come twice, and none vanish."""
        self.reconcile()
        now = time.time()
        for raw, at in self.connection.zrange(self.scheduled_jobs_key, 0, -1, withscores=True):
            line = self._table[raw.decode()]
            if now < at <= now + line.every_s:  # further off: it was written before the clock was set back
                continue
            queue = queue_of(self.connection, QUEUE_OF[line.job])
            # While nobody takes ticks, more of them would only have to be worked off later.
            if queue.count < len(self._table):
                try:
                    queue.enqueue_job(self.job_class.fetch(line.id, connection=self.connection))
                except NoSuchJobError:
                    continue  # the server lost it since the reconciling; the next pass writes it again
            self.connection.zadd(self.scheduled_jobs_key, {line.id: now + line.every_s})

    @override
    def _install_signal_handlers(self) -> None:
        """The program's own handlers stay."""

    def _is_as_written(self, line: Periodic) -> bool:
        try:
            job = KnownJob.fetch(line.id, connection=self.connection)
            written = (job.func_name, job.meta, job.result_ttl, job.origin)
        except Exception:  # whatever is wrong with what is stored there, it is written again
            return False
        return written == (line.job.value, {"interval": line.every_s}, line.result_ttl_s, QUEUE_OF[line.job].value)

    def _write(self, line: Periodic) -> None:
        self._forget(line.id)
        self.schedule(
            scheduled_time=datetime.now(UTC).replace(tzinfo=None),
            func=line.job.value,
            interval=line.every_s,
            result_ttl=line.result_ttl_s,
            id=line.id,
            queue_name=QUEUE_OF[line.job].value,
        )

    def _forget(self, job_id: str) -> None:
        raw = job_id.encode(errors="surrogateescape")
        self.connection.zrem(self.scheduled_jobs_key, raw)
        self.connection.delete(KnownJob.redis_job_namespace_prefix.encode() + raw)


class Stop(BaseException):
    """SIGTERM or SIGINT."""


def main(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT."""
    process.begin_logging("scheduler", settings)
    connection = for_hints(settings.queue_url())

    def stop(_number: int, _frame: Any) -> None:
        raise Stop

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    pause = Pause()
    try:
        while True:
            began = time.monotonic()
            try:
                TableScheduler(connection).run()
            except (RedisError, OSError) as error:
                _log.warning("the queue's server is away", extra={"cause": type(error).__name__})
            if time.monotonic() - began > process.LONGEST_PAUSE_S:
                pause.reset()
            pause.take()
    except Stop:
        return


if __name__ == "__main__":
    sys.exit(process.run(main))
