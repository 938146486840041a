"""`python -m ingest` as the supervisor runs it: ready, honest about its servers, gone when told, clear in words."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from core.infra.settings import Settings
from ingest.app import create_app
from tests.fixtures.programs import PROJECT, await_health, free_ports, program

COMMAND = [sys.executable, "-m", "ingest"]


@pytest.mark.servers
@pytest.mark.usefixtures("redis_url")
def test_it_serves_and_ends_when_told(program_environment: dict[str, str], tmp_path: Path) -> None:
    (port,) = free_ports(1)
    log = tmp_path / "log"
    with program(COMMAND, log, program_environment | {"MASTHEAD_PORT": str(port - 1)}) as process:
        await_health(f"http://127.0.0.1:{port}/readyz", process, log)
        assert httpx.get(f"http://127.0.0.1:{port}/readyz").json() == {"ready": True, "postgres": True, "valkey": True}
        answer = httpx.get(f"http://127.0.0.1:{port}/oauth/meta/start", headers={"Host": f"localhost:{port}"})
        assert (answer.status_code, "You are signed out" in answer.text) == (401, True)
        told = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert time.monotonic() - told < 5
    lines = log.read_text().splitlines()
    assert lines
    assert all(line.startswith('{"at": ') for line in lines), "JSON lines and nothing else"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"MASTHEAD_SECRET_KEY": "short"}, "MASTHEAD_SECRET_KEY"),
        ({"MASTHEAD_PORT": "99999"}, "MASTHEAD_PORT"),
        ({"PROVIDER_META_NONSENSE": "1"}, "PROVIDER_META_NONSENSE"),
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "REDIS_URL"),
        ({"DATABASE_URL_WEB": "postgresql://masthead_web:x@127.0.0.1:1/none"}, "DATABASE_URL_WEB"),
    ],
)
@pytest.mark.usefixtures("redis_url")
def test_a_setting_that_cannot_work_is_one_line_and_exit_code_2(
    program_environment: dict[str, str], change: dict[str, str], words: str
) -> None:
    (port,) = free_ports(1)
    _refused(program_environment | {"MASTHEAD_PORT": str(port - 1)} | change, words)


@pytest.mark.usefixtures("redis_url")
def test_a_taken_port_is_one_line_and_exit_code_2(program_environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        _refused(program_environment | {"MASTHEAD_PORT": str(port - 1)}, f"port {port} is taken")


def test_readiness_says_which_server_is_silent_and_says_it_soon(settings: Settings) -> None:
    (dead,) = free_ports(1)
    silent = settings.model_copy(
        update={
            "database_url_web": Settings(
                MASTHEAD_SECRET_KEY="x" * 32, DATABASE_URL_WEB=f"postgresql://a:b@127.0.0.1:{dead}/c"
            ).database_url_web
        }
    )
    began = time.monotonic()
    answer = create_app(silent).test_client().get("/readyz", headers={"Host": "127.0.0.1:9"})
    assert (answer.status_code, answer.json) == (503, {"ready": False, "postgres": False, "valkey": True})
    assert time.monotonic() - began < 3


def test_a_database_without_our_schema_is_not_ready(settings: Settings) -> None:
    address = f"{settings.program_url('web').rpartition('/')[0]}/postgres".replace("postgresql+psycopg", "postgresql")
    bare = Settings(MASTHEAD_SECRET_KEY="x" * 32, DATABASE_URL_WEB=address)
    app = create_app(settings.model_copy(update={"database_url_web": bare.database_url_web}))
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (503, {"ready": False, "postgres": False, "valkey": True})


def test_readiness_waits_a_second_for_a_server_that_accepts_and_says_nothing(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
        silent = settings.model_copy(
            update={"redis_url": Settings(MASTHEAD_SECRET_KEY="x" * 32, REDIS_URL=url).redis_url}
        )
        began = time.monotonic()
        answer = create_app(silent).test_client().get("/readyz")
        assert (answer.status_code, answer.json) == (503, {"ready": False, "postgres": True, "valkey": False})
        assert time.monotonic() - began < 5


def _refused(environment: dict[str, str], words: str) -> None:
    done = subprocess.run(COMMAND, env=environment, cwd=PROJECT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert words in line
    assert len(line) <= 200
    assert done.stdout == ""
