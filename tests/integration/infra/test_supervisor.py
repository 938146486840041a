"""The supervisor with real processes: restart, order, time to finish, and nothing left behind."""

from __future__ import annotations

import io
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.infra.programs import CanNotStart, Program, read_procfile, tied_to_parent
from core.infra.supervisor import StopRequested, Supervisor
from tests.fixtures.programs import PROJECT

pytestmark = pytest.mark.servers

# Each program notes what happens to it: "<name> started <pid>", "<name> ended".
OBEDIENT = (
    'trap \'echo "$0 ended" >> "$1"; exit 0\' TERM INT; echo "$0 started $$" >> "$1"; while :; do sleep 0.02; done'
)
STUBBORN = 'trap "" TERM INT; echo "$0 started $$" >> "$1"; while :; do sleep 0.02; done'
FRAGILE = 'echo "$0 started $$" >> "$1"; exit 7'
WITH_GRANDCHILD = 'sleep 60 & echo "$0 started $!" >> "$1"; while :; do sleep 0.02; done'


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes"


def shell(name: str, script: str, notes: Path, grace_s: float = 10) -> Program:
    return Program(name, tied_to_parent(["/bin/sh", "-c", script, name, str(notes)]), grace_s=grace_s)


def lines(notes: Path) -> list[str]:
    return notes.read_text().splitlines() if notes.exists() else []


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(condition: Callable[[], object], within_s: float = 5) -> bool:
    until = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def watch(supervisor: Supervisor, condition: Callable[[], object], within_s: float = 5) -> None:
    """Let the supervisor work until the condition holds."""
    assert supervisor.run_while(lambda: eventually(condition, within_s))


@contextmanager
def signals_after(*delays_and_numbers: tuple[float, signal.Signals]) -> Iterator[None]:
    """Send this process signals while the block runs, each so many seconds after its start."""
    timers = [threading.Timer(delay, os.kill, (os.getpid(), number)) for delay, number in delays_and_numbers]
    for timer in timers:
        timer.start()
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()
            timer.join()


def test_a_dead_program_is_back_within_5_seconds_and_again_later(notes: Path) -> None:
    out = io.StringIO()
    with Supervisor(out) as supervisor:
        supervisor.start(shell("web", FRAGILE, notes))
        began = time.monotonic()
        watch(supervisor, lambda: len(lines(notes)) >= 3)
        assert 1.4 < time.monotonic() - began < 3  # 0.5 s, then 1 s
        assert supervisor.exits_of("web") >= 2
    assert "ended (exit code 7); starts again in 0.5 s" in out.getvalue()
    assert "starts again in 1 s" in out.getvalue()


def test_a_program_killed_from_outside_is_started_again_and_its_leftovers_are_killed(notes: Path) -> None:
    with Supervisor(io.StringIO()) as supervisor:
        supervisor.start(shell("parent", WITH_GRANDCHILD, notes))
        watch(supervisor, lambda: lines(notes))
        grandchild = int(lines(notes)[0].split()[2])
        os.kill(supervisor.pids()["parent"], signal.SIGKILL)
        watch(supervisor, lambda: not alive(grandchild))
        watch(supervisor, lambda: len(lines(notes)) == 2)


def test_programs_end_in_the_reverse_order_of_their_start(notes: Path) -> None:
    with Supervisor(io.StringIO()) as supervisor:
        for name in ("servers", "sandbox", "programs"):
            supervisor.start(shell(name, OBEDIENT, notes))
        watch(supervisor, lambda: len(lines(notes)) == 3)
        notes.unlink()
    assert lines(notes) == ["programs ended", "sandbox ended", "servers ended"]


def test_ctrl_c_ends_the_run_quickly_when_all_obey(notes: Path) -> None:
    with Supervisor(io.StringIO()) as supervisor:
        supervisor.start(shell("a", OBEDIENT, notes), shell("b", OBEDIENT, notes))
        watch(supervisor, lambda: len(lines(notes)) == 2)
        with signals_after((0.1, signal.SIGINT)):
            supervisor.run()
        began = time.monotonic()
    assert time.monotonic() - began < 1
    assert sorted(lines(notes)[2:]) == ["a ended", "b ended"]


def test_a_program_has_its_own_time_to_finish_and_is_killed_only_then(notes: Path) -> None:
    out = io.StringIO()
    with Supervisor(out) as supervisor:
        supervisor.start(shell("stubborn", STUBBORN, notes, grace_s=0.6))
        watch(supervisor, lambda: lines(notes))
        pid = supervisor.pids()["stubborn"]
        began = time.monotonic()
    assert 0.5 < time.monotonic() - began < 3
    assert not alive(pid)
    assert "did not end in time and is killed" in out.getvalue()


def test_a_second_ctrl_c_shortens_the_wait_to_2_seconds(notes: Path) -> None:
    with Supervisor(io.StringIO()) as supervisor:
        supervisor.start(shell("sender", STUBBORN, notes, grace_s=45))
        watch(supervisor, lambda: lines(notes))
        pid = supervisor.pids()["sender"]
        began = time.monotonic()
        with signals_after((0.1, signal.SIGINT), (0.3, signal.SIGINT)):
            supervisor.run()
            supervisor.stop()
    assert 2 < time.monotonic() - began < 4
    assert not alive(pid)


def test_blocking_work_is_given_up_when_people_want_to_stop(notes: Path) -> None:
    with Supervisor(io.StringIO()) as supervisor, signals_after((0.1, signal.SIGTERM)), pytest.raises(StopRequested):
        supervisor.run_while(lambda: time.sleep(2))


def test_what_fails_in_blocking_work_is_raised_where_it_was_asked_for() -> None:
    with Supervisor(io.StringIO()) as supervisor, pytest.raises(ZeroDivisionError):
        supervisor.run_while(lambda: 1 // 0)


def test_kill_9_of_the_supervisor_leaves_no_program(notes: Path, tmp_path: Path) -> None:
    script = tmp_path / "supervise.py"
    script.write_text(
        "import sys\n"
        "from core.infra.programs import Program, tied_to_parent\n"
        "from core.infra.supervisor import Supervisor\n"
        "with Supervisor() as supervisor:\n"
        "    for name in ('a', 'b', 'c'):\n"
        "        command = ['/bin/sh', '-c', sys.argv[1], name, sys.argv[2]]\n"
        "        supervisor.start(Program(name, tied_to_parent(command)))\n"
        "    supervisor.run()\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(script), OBEDIENT, str(notes)], cwd=PROJECT, env={"PYTHONPATH": str(PROJECT)}
    )
    assert eventually(lambda: len(lines(notes)) == 3, within_s=10)
    pids = [int(line.split()[2]) for line in lines(notes)]
    process.kill()
    process.wait()
    assert eventually(lambda: not any(alive(pid) for pid in pids))


def test_a_program_that_can_not_be_started_is_named(tmp_path: Path) -> None:
    nowhere = Program("web", (str(tmp_path / "nothing"),))
    with Supervisor(io.StringIO()) as supervisor, pytest.raises(CanNotStart, match=r"web can't be started: .*No such"):
        supervisor.start(nowhere)


def test_json_lines_pass_unchanged_and_other_lines_become_json(notes: Path) -> None:
    out = io.StringIO()
    script = 'echo \'{"event": "as is", "n": 1}\'; echo plain words; printf "no end" >&2; sleep 60'
    with Supervisor(out) as supervisor:
        supervisor.start(shell("web", script, notes))
        watch(supervisor, lambda: "plain words" in out.getvalue())
    printed = out.getvalue().splitlines()
    assert printed[0] == '{"event": "as is", "n": 1}'
    assert [json.loads(line)["event"] for line in printed[:3]] == ["as is", "plain words", "no end"]
    assert json.loads(printed[1])["program"] == "web"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def said_to_a_person(notes: Path, *printed: str, is_server: bool = False) -> list[str]:
    """What a person reads of these lines of a program, without the time of day."""
    out = Terminal()
    script = "; ".join(f"printf '%s\\n' {shlex.quote(line)}" for line in printed) + f"; echo done > {notes}; sleep 60"
    with Supervisor(out) as supervisor:
        supervisor.start(Program("web", tied_to_parent(["/bin/sh", "-c", script]), is_server=is_server))
        watch(supervisor, notes.exists)
    return [line.split(maxsplit=1)[1] for line in out.getvalue().splitlines()]


def test_a_person_at_a_terminal_reads_short_lines(notes: Path) -> None:
    slow = json.dumps({"level": "WARNING", "event": "slow", "logger": "jobs.sender", "trace": "x"})
    failed = json.dumps({"level": "ERROR", "event": "uncaught", "exception": "Traceback\n  File\nValueError: no"})
    assert said_to_a_person(notes, slow, "plain", failed) == [
        "web            WARNING slow",
        "web            plain",
        "web            ERROR uncaught ValueError: no",
    ]


def test_a_person_is_spared_the_calm_lines_of_libraries_and_servers(notes: Path) -> None:
    ours = json.dumps({"level": "INFO", "event": "post published", "logger": "core.publishing.commands"})
    theirs = json.dumps({"level": "INFO", "event": "Job OK", "logger": "rq.worker"})
    assert said_to_a_person(notes, ours, theirs) == ["web            post published"]
    postgres = ["12:00 UTC [7] LOG:  ready to accept connections", "12:00 UTC [7] FATAL:  the database is starting up"]
    assert said_to_a_person(notes.with_name("more"), *postgres, is_server=True) == [
        "web            CRITICAL 12:00 UTC [7] FATAL:  the database is starting up"
    ]


def test_a_procfile_is_read_without_a_shell(tmp_path: Path) -> None:
    path = tmp_path / "Procfile"
    path.write_text(
        "# programs\nconsole: python -m console\n\nworker-publish: python -m jobs.worker 'two words' $HOME\n"
    )
    console, publish = read_procfile(path, {"worker-publish": 45}, "/venv/bin/python")
    assert console.command[-3:] == ("/venv/bin/python", "-m", "console")
    assert publish.command[-4:] == ("-m", "jobs.worker", "two words", "$HOME")
    assert (console.grace_s, publish.grace_s) == (10, 45)


def test_a_line_of_the_procfile_that_says_nothing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "Procfile"
    path.write_text("console: python -m console\njust words\n")
    with pytest.raises(CanNotStart, match="Procfile line 2 is not `name: command`"):
        read_procfile(path, {}, "python")
