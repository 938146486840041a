"""Giving hints. A hint says that there may be work; lost, doubled or late ones cost nothing but time.

So there are never more of one kind waiting than processes that could take them: a hint for a busy process would only
queue up behind the work that already looks for more by itself.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.worker import SimpleWorker

from core.queueing.jobs import KnownJob
from core.queueing.names import QUEUE_OF, JobName, QueueName

_log = logging.getLogger(__name__)
_KEEP_FAILURES_S = 3600


@dataclass(frozen=True, slots=True)
class Hints:
    """Gives hints over one connection. `timeout_s` bounds a job that hangs; it guards nothing about a send."""

    connection: Redis
    timeout_s: int = 300

    def give(self, job: JobName) -> bool:
        """Leave a hint for every process that could take one and has none waiting; False when the server is away."""
        queue = queue_of(self.connection, QUEUE_OF[job])
        try:
            missing = max(1, workers_on(self.connection, queue)) - queue.count
            for _ in range(missing):
                queue.enqueue_call(job.value, timeout=self.timeout_s, result_ttl=0, failure_ttl=_KEEP_FAILURES_S)
        except (RedisError, OSError) as error:
            _log.warning("no hint could be given", extra={"job": job.value, "cause": type(error).__name__})
            return False
        return True


def queue_of(connection: Redis, name: QueueName) -> Queue:
    """A queue that holds jobs of ours only."""
    return Queue(name.value, connection=connection, job_class=KnownJob, serializer="json")


def workers_on(connection: Redis, queue: Queue) -> int:
    """How many processes say that they work on a queue; a dead one counts until RQ forgets it, which does no harm."""
    return int(SimpleWorker.count(connection=connection, queue=queue))
