"""Queues and the jobs that may run on them, by dotted name: core starts work that it may not import."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class QueueName(StrEnum):
    """One queue, one kind of worker process; a worker on two queues would lose jobs (RELIABILITY 0, fact 1)."""

    PUBLISH = "publish"
    MEDIA = "media"
    LOW = "low"
    TICK = "tick"


class JobName(StrEnum):
    """Every job there is. None takes arguments: what to do is read from Postgres."""

    DRAIN = "jobs.sender.drain"
    PREPARE_MEDIA = "jobs.media.prepare"
    DO_LIVE_WORK = "jobs.low.do_live_work"
    FIND_LINKS = "jobs.low.find_links"
    REVOKE_OVERDUE_CHOICES = "jobs.low.revoke_overdue_choices"
    DROP_OVERDUE_UPLOADS = "jobs.low.drop_overdue_uploads"
    SEND_MAIL = "jobs.low.send_mail"
    FORGET_OLD = "jobs.low.forget_old"
    LOOK_AHEAD = "jobs.low.look_ahead"
    TEND_TOKENS = "jobs.low.tend_tokens"
    TICK = "jobs.tick.tick"
    RAISE_NOTICES = "jobs.tick.raise_notices"
    HOUSEKEEPING = "jobs.tick.housekeeping"


QUEUE_OF: Final[Mapping[JobName, QueueName]] = {
    JobName.DRAIN: QueueName.PUBLISH,
    JobName.PREPARE_MEDIA: QueueName.MEDIA,
    JobName.DO_LIVE_WORK: QueueName.LOW,
    JobName.FIND_LINKS: QueueName.LOW,
    JobName.REVOKE_OVERDUE_CHOICES: QueueName.LOW,
    JobName.DROP_OVERDUE_UPLOADS: QueueName.LOW,
    JobName.SEND_MAIL: QueueName.LOW,
    JobName.FORGET_OLD: QueueName.LOW,
    JobName.LOOK_AHEAD: QueueName.LOW,
    JobName.TEND_TOKENS: QueueName.LOW,
    JobName.TICK: QueueName.TICK,
    JobName.RAISE_NOTICES: QueueName.TICK,
    JobName.HOUSEKEEPING: QueueName.TICK,
}
