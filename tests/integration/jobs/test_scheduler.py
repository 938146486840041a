"""The periodic table: what stands in code stands on the server, whatever the server lost or was given."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import redis
from rq.job import Job

from core.queueing.enqueue import queue_of
from core.queueing.jobs import KnownJob
from core.queueing.names import QUEUE_OF, JobName, QueueName
from jobs.scheduler import TABLE, Periodic, TableScheduler

LINE = Periodic("periodic-tick", JobName.TICK, every_s=5)


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def scheduler(client: redis.Redis) -> TableScheduler:
    return TableScheduler(client, (LINE,))


def scheduled(client: redis.Redis) -> list[str]:
    return [raw.decode() for raw in client.zrange("rq:scheduler:scheduled_jobs", 0, -1)]


def test_a_fresh_server_gets_the_table_and_its_first_ticks_at_once(client: redis.Redis):
    scheduler = TableScheduler(client)
    scheduler.enqueue_jobs()
    assert set(scheduled(client)) == {line.id for line in TABLE}
    for queue in QueueName:
        assert set(queue_of(client, queue).job_ids) == {line.id for line in TABLE if QUEUE_OF[line.job] is queue}
    job = KnownJob.fetch("periodic-tick", connection=client)
    assert (job.func_name, job.result_ttl) == ("jobs.tick.tick", 70)


def test_a_line_comes_again_after_its_interval_and_not_before(client: redis.Redis, scheduler: TableScheduler):
    scheduler.enqueue_jobs()
    scheduler.enqueue_jobs()
    assert queue_of(client, QueueName.TICK).count == 1
    client.zadd("rq:scheduler:scheduled_jobs", {LINE.id: 0})
    queue_of(client, QueueName.TICK).empty()
    scheduler.reconcile()
    client.zadd("rq:scheduler:scheduled_jobs", {LINE.id: 0})
    scheduler.enqueue_jobs()
    assert queue_of(client, QueueName.TICK).count == 1


def test_a_clock_that_is_set_back_keeps_nothing_waiting_for_what_it_showed(
    client: redis.Redis, scheduler: TableScheduler
):
    scheduler.enqueue_jobs()
    queue_of(client, QueueName.TICK).empty()
    scheduler.reconcile()
    client.zadd("rq:scheduler:scheduled_jobs", {LINE.id: time.time() + 3600})
    scheduler.enqueue_jobs()
    assert queue_of(client, QueueName.TICK).count == 1
    assert client.zscore("rq:scheduler:scheduled_jobs", LINE.id) <= time.time() + LINE.every_s


@pytest.mark.parametrize("loss", ["flush", "schedule", "job"])
def test_what_the_server_lost_is_written_again(loss: str, client: redis.Redis, scheduler: TableScheduler):
    scheduler.reconcile()
    if loss == "flush":
        client.flushdb()
    elif loss == "schedule":
        client.zrem("rq:scheduler:scheduled_jobs", LINE.id)
    else:
        client.delete(f"rq:job:{LINE.id}")
    scheduler.enqueue_jobs()
    assert scheduled(client) == [LINE.id]
    assert queue_of(client, QueueName.TICK).count == 1


def test_a_job_lost_in_the_middle_of_a_pass_ends_nothing(
    client: redis.Redis, scheduler: TableScheduler, monkeypatch: pytest.MonkeyPatch
):
    scheduler.reconcile()
    client.delete(f"rq:job:{LINE.id}")
    monkeypatch.setattr(scheduler, "reconcile", lambda: None)
    scheduler.enqueue_jobs()
    assert queue_of(client, QueueName.TICK).count == 0
    monkeypatch.undo()
    scheduler.enqueue_jobs()
    assert queue_of(client, QueueName.TICK).count == 1


def test_what_can_not_be_decoded_or_is_not_in_the_table_is_thrown_away(client: redis.Redis, scheduler: TableScheduler):
    client.hset("rq:job:strange", mapping={"data": b"\x80\x04garbage", "created_at": "never"})
    client.zadd("rq:scheduler:scheduled_jobs", {b"strange": 0, b"\xff\xfe": 0, b"gone": 0})
    client.hset(f"rq:job:{LINE.id}", mapping={"data": b"\x80\x04garbage", "created_at": "never"})
    client.zadd("rq:scheduler:scheduled_jobs", {LINE.id: 0})
    scheduler.enqueue_jobs()
    assert scheduled(client) == [LINE.id]
    assert not client.exists("rq:job:strange")
    assert queue_of(client, QueueName.TICK).job_ids == [LINE.id]


def test_a_changed_line_is_written_anew(client: redis.Redis, scheduler: TableScheduler):
    scheduler.reconcile()
    TableScheduler(client, (Periodic(LINE.id, JobName.TICK, every_s=9),)).reconcile()
    job = KnownJob.fetch(LINE.id, connection=client)
    assert (job.meta["interval"], job.result_ttl) == (9, 78)


def test_ticks_nobody_takes_do_not_pile_up(client: redis.Redis, scheduler: TableScheduler):
    for _ in range(5):
        client.zadd("rq:scheduler:scheduled_jobs", {LINE.id: 0})
        scheduler.enqueue_jobs()
    assert queue_of(client, QueueName.TICK).count == 1


def test_nothing_of_it_is_pickled(client: redis.Redis, scheduler: TableScheduler):
    scheduler.reconcile()
    assert b"\x80" not in (client.hget(f"rq:job:{LINE.id}", "data") or b"")
    with pytest.raises(Exception, match=r".*"):  # what RQ reads by default can't be made of it
        _ = Job.fetch(LINE.id, connection=client).func_name


@pytest.mark.parametrize("planted", [{"queue_class_name": "os.system"}, {"repeat": "x"}, {"cron_string": "* * * * *"}])
def test_what_somebody_plants_in_a_line_is_written_over(
    planted: dict[str, str], client: redis.Redis, scheduler: TableScheduler
):
    scheduler.reconcile()
    job = KnownJob.fetch(LINE.id, connection=client)
    job.meta.update(planted)
    job.save_meta()
    client.zadd("rq:scheduler:scheduled_jobs", {LINE.id: 0})
    scheduler.enqueue_jobs()
    scheduler.reconcile()
    assert KnownJob.fetch(LINE.id, connection=client).meta == {"interval": LINE.every_s}
