"""What the queues look like, for the doctor. Who is alive and sending is said by leases in Postgres, not here."""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import NoSuchJobError

from core.infra import clock
from core.queueing.connection import for_hints
from core.queueing.enqueue import queue_of, workers_on
from core.queueing.jobs import KnownJob
from core.queueing.names import QueueName


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """One queue: hints that wait, jobs that failed and are kept for a look, processes registered.

    `waits_s`: for how long the hint that is next has been waiting; None when none waits.
    """

    name: QueueName
    waiting: int
    failed: int
    workers: int
    waits_s: float | None


def queues(connection: Redis) -> tuple[QueueFacts, ...]:
    """All queues of Masthead. Raises redis.RedisError when the server is away."""
    facts = []
    for name in QueueName:
        queue = queue_of(connection, name)
        failed, workers = queue.failed_job_registry.count, workers_on(connection, queue)
        facts.append(QueueFacts(name, queue.count, failed, workers, _waits_s(queue)))
    return tuple(facts)


def waits_s(url: str) -> dict[QueueName, float] | None:
    """Queue -> seconds for which its next hint has been waiting, where one does; None while the server is away."""
    try:
        with for_hints(url) as connection:
            return {each.name: each.waits_s for each in queues(connection) if each.waits_s is not None}
    except (RedisError, OSError):
        return None


def _waits_s(queue: Queue) -> float | None:
    """By the clock of whoever gave the hint. A periodic one counts from when it was given, or written, last.

    rq-scheduler gives it again while it waits, and writes it anew when its last result, and its hash with it, is over.
    """
    for job_id in queue.get_job_ids(0, 1):
        try:
            job = KnownJob.fetch(job_id, connection=queue.connection)
        except NoSuchJobError:  # taken meanwhile
            continue
        return (clock.now() - (job.enqueued_at or job.created_at)).total_seconds()
    return None
