"""What the queues look like, for the doctor. Who is alive and sending is said by leases in Postgres, not here."""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis

from core.queueing.enqueue import queue_of, workers_on
from core.queueing.names import QueueName


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """One queue: hints that wait, jobs that failed and are kept for a look, processes registered."""

    name: QueueName
    waiting: int
    failed: int
    workers: int


def queues(connection: Redis) -> tuple[QueueFacts, ...]:
    """All queues of Masthead. Raises redis.RedisError when the server is away."""
    facts = []
    for name in QueueName:
        queue = queue_of(connection, name)
        facts.append(QueueFacts(name, queue.count, queue.failed_job_registry.count, workers_on(connection, queue)))
    return tuple(facts)
