"""The programs from outside: how they start, refuse to start, lose their servers and end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from core.infra import db, revisions
from core.infra.reachable import port_is_free
from core.publishing import due_rows
from core.queueing.enqueue import queue_of
from core.queueing.names import QueueName
from tests.factories.publishing import House, make_due
from tests.fixtures.programs import PROJECT, free_ports, program
from tests.fixtures.servers import Servers


def until(holds: Callable[[], bool], within_s: float = 20) -> None:
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)


def hint_waits(url: str) -> bool:
    with redis.Redis.from_url(url) as client:
        return bool(queue_of(client, QueueName.PUBLISH).count)


def beats(worker: db.Database, ticker: str, younger_than_s: float) -> bool:
    with worker.free_transaction() as session:
        age = due_rows.heartbeats(session).get(ticker)
    return age is not None and age < younger_than_s


def run(arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "changes", "says"),
    [
        (["jobs.worker", "nonsense"], {}, "name one queue of publish, media, low, tick"),
        (["jobs.worker"], {}, "name one queue of"),
        (["jobs.worker", "publish", "low"], {}, "name one queue of"),
        (["jobs.worker", "publish"], {"MASTHEAD_PUBLISH_LEASE_SENDING_S": "10"}, "MASTHEAD_PUBLISH_LEASE_SENDING_S"),
        (["jobs.worker", "publish"], {"PROVIDER_META_GRAPH_URL": "nonsense"}, "PROVIDER_META_GRAPH_URL"),
        (["jobs.dispatcher"], {"MASTHEAD_PUBLISH_TICK_S": "-1"}, "MASTHEAD_PUBLISH_TICK_S"),
        (["jobs.worker", "low"], {"MASTHEAD_CREDENTIAL_KEYS": "nonsense"}, "MASTHEAD_CREDENTIAL_KEYS"),
        (["jobs.dispatcher"], {"MASTHEAD_SECRET_KEY": "short"}, "MASTHEAD_SECRET_KEY"),
        (["jobs.scheduler"], {"REDIS_URL": "http://nonsense"}, "REDIS_URL"),
    ],
)
def test_a_wrong_setting_is_one_line_and_exit_code_2(
    arguments: list[str], changes: dict[str, str], says: str, program_environment: dict[str, str]
):
    ended = run(arguments, program_environment | changes)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert says.lower() in line.lower()
    assert len(line) <= 200


@pytest.fixture
def other_revision(servers: Servers, worker_number: int) -> Iterator[Callable[[str], str]]:
    """A database of the test's own that says it is at another revision: its name."""
    name = f"{servers.template}_programs_{worker_number}"

    def say(revision: str) -> str:
        servers.copy_template(name)
        with psycopg.connect(servers.owner_url(name), autocommit=True) as connection:
            connection.execute("update masthead.alembic_version set version_num = %s", (revision,))
        return name

    yield say
    servers.drop(name)


def in_database(environment: dict[str, str], name: str) -> dict[str, str]:
    return environment | {
        key: f"{address.rpartition('/')[0]}/{name}"
        for key, address in environment.items()
        if key.startswith("DATABASE_URL_")
    }


@pytest.mark.parametrize("arguments", [["jobs.dispatcher"], ["jobs.worker", "low"], ["ingest"], ["console"]])
def test_a_program_does_not_start_beside_a_schema_that_lacks_what_it_needs(
    arguments: list[str], program_environment: dict[str, str], other_revision: Callable[[str], str], redis_url: str
):
    port = next(port for port in free_ports(20) if port_is_free(port + 1))  # the console's, and the ingest's behind it
    environment = in_database(program_environment, other_revision(revisions.known()[-2]))
    ended = run(arguments, environment | {"MASTHEAD_PORT": str(port)})
    assert ended.returncode == 2, ended.stderr
    (line,) = ended.stderr.splitlines()
    assert line.endswith("Run `masthead migrate`.")
    assert len(line) <= 200


def test_a_program_goes_on_beside_a_schema_that_is_newer(
    program_environment: dict[str, str],
    other_revision: Callable[[str], str],
    servers: Servers,
    redis_url: str,
    tmp_path: Path,
):
    name = other_revision("9999")

    def looks() -> bool:
        with psycopg.connect(servers.owner_url(name)) as connection:
            return connection.execute("select 1 from masthead.ticker_heartbeat").fetchone() is not None

    environment = in_database(program_environment, name)
    with program([sys.executable, "-m", "jobs.dispatcher"], tmp_path / "log", environment):
        until(looks)


def test_a_schema_that_is_gone_is_told_with_what_brings_it_back(
    program_environment: dict[str, str],
    other_revision: Callable[[str], str],
    servers: Servers,
    redis_url: str,
    tmp_path: Path,
):
    name = other_revision(revisions.newest())
    log = tmp_path / "log"
    with program([sys.executable, "-m", "jobs.dispatcher"], log, in_database(program_environment, name)) as process:
        with psycopg.connect(servers.owner_url(name), autocommit=True) as connection:
            until(lambda: connection.execute("select 1 from masthead.ticker_heartbeat").fetchone() is not None)
            connection.execute("drop schema masthead cascade")
        until(lambda: "run `masthead migrate`" in log.read_text())
        assert process.poll() is None
    assert "Traceback" not in log.read_text()


def test_the_dispatcher_hints_beats_and_survives_the_loss_of_every_connection(
    house: House,
    worker: db.Database,
    program_environment: dict[str, str],
    servers: Servers,
    redis_url: str,
    tmp_path: Path,
):
    with program([sys.executable, "-m", "jobs.dispatcher"], tmp_path / "log", program_environment) as process:
        until(lambda: beats(worker, "dispatcher", 2))
        make_due(house)
        until(lambda: hint_waits(redis_url))
        with psycopg.connect(servers.superuser_url, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'masthead-dispatcher'"
            )
        with redis.Redis.from_url(redis_url) as client:
            client.flushdb()
        until(lambda: hint_waits(redis_url))
        assert beats(worker, "dispatcher", 2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert {line["program"] for line in lines} == {"dispatcher"}
    assert "Postgres is away" in {line["event"] for line in lines}


def test_the_dispatcher_goes_on_without_the_queues_server(
    house: House, worker: db.Database, program_environment: dict[str, str], tmp_path: Path
):
    environment = program_environment | {"REDIS_URL": "redis://127.0.0.1:1/0"}
    make_due(house)
    with program([sys.executable, "-m", "jobs.dispatcher"], tmp_path / "log", environment):
        until(lambda: beats(worker, "dispatcher", 2))
        time.sleep(1.5)
        assert beats(worker, "dispatcher", 1.5)


@pytest.mark.parametrize("arguments", [["jobs.scheduler"], *(["jobs.worker", name.value] for name in QueueName)])
def test_every_program_ends_cleanly_when_asked(
    arguments: list[str], program_environment: dict[str, str], redis_url: str, worker: db.Database, tmp_path: Path
):
    with program([sys.executable, "-m", *arguments], tmp_path / "log", program_environment) as process:

        def runs() -> bool:
            with redis.Redis.from_url(redis_url) as client:
                return bool(client.keys("rq:*"))

        until(runs)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0, (tmp_path / "log").read_text()
