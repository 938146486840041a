"""Hints: at most one waiting per process, none that runs foreign code, and no harm when the server is away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module

import pytest
import redis
from rq import Queue
from rq.worker import SimpleWorker

from core.infra import clock
from core.queueing import inspection
from core.queueing.connection import for_hints, for_worker
from core.queueing.enqueue import Hints, queue_of
from core.queueing.jobs import KnownJob, UnknownJob
from core.queueing.names import QUEUE_OF, JobName, QueueName
from tests.fixtures.programs import PROJECT


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


def test_one_hint_waits_however_often_it_is_given(client: redis.Redis):
    hints = Hints(client)
    assert [hints.give(JobName.DRAIN) for _ in range(5)] == [True] * 5
    assert queue_of(client, QueueName.PUBLISH).count == 1


def test_one_hint_waits_for_every_process(client: redis.Redis):
    for _ in range(3):
        worker = SimpleWorker([queue_of(client, QueueName.PUBLISH)], connection=client, serializer="json")
        worker.register_birth()
    Hints(client).give(JobName.DRAIN)
    assert queue_of(client, QueueName.PUBLISH).count == 3
    (publish,) = [facts for facts in inspection.queues(client) if facts.name is QueueName.PUBLISH]
    assert (publish.waiting, publish.workers, publish.failed) == (3, 3, 0)


def test_a_hint_that_waits_is_as_old_as_it_is(client: redis.Redis, redis_url: str):
    assert inspection.waits_s(redis_url) == {}
    Hints(client).give(JobName.SEND_MAIL)
    low = queue_of(client, QueueName.LOW)
    job = KnownJob.fetch(low.get_job_ids()[0], connection=client)
    job.enqueued_at = job.created_at = clock.now() - timedelta(minutes=5)
    job.save()
    assert inspection.waits_s(redis_url)[QueueName.LOW] == pytest.approx(300, abs=30)
    client.hdel(job.key, "enqueued_at")  # written anew by rq-scheduler while it waits
    assert inspection.waits_s(redis_url)[QueueName.LOW] == pytest.approx(300, abs=30)
    assert inspection.waits_s("redis://127.0.0.1:1/0") is None


def test_a_server_that_is_away_costs_nothing_but_the_hint():
    assert Hints(for_hints("redis://127.0.0.1:1/0")).give(JobName.DRAIN) is False


def test_every_job_has_its_queue_and_its_place_in_the_code():
    assert set(QUEUE_OF) == set(JobName)
    for job in JobName:
        module, _, name = job.value.rpartition(".")
        assert callable(getattr(import_module(module), name))


def test_every_queue_has_a_worker_of_its_own_in_the_procfile():
    lines = (PROJECT / "Procfile").read_text().splitlines()
    commands = [line.partition(":")[2].split() for line in lines if "jobs.worker" in line]
    assert sorted(command[-1] for command in commands) == sorted(QueueName)
    assert all(len(command) == 4 for command in commands)


@pytest.mark.parametrize(
    ("name", "args"), [("os.system", ["true"]), ("os.getcwd", []), ("jobs.sender.drain", [1]), ("builtins.print", [])]
)
def test_a_job_that_is_not_ours_is_not_run(name: str, args: list[object], client: redis.Redis):
    queue = queue_of(client, QueueName.PUBLISH)
    queue.enqueue_call(name, args=args)
    worker = SimpleWorker([queue], connection=client, job_class=KnownJob, serializer="json")
    worker.work(burst=True)
    (failed,) = queue.failed_job_registry.get_job_ids()
    job = KnownJob.fetch(failed, connection=client)
    with pytest.raises(UnknownJob):
        _ = job.func
    assert job.is_failed


def test_a_pickled_job_is_not_even_read(client: redis.Redis):
    Queue("publish", connection=client).enqueue_call("os.getcwd")
    queue = queue_of(client, QueueName.PUBLISH)
    SimpleWorker([queue], connection=client, job_class=KnownJob, serializer="json").work(burst=True)
    assert queue.count == 0


def test_callbacks_and_webhooks_of_a_job_are_dropped(client: redis.Redis):
    queue = queue_of(client, QueueName.PUBLISH)
    job = queue.enqueue_call(JobName.DRAIN.value)
    client.hset(job.key, mapping={"success_callback_name": "os.abort", "failure_callback_name": "os.abort"})
    read = KnownJob.fetch(job.id, connection=client)
    assert (read.success_callback, read.failure_callback, read.webhooks) == (None, None, [])


def test_a_workers_client_waits_as_long_as_its_worker_says(redis_url: str):
    with for_worker(redis_url) as client:
        assert client.ping()
