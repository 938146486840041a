"""Runs a command against Debian's own PostgreSQL and Redis, in a temporary folder, without a system service.

    python -m ops.debian_servers .venv/bin/python -m pytest tests/integration

The command finds them in TEST_DATABASE_URL (a superuser's) and TEST_REDIS_URL; they end with it.
"""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import psycopg
import redis

from core.infra.embedded import as_ordinary_user
from core.infra.programs import needed_tool, tied_to_parent
from core.infra.reachable import any_free_port, asked_once

POSTGRES: Final = Path("/usr/lib/postgresql/15/bin")
READY_WITHIN_S: Final = 30.0


def main(command: list[str]) -> int:
    """Exit code of the command."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="masthead-debian-")))
        database_url = _start_postgres(stack, folder)
        redis_url = _start_redis(stack, folder)
        # The rest of the environment is the caller's.
        addresses = [f"TEST_DATABASE_URL={database_url}", f"TEST_REDIS_URL={redis_url}"]
        return subprocess.run(["/usr/bin/env", *addresses, *command], check=False).returncode


def _start_postgres(stack: ExitStack, folder: Path) -> str:
    password, port = secrets.token_urlsafe(24), any_free_port()
    password_file, cluster = folder / "password", folder / "pg"
    password_file.write_text(password, encoding="utf-8")
    initdb = [POSTGRES / "initdb", "-D", cluster, "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={password_file}"]
    subprocess.run(
        [*as_ordinary_user(), *map(str, initdb), "-E", "UTF8", "--locale=C.UTF-8"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )
    settings = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": 300}
    options = [word for name, value in (settings | {"fsync": "off"}).items() for word in ("-c", f"{name}={value}")]
    server = tied_to_parent([str(POSTGRES / "postgres"), "-D", str(cluster), *options], signal.SIGINT)
    _run_beside(stack, [*as_ordinary_user(), *server], folder / "postgres.log", signal.SIGINT)
    url = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
    _await(lambda: psycopg.connect(url).close(), psycopg.OperationalError, folder / "postgres.log")
    return url


def _start_redis(stack: ExitStack, folder: Path) -> str:
    password, port = secrets.token_urlsafe(24), any_free_port()
    settings = ["--port", str(port), "--bind", "127.0.0.1", "--requirepass", password, "--databases", "64"]
    durable = ["--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", "", "--dir", str(folder)]
    server = tied_to_parent([needed_tool("redis-server"), *settings, *durable])
    _run_beside(stack, list(server), folder / "redis.log", signal.SIGTERM)
    url = f"redis://:{password}@127.0.0.1:{port}"
    _await(lambda: asked_once(url).ping(), redis.ConnectionError, folder / "redis.log")
    return url


def _run_beside(stack: ExitStack, command: list[str], log: Path, end: signal.Signals) -> None:
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd="/", stdout=output, stderr=output, start_new_session=True)

    def stop() -> None:
        process.send_signal(end)
        process.wait(20)

    stack.callback(stop)


def _await(answers: Callable[[], object], not_yet: type[Exception], log: Path) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while True:
        try:
            answers()
        except not_yet:
            if time.monotonic() > until:
                sys.exit(f"It does not answer:\n{log.read_text(encoding='utf-8')[-2000:]}")
            time.sleep(0.05)
        else:
            return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
