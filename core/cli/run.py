"""Run all programs of the Procfile until Ctrl-C.

`make run` is `masthead run --embedded --with-sandbox`: it brings everything that isn't there. In production give
neither; migrate first, and set what `masthead doctor` names.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Final, TextIO, cast

from core import providers
from core.cli import handed, stand_in, welcome
from core.infra import data_folder, logs
from core.infra.child_output import ChildOutput, OwnLines
from core.infra.embedded import EmbeddedServers
from core.infra.migrate import migrate
from core.infra.programs import CanNotStart, Program, read_procfile, tied_to_parent
from core.infra.reachable import port_is_free, program_answers, queue_server
from core.infra.settings import Settings, SettingsInvalid, adopt_whole, is_set
from core.infra.settings import data_folder as folder_setting
from core.infra.supervisor import StopRequested, Supervisor
from core.publishing.times import refuse_incoherent

# The one place that knows the demo by name: it is loaded only here, and core.cli must not need it to be imported.
DEMO: Final = "core.demo"
GRACES_S: Final = {"worker-publish": 45.0}  # a send in flight is finished, else its outcome is unknown
HEALTHY_WITHIN_S: Final = 90.0
_TOO_MANY_EXITS: Final = 3
_ALIVE_FOR_S: Final = 2.0  # a program without an address counts as started when it has run this long
_PYTHON: Final = sys.executable


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "--embedded",
        action="store_true",
        help="start PostgreSQL and Valkey unless DATABASE_URL and REDIS_URL are set, make a secret key, migrate",
    )
    parser.add_argument(
        "--with-sandbox", action="store_true", help="start the stand-in networks, use them, and load the demo"
    )
    parser.add_argument("--procfile", type=Path, default=_procfile(), help="which programs to run")
    parser.set_defaults(command=command)


def command(given: argparse.Namespace) -> int:
    """Start everything in order, say where it is, and keep it running."""
    started_at = time.monotonic()
    if given.embedded:
        _bring_secret_key()
    settings = Settings.load()
    # A program that refuses to start is started again and again, and the others would run without it.
    refuse_incoherent(settings.publish)
    providers.providers()
    _refuse_taken_ports(settings, given.with_sandbox)
    programs = read_procfile(given.procfile, GRACES_S, _PYTHON)
    with ExitStack() as afterwards, Supervisor() as supervisor:
        say = ChildOutput("masthead", supervisor.out).say
        try:
            servers = _own_servers(afterwards) if given.embedded else None  # first of all: it locks the folder
            if given.with_sandbox:
                supervisor.start(_sandbox(settings))
            if servers is not None:
                say("starting the servers")
                _bring_servers(supervisor, servers)
            settings = Settings.load()
            supervisor.run_while(lambda: queue_server(settings))
            if given.embedded:
                say("bringing the database to the newest schema")
                supervisor.run_while(lambda: migrate(settings))
            introduction: Sequence[str] = ()
            if given.with_sandbox:
                say("loading the demo, unless it is there")
                introduction = _point_at_sandbox_and_load_demo(supervisor, settings)
            settings = Settings.load()  # with the sandbox's addresses, should there be any now
            programs = [replace(each, environment=handed.environment_of(each.name, settings)) for each in programs]
            say("starting the programs")
            checks = health_checks(settings)
            # People wait for what has an address; the others would only take the processors from it.
            for together in ([p for p in programs if p.name in checks], [p for p in programs if p.name not in checks]):
                supervisor.start(*together)
                _await_health(supervisor, {program.name: checks.get(program.name, []) for program in together})
            print(welcome.words(settings, introduction, time.monotonic() - started_at), flush=True)
            supervisor.run()
        except StopRequested:
            pass
        print("\nStopping; what is being sent is finished first. Press Ctrl-C again to hurry.", flush=True)
    return 0


def health_checks(settings: Settings) -> dict[str, list[tuple[int, str]]]:
    """Program -> ports and paths that must answer before it counts as started."""
    return {
        "console": [(settings.port, "/_stcore/health"), (settings.port, "/readyz")],
        "ingest": [(settings.port + 1, "/readyz")],
    }


def _bring_secret_key() -> None:
    folder = folder_setting()
    data_folder.make(folder)
    with data_folder.in_words(folder):
        adopt_whole({"MASTHEAD_SECRET_KEY": data_folder.kept_secret(folder / "secret-key")})


def _refuse_taken_ports(settings: Settings, with_sandbox: bool) -> None:
    for port in range(settings.port, settings.port + (4 if with_sandbox else 2)):
        if not port_is_free(port):
            raise CanNotStart(
                f"MASTHEAD_PORT ({settings.port}): port {port} is taken by another program. "
                "End that program, or set MASTHEAD_PORT and, for a second copy, MASTHEAD_DATA."
            )


def _sandbox(settings: Settings) -> Program:
    data = settings.data.absolute()
    command = [
        *(_PYTHON, "-m", "sandbox", "--port", str(settings.port + 2), "--mail-port", str(settings.port + 3)),
        *("--data", str(data)),
        *("--console-url", settings.console_url, "--ingest-url", settings.ingest_url),
    ]
    return Program(name="sandbox", command=tied_to_parent(command), environment=handed.environment_of_sandbox())


def _own_servers(afterwards: ExitStack) -> EmbeddedServers | None:
    """Masthead's own servers with their folder locked, unless others are named."""
    given = [name for name in ("DATABASE_URL", "REDIS_URL") if is_set(name)]
    if len(given) == 1:
        raise SettingsInvalid(
            f"{given[0]} is set alone. Set DATABASE_URL and REDIS_URL, or neither to use Masthead's own."
        )
    if given:
        return None
    servers = EmbeddedServers(folder_setting())
    afterwards.callback(servers.release)
    return servers


def _bring_servers(supervisor: Supervisor, servers: EmbeddedServers) -> None:
    supervisor.start(*servers.programs)

    def ended() -> str | None:
        dead = [program.name for program in servers.programs if supervisor.exits_of(program.name)]
        return supervisor.last_lines_of(dead[0]) if dead else None

    def become_ready() -> None:
        servers.wait_until_ready(ended)
        servers.make_owner()

    supervisor.run_while(become_ready)
    adopt_whole({"DATABASE_URL": servers.addresses.owner, "REDIS_URL": servers.addresses.valkey})


def _point_at_sandbox_and_load_demo(supervisor: Supervisor, settings: Settings) -> Sequence[str]:
    port = settings.port + 2
    _await_health(supervisor, {"sandbox": [(port, "/_sandbox/health")]})
    for group in supervisor.run_while(lambda: stand_in.environments(f"http://localhost:{port}")):
        adopt_whole(group)
    settings = Settings.load()
    lines = cast("TextIO", OwnLines("masthead", supervisor.out))
    # The demo's posts go out and fail on purpose: of its lines only what nobody expects is worth reading.
    logs.configure("masthead", "ERROR", secrets=settings.concealed(), stream=lines)
    demo = import_module(DEMO)
    introduction: Sequence[str] = supervisor.run_while(lambda: demo.load(settings))
    return introduction


def _await_health(supervisor: Supervisor, checks: dict[str, list[tuple[int, str]]]) -> None:
    """Return when every program is healthy. One that keeps ending, or stays silent too long, ends the start."""
    until = time.monotonic() + HEALTHY_WITHIN_S

    def wait() -> None:
        waiting = dict(checks)
        while waiting:
            for name in checks:
                if supervisor.exits_of(name) >= _TOO_MANY_EXITS:
                    last = supervisor.last_lines_of(name).rpartition("\n")[2]
                    raise CanNotStart(f"{name} ended {_TOO_MANY_EXITS} times. Its last words: {last:.120}")
            waiting = {name: asked for name, asked in waiting.items() if not _is_healthy(supervisor, name, asked)}
            if time.monotonic() > until:
                names = ", ".join(waiting)
                raise CanNotStart(
                    f"{names:.80} did not become ready within {HEALTHY_WITHIN_S:.0f} s. See the log above."
                )
            time.sleep(0.05)

    supervisor.run_while(wait)


def _is_healthy(supervisor: Supervisor, name: str, addresses: list[tuple[int, str]]) -> bool:
    if addresses:
        return all(program_answers(port, path) for port, path in addresses)
    since = supervisor.runs_since(name)
    return since is not None and time.monotonic() - since > _ALIVE_FOR_S


def _procfile() -> Path:
    """The checkout's, or where there is none the copy inside the installed package."""
    here = Path("Procfile")
    return here if here.exists() else Path(__file__).with_name("Procfile")
