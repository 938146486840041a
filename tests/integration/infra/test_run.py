"""`masthead run --embedded` as people start it, with small programs in the place of ours."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import psycopg
import pytest

from core.infra.reachable import program_answers
from core.infra.settings import Settings
from tests.fixtures.programs import PROJECT, neighbouring_ports
from tests.fixtures.servers import SECRET_KEY
from tests.integration.infra.conftest import Begin

pytestmark = pytest.mark.servers

FAKE = Path(__file__).with_name("fake_program.py")


class Copy:
    """One installation in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.data = folder / "data"
        self.note = folder / "note"
        self.output = folder / "output"
        self.procfile = folder / "Procfile"
        self.procfile.write_text(f"console: python {FAKE} 0 {self.note}\ningest: python {FAKE} 1\n")
        self.port = neighbouring_ports(2)

    def command(self, *options: str) -> list[str]:
        return [sys.executable, "-m", "core.cli", "run", *options, "--procfile", str(self.procfile)]

    @contextmanager
    def started(self, *options: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
        """The running installation, ready; killed at the end of the block if it still lives."""
        kept = {name: value for name, value in os.environ.items() if name.startswith(("PATH", "COVERAGE"))}
        environment = kept | {"MASTHEAD_PORT": str(self.port), "MASTHEAD_DATA": str(self.data)} | more
        with self.output.open("ab") as output:
            process = subprocess.Popen(
                self.command(*(options or ["--embedded"])), cwd=PROJECT, env=environment, stdout=output, stderr=output
            )
        try:
            until = time.monotonic() + 30
            while b"Masthead runs" not in self.output.read_bytes():
                assert process.poll() is None, self.output.read_text()
                assert time.monotonic() < until, self.output.read_text()
                time.sleep(0.05)
            yield process
        finally:
            process.kill()
            process.wait()

    def starts(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.note.read_text().splitlines()]

    def owner_url(self) -> str:
        """The owner's address, which no program is told."""
        port = json.loads((self.data / "ports.json").read_text())["postgres"]
        password = quote((self.data / "postgres-owner").read_text(), safe="")
        return f"postgresql://masthead_owner:{password}@127.0.0.1:{port}/masthead"

    def answers(self) -> bool:
        return program_answers(self.port, "/readyz")


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path / "a")


@pytest.fixture
def started_before(copy: Copy, begun: Begin) -> None:
    begun(copy.data)


def processes_of(copy: Copy) -> list[str]:
    """Command lines of living processes that have to do with this copy."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if str(copy.data) in command or f"MASTHEAD_DATA={copy.data}\0".encode() in environment:
                found.append(command)
    return found


def environment_of_sandbox(copy: Copy) -> dict[str, str]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_text().split("\0")
                if words[1:5] == ["-m", "sandbox", "--port", str(copy.port + 2)]:
                    pairs = (entry / "environ").read_text().rstrip("\0").split("\0")
                    return dict(pair.split("=", 1) for pair in pairs)
            except OSError:
                continue
    raise AssertionError("the sandbox doesn't run")


def none_left(copy: Copy, within_s: float = 5) -> bool:
    until = time.monotonic() + within_s
    while processes_of(copy) and time.monotonic() < until:
        time.sleep(0.05)
    return not processes_of(copy)


def test_everything_starts_and_ctrl_c_ends_every_child(copy: Copy) -> None:
    with copy.procfile.open("a") as procfile:
        procfile.write("worker: sleep 60\n")  # whatever has no address is waited for two seconds
    with copy.started() as process:
        assert copy.answers()
        said = copy.output.read_text()
        assert f"Open http://localhost:{copy.port}" in said
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    assert none_left(copy)
    assert "Traceback" not in copy.output.read_text()
    assert stat.S_IMODE((copy.data / "secret-key").stat().st_mode) == 0o600


@pytest.mark.usefixtures("started_before")
def test_a_second_start_has_the_same_data_addresses_and_key(copy: Copy) -> None:
    for _ in range(2):
        copy.output.write_bytes(b"")
        with copy.started() as process:
            with psycopg.connect(copy.owner_url(), autocommit=True) as connection:
                connection.execute("create table if not exists kept(at timestamptz default now())")
                connection.execute("insert into kept default values")
                count = connection.execute("select count(*) from kept").fetchone()
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
    first, second = copy.starts()
    assert count == (2,)
    assert {**first, "pid": 0} == {**second, "pid": 0}


@pytest.mark.usefixtures("started_before")
def test_kill_9_of_the_supervisor_leaves_no_program_and_no_server(copy: Copy) -> None:
    with copy.started() as process:
        process.kill()
        process.wait()
        assert none_left(copy)


def test_two_copies_run_side_by_side(tmp_path: Path, begun: Begin) -> None:
    one, other = Copy(tmp_path / "one"), Copy(tmp_path / "other")
    for each in (one, other):
        begun(each.data)
    with one.started(), other.started():
        assert one.answers()
        assert other.answers()
        assert one.starts()[0]["DATABASE_URL_WEB"] != other.starts()[0]["DATABASE_URL_WEB"]


@pytest.mark.usefixtures("started_before")
def test_a_second_start_of_the_same_copy_is_refused(copy: Copy) -> None:
    with copy.started():
        environment = {"PATH": os.environ["PATH"], "MASTHEAD_PORT": str(copy.port), "MASTHEAD_DATA": str(copy.data)}
        again = subprocess.run(
            copy.command("--embedded"), cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
        )
        assert again.returncode == 2
        assert f"port {copy.port} is taken" in again.stderr
        elsewhere = environment | {"MASTHEAD_PORT": str(neighbouring_ports(2))}
        again = subprocess.run(
            copy.command("--embedded"), cwd=PROJECT, env=elsewhere, capture_output=True, text=True, check=False
        )
        assert again.returncode == 2
        assert "in use by another start" in again.stderr
        assert copy.answers()


@pytest.mark.usefixtures("started_before")
def test_a_killed_program_is_back_within_5_seconds_and_so_is_postgres(copy: Copy) -> None:
    with copy.started():
        console = copy.starts()[0]
        postmaster = int((copy.data / "pg" / "postmaster.pid").read_text().split()[0])
        for pid in (int(console["pid"]), postmaster):
            os.kill(pid, signal.SIGKILL)
        began = time.monotonic()
        while len(copy.starts()) < 2:  # started again; how soon it then answers depends on the machine
            assert time.monotonic() - began < 5
            time.sleep(0.05)
        while not copy.answers() or not _connects(copy.owner_url()):
            assert time.monotonic() - began < 60
            time.sleep(0.05)


def _connects(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.mark.usefixtures("started_before")
def test_a_program_that_keeps_ending_ends_the_start_with_its_last_words(copy: Copy) -> None:
    copy.procfile.write_text("worker: sh -c 'echo the cupboard is bare; exit 3'\n")
    environment = {"PATH": os.environ["PATH"], "MASTHEAD_PORT": str(copy.port), "MASTHEAD_DATA": str(copy.data)}
    started = subprocess.run(
        copy.command("--embedded"), cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert started.returncode == 2
    last = started.stderr.splitlines()[-1]
    assert last == "masthead: worker ended 3 times. Its last words: the cupboard is bare"
    assert none_left(copy)


def test_with_the_sandbox_programs_are_pointed_at_it_and_the_demo_is_loaded_once(copy: Copy) -> None:
    copy.port = neighbouring_ports(4)
    said = []
    for _ in range(2):
        copy.output.write_bytes(b"")
        # Given, as in a developer's shell, so that it can be seen not to be handed on.
        key = {"MASTHEAD_SECRET_KEY": SECRET_KEY}
        with copy.started("--embedded", "--with-sandbox", **key) as process:
            said.append(copy.output.read_text().partition("Masthead runs")[2])
            of_sandbox = environment_of_sandbox(copy)
            malformed = httpx.get(f"http://127.0.0.1:{copy.port + 2}/_sandbox/requests?kind=protocol", timeout=10)
            assert malformed.json() == []
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
    first, second = copy.starts()
    sandbox = f"http://localhost:{copy.port + 2}"
    assert first["MASTHEAD_OIDC_METADATA_URL"] == f"{sandbox}/oidc/.well-known/openid-configuration"
    assert first["PROVIDER_META_GRAPH_URL"] == f"{sandbox}/graph.facebook.com"
    assert first["PROVIDER_META_CLIENT_ID"]
    assert first["MASTHEAD_SMTP_URL"] == f"smtp://127.0.0.1:{copy.port + 3}"
    assert {**first, "pid": 0} == {**second, "pid": 0}
    assert not {"DATABASE_URL", "REDIS_URL", "MASTHEAD_SECRET_KEY", "MASTHEAD_SMTP_URL"} & of_sandbox.keys()
    assert of_sandbox["MASTHEAD_PORT"] == str(copy.port)
    assert stat.S_IMODE((copy.data / "demo.json").stat().st_mode) == 0o600
    for words in said:
        assert "Maya Okafor (admin)" in words
        assert "Try this first" in words


def test_each_program_is_handed_its_own_login_and_no_secret_it_does_not_need(
    copy: Copy, settings: Settings, redis_url: str
) -> None:
    names = ["console", "ingest", "dispatcher", "scheduler", "worker-tick", "worker-publish", "unheard-of"]
    notes = {name: copy.data.parent / f"{name}.note" for name in names}
    # Each on a port of its own; the first two are waited for by their addresses.
    offsets = {name: number for number, name in enumerate(names)}
    copy.port = neighbouring_ports(len(names) + 1)
    copy.procfile.write_text("".join(f"{name}: python {FAKE} {offsets[name]} {notes[name]}\n" for name in names))
    given = {
        "DATABASE_URL": settings.owner_url(),
        "REDIS_URL": redis_url,
        "MASTHEAD_SECRET_KEY": SECRET_KEY,
        "MASTHEAD_CREDENTIAL_KEYS": "a:" + "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=",
        "MASTHEAD_OIDC_CLIENT_SECRET": "of the sign-in",
        "PROVIDER_META_CLIENT_SECRET": "of the network",
        "MASTHEAD_SMTP_URL": "smtps://masthead:of-mail@mail.example",
    }
    with copy.started("--procfile", str(copy.procfile), **given):
        told = {name: json.loads(note.read_text().splitlines()[0]) for name, note in notes.items()}
    logins = {
        name: {key: value for key, value in env.items() if key.startswith("DATABASE_URL") and value}
        for name, env in told.items()
    }
    web, worker = ({f"DATABASE_URL_{role.upper()}": settings.program_url(role)} for role in ("web", "worker"))
    assert logins == {
        "console": web,
        "ingest": web,
        "worker-tick": worker,
        "worker-publish": worker,
        "dispatcher": {"DATABASE_URL_DISPATCH": settings.program_url("dispatch")},
        "scheduler": {},
        "unheard-of": {},
    }
    for name, env in told.items():
        watches = name in ("dispatcher", "scheduler")
        assert (env["PROVIDER_META_CLIENT_SECRET"] is None) == watches, name
        assert (env["MASTHEAD_CREDENTIAL_KEYS"] is None) == watches, name
        assert (env["MASTHEAD_SMTP_URL"] is None) == watches, name
        assert (env["MASTHEAD_OIDC_CLIENT_SECRET"] is None) == (name != "console"), name
        assert env["MASTHEAD_SECRET_KEY"] == SECRET_KEY, name


def test_servers_that_are_given_are_used_and_none_is_started(copy: Copy, settings: Settings, redis_url: str) -> None:
    given = {"DATABASE_URL": settings.owner_url(), "REDIS_URL": redis_url, "MASTHEAD_SECRET_KEY": SECRET_KEY}
    with copy.started("--embedded", **given):
        (console,) = copy.starts()
        assert console["DATABASE_URL"] is None
        assert console["DATABASE_URL_WEB"] == settings.program_url("web")
        assert console["REDIS_URL"] == redis_url
        assert not (copy.data / "pg").exists()


def test_without_options_nothing_is_brought_along(copy: Copy, settings: Settings, redis_url: str) -> None:
    given = {"DATABASE_URL_WEB": settings.program_url("web"), "REDIS_URL": redis_url, "MASTHEAD_SECRET_KEY": SECRET_KEY}
    with copy.started("--procfile", str(copy.procfile), **given) as process:
        (console,) = copy.starts()
        assert (console["DATABASE_URL"], console["DATABASE_URL_WEB"]) == (None, settings.program_url("web"))
        assert not copy.data.exists()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.mark.usefixtures("started_before")
def test_a_server_of_ours_that_can_not_start_says_why(copy: Copy) -> None:
    (copy.data / "pg" / "postgresql.conf").write_text("shared_buffers = nonsense\n")
    environment = {"PATH": os.environ["PATH"], "MASTHEAD_PORT": str(copy.port), "MASTHEAD_DATA": str(copy.data)}
    again = subprocess.run(
        copy.command("--embedded"), cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert again.returncode == 2
    assert again.stderr.splitlines()[-1].startswith("masthead: An embedded server ended: ")
    assert none_left(copy)
