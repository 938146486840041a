"""The embedded servers: what is kept, who gets in, and that no death of any part leaves a mess."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from core.infra import data_folder, embedded
from core.infra.embedded import Addresses, EmbeddedServers, running
from core.infra.programs import CanNotStart
from core.infra.reachable import asked_once
from tests.fixtures.programs import PROJECT
from tests.integration.infra.conftest import Begin

pytestmark = pytest.mark.servers

AS_ROOT = os.geteuid() == 0
STARTER = [sys.executable, str(Path(__file__).with_name("starter.py"))]


@pytest.fixture
def started_before(tmp_path: Path, begun: Begin) -> None:
    begun(tmp_path)


def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def started(data: Path, prefix: list[str] | None = None) -> Iterator[tuple[subprocess.Popen[str], Addresses]]:
    """A starter of its own, killed at the end of the block if it still lives."""
    starter = subprocess.Popen(
        [*(prefix or []), *STARTER, str(data)],
        cwd=PROJECT,
        env={"PYTHONPATH": str(PROJECT), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert starter.stdout is not None
        assert starter.stderr is not None
        line = starter.stdout.readline()
        assert line, starter.stderr.read()
        yield starter, Addresses(**json.loads(line))
    finally:
        starter.kill()
        starter.communicate()


def eventually(condition: Callable[[], object], within_s: float = 5) -> bool:
    until = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def server_pids(data: Path) -> list[int]:
    return [*embedded._processes_in(data / "pg"), *embedded._processes_in(data / "valkey")]


@pytest.mark.usefixtures("started_before")
def test_a_second_start_keeps_data_and_addresses(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        rows(first.owner, "create table kept(id int); insert into kept select generate_series(1, 1000)")
        with redis.Redis.from_url(first.valkey) as client:
            client.set("kept", "yes")
    with running(tmp_path) as second:
        assert second == first == embedded.addresses(tmp_path)
        assert rows(second.owner, "select count(*) from kept") == [(1000,)]
        with redis.Redis.from_url(second.valkey) as client:
            assert client.get("kept") == b"yes"
    assert server_pids(tmp_path) == []


@pytest.mark.usefixtures("started_before")
def test_only_the_right_password_gets_in_and_only_over_loopback(tmp_path: Path) -> None:
    with running(tmp_path) as addresses:
        postgres, valkey = urlsplit(addresses.owner), urlsplit(addresses.valkey)
        for user, password in (("masthead_owner", "wrong"), ("postgres", "wrong"), ("postgres", "")):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(host="127.0.0.1", port=postgres.port, user=user, password=password, dbname="masthead")
        wrong = f"redis://:wrong@127.0.0.1:{valkey.port}/0"
        with asked_once(wrong) as client, pytest.raises(redis.AuthenticationError):
            client.ping()
        with redis.Redis.from_url(addresses.valkey, decode_responses=True) as client:
            wanted = {"appendonly": "yes", "maxmemory-policy": "noeviction", "bind": "127.0.0.1"}
            assert {name: client.config_get(name)[name] for name in wanted} == wanted
        assert rows(addresses.superuser, "show listen_addresses") == [("127.0.0.1",)]
        assert rows(addresses.superuser, "show unix_socket_directories") == [("",)]
        owner = "select rolsuper, rolbypassrls, rolcreatedb, rolcreaterole from pg_roles where rolname = current_user"
        assert rows(addresses.owner, owner) == [(False, False, False, True)]


def test_nobody_else_can_read_the_secrets(tmp_path: Path) -> None:
    with running(tmp_path / "data"):
        pass
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    secret = ["postgres-superuser", "postgres-owner", "valkey-password", "valkey.conf", "ports.json", "lock"]
    assert {name: stat.S_IMODE((tmp_path / "data" / name).stat().st_mode) for name in secret} == dict.fromkeys(
        secret, 0o600
    )


@pytest.mark.usefixtures("started_before")
def test_kill_9_of_the_starter_leaves_no_server(tmp_path: Path) -> None:
    with started(tmp_path) as (starter, addresses):
        rows(addresses.owner, "create table kept as select generate_series(1, 1000)")
        assert len(server_pids(tmp_path)) > 2
        starter.kill()
        starter.wait()
        assert eventually(lambda: not server_pids(tmp_path)), server_pids(tmp_path)
    with running(tmp_path) as again:
        assert rows(again.owner, "select count(*) from kept") == [(1000,)]


@pytest.mark.usefixtures("started_before")
def test_a_start_right_after_kill_9_waits_for_the_servers_of_the_dead_one(tmp_path: Path) -> None:
    with started(tmp_path) as (starter, _):
        starter.kill()
        starter.wait()
        with running(tmp_path) as again:
            assert rows(again.owner, "select 1") == [(1,)]


@pytest.mark.usefixtures("started_before")
def test_a_pid_file_of_a_postmaster_killed_and_not_yet_reaped_is_no_obstacle(tmp_path: Path) -> None:
    with started(tmp_path) as (_, addresses):
        rows(addresses.owner, "create table kept as select generate_series(1, 1000)")
        postmaster = int((tmp_path / "pg" / "postmaster.pid").read_text().split()[0])
        for pid in [postmaster, *embedded._processes_in(tmp_path / "valkey")]:
            os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: not server_pids(tmp_path))
        # Its starter sleeps and does not reap it: a zombie, whose pid still answers.
        assert Path(f"/proc/{postmaster}/stat").read_text().split()[2] == "Z"
        (tmp_path / "lock").rename(tmp_path / "lock.of-the-sleeper")
        with running(tmp_path) as again:
            assert rows(again.owner, "select count(*) from kept") == [(1000,)]


@pytest.mark.usefixtures("started_before")
def test_a_pid_file_that_names_a_foreign_process_is_no_obstacle(tmp_path: Path) -> None:
    with running(tmp_path):
        pid_file = (tmp_path / "pg" / "postmaster.pid").read_text()
    stranger = str(os.getpid())
    (tmp_path / "pg" / "postmaster.pid").write_text(pid_file.replace(pid_file.split()[0], stranger, 1))
    with running(tmp_path) as again:
        assert rows(again.owner, "select 1") == [(1,)]


@pytest.mark.usefixtures("started_before")
def test_a_second_starter_is_refused_in_words(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        with pytest.raises(CanNotStart, match=r"in use by another start\. Stop that one, or set MASTHEAD_DATA"):
            EmbeddedServers(tmp_path)
        assert rows(first.owner, "select 1") == [(1,)]


def test_of_two_starters_at_once_exactly_one_starts(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(PROJECT), "PATH": "/usr/bin:/bin"}
    pair = [
        subprocess.Popen(
            [*STARTER, str(tmp_path)],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        assert eventually(lambda: any(each.poll() is not None for each in pair), within_s=15)
        loser, winner = sorted(pair, key=lambda each: each.poll() is None)
        assert loser.returncode == 2
        assert "in use by another start" in loser.communicate()[1]
        assert winner.stdout is not None
        assert json.loads(winner.stdout.readline())["owner"]
    finally:
        for each in pair:
            each.kill()
            each.communicate()
    assert eventually(lambda: not server_pids(tmp_path))


def test_half_an_initdb_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "pg.new").mkdir()
    (tmp_path / "pg.new" / "PG_VERSION").write_text("18\n")
    with running(tmp_path) as addresses:
        assert rows(addresses.owner, "select 1") == [(1,)]


def test_a_kept_port_that_somebody_took_meanwhile_is_replaced(tmp_path: Path, begun: Begin) -> None:
    for name in ("a", "b"):
        begun(tmp_path / name)
    with running(tmp_path / "a") as taken:
        port = urlsplit(taken.owner).port
        (tmp_path / "b" / "ports.json").write_text(json.dumps({"postgres": port, "valkey": port}))
        with running(tmp_path / "b") as addresses:
            assert urlsplit(addresses.owner).port != port
            assert rows(addresses.owner, "select 1") == [(1,)]


@pytest.mark.skipif(not AS_ROOT, reason="whoever runs this is an ordinary user, in every test here")
def test_an_ordinary_user_starts_them_too(tmp_path: Path) -> None:
    # In a namespace of its own, so that it can read this checkout wherever it lies.
    ordinary = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]
    with started(tmp_path, ordinary) as (starter, addresses):
        assert rows(addresses.owner, "select 1") == [(1,)]
        postmaster = (tmp_path / "pg" / "postmaster.pid").read_text().split()[0]
        assert Path(f"/proc/{postmaster}/uid_map").read_text().split() == ["1000", "0", "1"]
        starter.kill()
        starter.wait()
        assert eventually(lambda: not server_pids(tmp_path))


@pytest.mark.skipif(not AS_ROOT, reason="an ordinary user needs no user namespace")
def test_as_root_no_user_is_added_and_no_folder_is_loosened(tmp_path: Path) -> None:
    parent = tmp_path / "closed"
    parent.mkdir(mode=0o700)
    users = Path("/etc/passwd").read_bytes()
    with running(parent / "data"):
        assert (parent / "data" / "pg").stat().st_uid == 0
    assert stat.S_IMODE(parent.stat().st_mode) == 0o700
    assert Path("/etc/passwd").read_bytes() == users


@pytest.mark.skipif(not AS_ROOT, reason="an ordinary user needs no user namespace")
def test_root_without_user_namespaces_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "needed_tool", lambda name: "/usr/bin/false" if name == "unshare" else name)
    with pytest.raises(CanNotStart, match="forbids the user namespace") as refused:
        EmbeddedServers(tmp_path)
    assert_one_line(refused)


@pytest.mark.parametrize("tool", ["setpriv", "unshare"])
def test_a_missing_tool_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str) -> None:
    if tool == "unshare" and not AS_ROOT:
        pytest.skip("an ordinary user needs no unshare")
    found = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None if name == tool else found(name, path=path))
    with pytest.raises(CanNotStart, match=rf"{tool} is missing\. Install Debian's package util-linux") as refused:
        EmbeddedServers(tmp_path)
    assert_one_line(refused)


def test_a_full_disk_is_told_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_folder.shutil, "disk_usage", lambda _path: SimpleNamespace(free=1024))
    with pytest.raises(CanNotStart, match=r"is full\. Free 200 MB or set MASTHEAD_DATA") as refused:
        EmbeddedServers(tmp_path)
    assert_one_line(refused)
    assert list(tmp_path.iterdir()) == []


def test_the_disk_that_fills_up_during_initdb_is_named() -> None:
    output = "fixing permissions ... ok\ninitdb: error: could not write file: No space left on device\nremoving"
    assert embedded._in_words(output, Path(".data")).startswith("The disk of MASTHEAD_DATA (.data) is full.")


def test_a_data_folder_that_is_a_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CanNotStart, match=r"MASTHEAD_DATA \(.*file\): file exists") as refused:
        EmbeddedServers(tmp_path / "file")
    assert_one_line(refused)


@pytest.mark.usefixtures("started_before")
def test_a_lost_password_file_is_told_and_not_replaced_by_a_wrong_one(tmp_path: Path) -> None:
    with running(tmp_path):
        pass
    (tmp_path / "postgres-superuser").write_text("not this one")
    with pytest.raises(CanNotStart, match=r"is not this PostgreSQL's password\. Restore that file"), running(tmp_path):
        pass
    assert eventually(lambda: not server_pids(tmp_path))


@pytest.mark.usefixtures("started_before")
def test_a_server_that_ends_at_once_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(CanNotStart, match=r"An embedded server ended: .*shared_buffers") as refused,
        running(tmp_path, {"shared_buffers": "nonsense"}),
    ):
        pass
    assert_one_line(refused)


def assert_one_line(refused: pytest.ExceptionInfo[CanNotStart]) -> None:
    message = str(refused.value)
    assert len(message) <= 200
    assert "\n" not in message
