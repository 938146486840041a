"""What a worker writes of its jobs: what an operator has to know, once, and nothing each second."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Connection, Redis
from redis.exceptions import ConnectionError as ServerAway
from typing_extensions import override

from core.infra import db
from core.infra.db import Database, make_engine
from core.infra.settings import Settings
from core.queueing.connection import for_worker
from core.queueing.enqueue import Hints
from core.queueing.jobs import KnownJob
from core.queueing.names import JobName, QueueName
from jobs import tick
from jobs.worker import HintQueue, OneQueueWorker, logging_level, work
from tests.fixtures.programs import free_ports


@pytest.fixture
def low(redis_url: str) -> Iterator[OneQueueWorker]:
    """A worker on the low queue, as the program makes it; RQ takes over signals while it works."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    connection = Redis.from_url(redis_url)
    queue = HintQueue(QueueName.LOW.value, connection=connection, job_class=KnownJob, serializer="json")
    yield OneQueueWorker([queue], connection=connection, serializer="json", log_job_description=False)
    for number, handler in kept.items():
        signal.signal(number, handler)
    connection.close()
    db.use(None)


def lines(worker: OneQueueWorker, caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Level and words of what one job wrote."""
    assert Hints(worker.connection).give(JobName.REVOKE_OVERDUE_CHOICES)
    with caplog.at_level(logging.INFO):
        worker.work(burst=True, logging_level=logging_level())
    return [(record.levelname, record.getMessage()) for record in caplog.records]


def test_a_job_that_goes_well_is_no_line(
    low: OneQueueWorker, caplog: pytest.LogCaptureFixture, worker_database: db.Database
) -> None:
    db.use(worker_database)
    assert lines(low, caplog) == []


def test_a_job_that_finds_postgres_away_is_one_line(low: OneQueueWorker, caplog: pytest.LogCaptureFixture) -> None:
    db.use(Database(make_engine(f"postgresql+psycopg://w:hidden@127.0.0.1:{free_ports(1)[0]}/x")))
    assert lines(low, caplog) == [("WARNING", "Postgres is away")]


def test_a_job_that_finds_no_schema_is_one_line_with_what_brings_it(
    low: OneQueueWorker, caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    without_schema = Database(make_engine(f"{settings.program_url('worker').rpartition('/')[0]}/postgres"))
    db.use(without_schema)
    try:
        ((level, words),) = lines(low, caplog)
    finally:
        without_schema.engine.dispose()
    assert level == "WARNING"
    assert "run `masthead migrate`" in words


def test_a_job_that_fails_otherwise_is_told_whole(low: OneQueueWorker, caplog: pytest.LogCaptureFixture) -> None:
    db.use(None)
    ((level, words),) = lines(low, caplog)
    assert level == "ERROR"
    assert "core.infra.db.connect() has not been called" in words


def test_a_server_that_hangs_keeps_no_worker_from_looking_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes connections and answers none, as a stopped process does: its kernel still listens."""
    monkeypatch.setattr(OneQueueWorker, "waits_s", 1)
    monkeypatch.setattr(OneQueueWorker, "answers_within_s", 1)
    looked = threading.Event()

    def look() -> None:
        looked.set()
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(HintQueue, "on_server_away", staticmethod(look))
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with socket.create_server(("127.0.0.1", 0)) as server:
        work(QueueName.LOW, for_worker(f"redis://127.0.0.1:{server.getsockname()[1]}/0"))
    for number, handler in kept.items():
        signal.signal(number, handler)
    assert looked.is_set()


class Cut(Connection):
    """A connection that ends, and can't be made again, once `away` is set."""

    away = threading.Event()

    @override
    def connect(self) -> None:
        self._refuse_when_away()
        super().connect()

    @override
    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        self._refuse_when_away()
        super().send_packed_command(command, check_health)

    def _refuse_when_away(self) -> None:
        if self.away.is_set():
            raise ServerAway("cut")


def test_a_server_that_goes_away_while_a_worker_waits_lets_it_look_for_itself_until_it_is_back(
    monkeypatch: pytest.MonkeyPatch, redis_url: str
) -> None:
    """RQ beats before it reads, and tries again by itself: its reads alone would say so once."""
    monkeypatch.setattr(OneQueueWorker, "waits_s", 1)
    monkeypatch.setattr(OneQueueWorker, "max_connection_wait_time", 0.1)
    monkeypatch.setattr(Cut, "away", threading.Event())
    looks: list[float] = []

    def stop() -> None:
        Cut.away.clear()
        os.kill(os.getpid(), signal.SIGTERM)

    def look() -> None:
        looks.append(time.monotonic())
        if len(looks) == 3:
            stop()

    monkeypatch.setattr(HintQueue, "on_server_away", staticmethod(look))
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    connection = for_worker(redis_url)
    connection.connection_pool.connection_class = Cut
    timers = threading.Timer(0.5, Cut.away.set), threading.Timer(10, stop)
    for timer in timers:
        timer.start()
    work(QueueName.LOW, connection)
    for timer in timers:
        timer.cancel()
    for number, handler in kept.items():
        signal.signal(number, handler)
    assert len(looks) >= 3


def test_a_worker_that_finds_postgres_away_as_well_says_so_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    away = Database(make_engine(f"postgresql+psycopg://w:hidden@127.0.0.1:{free_ports(1)[0]}/x"))
    monkeypatch.setattr(HintQueue, "on_server_away", staticmethod(tick.raise_notices))
    db.use(away)
    try:
        HintQueue.look_for_itself()
    finally:
        db.use(None)
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [("WARNING", "Postgres is away")]


def test_its_reads_are_short_enough_to_notice(redis_url: str) -> None:
    with Redis.from_url(redis_url) as connection:
        queue = HintQueue(QueueName.LOW.value, connection=connection, job_class=KnownJob, serializer="json")
        worker = OneQueueWorker([queue], connection=connection, serializer="json")
        assert worker.dequeue_timeout <= 5
        assert connection.connection_pool.connection_kwargs["socket_timeout"] <= 10
