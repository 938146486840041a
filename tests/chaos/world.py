"""The world that processes die in: an installation, the sandbox as its networks, and the forge that makes senders."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from bench.installation import Installation, installation
from core import providers
from core.infra import db
from core.infra import installation as running_installation
from core.infra.settings import Settings
from tests.factories.publishing import FAST, as_environment, use_owner
from tests.fixtures.programs import (
    PROJECT,
    RunningSandbox,
    await_health,
    environment_for,
    program,
    running_sandbox,
)

_ENDS_WITHIN_S: Final = 60.0  # nothing is left to do, but the machine may be busy with other worlds


class Forge:
    """Gives orders to `tests.chaos.forge`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def order(self, do: str, **more: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@dataclass(frozen=True)
class World:
    """Where it happens. `environment`: what programs of ours run with, at 1/50 of all times."""

    sandbox: RunningSandbox
    settings: Settings
    environment: Mapping[str, str]
    superuser: str = ""

    def keeps_images_here(self) -> None:
        """Let this process keep images where the programs look for them; the factories of accounts forget it."""
        running_installation.use(self.settings)

    @cached_property
    def worker(self) -> db.Database:
        """Postgres as our workers see it, for what makes files ready."""
        return db.Database(db.make_engine(self.settings.program_url("worker"), pool_size=2))

    def forge(self) -> AbstractContextManager[Forge]:
        """A process that makes sender processes, for the length of a block."""
        return running_forge(self.environment)


@contextmanager
def running_forge(environment: Mapping[str, str]) -> Iterator[Forge]:
    """`python -m tests.chaos.forge` for the length of a block."""
    command = [sys.executable, "-m", "tests.chaos.forge"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    inherited = {**environment, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(command, cwd=PROJECT, env=inherited, text=True, **pipes) as process:
        yield Forge(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(_ENDS_WITHIN_S) == 0


# 1/50 of the providers' own times.
_FAST_PROVIDERS = {
    "PROVIDER_LINKEDIN_IMAGE_POLL_S": "0.1",
    "PROVIDER_LINKEDIN_POLL_FIRST_S": "0.1",
    "PROVIDER_META_POLL_FIRST_S": "0.1",
    "PROVIDER_META_REPEAT_AFTER_S": "121.5",  # of which two minutes lie before the attempt (`LOOK_BACK`)
}


def provider_environment(sandbox: RunningSandbox) -> dict[str, str]:
    """The providers' settings, with the sandbox as the networks and 1/50 of their own times."""
    return networks_environment(sandbox) | _FAST_PROVIDERS


def networks_environment(sandbox: RunningSandbox) -> dict[str, str]:
    """The providers' settings, with the sandbox as the networks."""
    apps = {each["provider"]: each for each in sandbox.get("/_sandbox/world")["apps"]}
    app, linkedin = apps["meta"], apps["linkedin"]
    return {
        "PROVIDER_LINKEDIN_API_URL": f"{sandbox.url}/api.linkedin.com",
        "PROVIDER_LINKEDIN_WWW_URL": f"{sandbox.url}/www.linkedin.com",
        "PROVIDER_LINKEDIN_UPLOAD_URL": f"{sandbox.url.replace('127.0.0.1', 'localhost')}/www.linkedin.com",
        "PROVIDER_LINKEDIN_CLIENT_ID": linkedin["client_id"],
        "PROVIDER_LINKEDIN_CLIENT_SECRET": linkedin["client_secret"],
        "PROVIDER_META_GRAPH_URL": f"{sandbox.url}/graph.facebook.com",
        "PROVIDER_META_VIDEO_URL": f"{sandbox.url}/graph-video.facebook.com",
        "PROVIDER_META_UPLOAD_URL": f"{sandbox.url}/rupload.facebook.com",
        "PROVIDER_META_DIALOG_URL": f"{sandbox.url}/www.facebook.com",
        "PROVIDER_META_CLIENT_ID": app["client_id"],
        "PROVIDER_META_CLIENT_SECRET": app["client_secret"],
    }


def fast_environment(sandbox: RunningSandbox, settings: Settings) -> dict[str, str]:
    """What a program of ours runs with at 1/50 of all times."""
    port = {"MASTHEAD_PORT": str(ingest_port(sandbox) - 1)}
    return environment_for(settings) | provider_environment(sandbox) | as_environment(FAST) | port


def ingest_port(sandbox: RunningSandbox) -> int:
    """Where the sandbox was told that our ingest listens."""
    return int(sandbox.ingest_url.rpartition(":")[2])


@contextmanager
def only_masthead_prevents_a_second_post(sandbox: RunningSandbox) -> Iterator[None]:
    """No faults to begin with, and no refusal of equal texts, which would hide a second post from us."""
    sandbox.delete("/_sandbox/faults")
    _refuse_equal_texts(sandbox, within_s=0)
    yield
    _refuse_equal_texts(sandbox, within_s=600)
    sandbox.delete("/_sandbox/faults")


@contextmanager
def running_ingest(environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The program that gives images to networks that fetch them."""
    with program([sys.executable, "-m", "ingest"], log, dict(environment)) as process:
        port = int(environment["MASTHEAD_PORT"]) + 1
        await_health(f"http://127.0.0.1:{port}/readyz", process, log)
        yield process


@contextmanager
def new_world(folder: Path) -> Iterator[World]:
    """An installation of its own in `folder`, with servers that keep what they commit, in which this process acts."""
    with ExitStack() as stack:
        sandbox_data = folder / "sandbox"
        sandbox_data.mkdir(parents=True)
        sandbox = stack.enter_context(running_sandbox(sandbox_data))
        networks = provider_environment(sandbox)
        os.environ.update(networks)
        providers.providers.cache_clear()
        installed: Installation = stack.enter_context(installation(folder))
        use_owner(installed.settings.owner_url())
        environment = fast_environment(sandbox, installed.settings)
        stack.enter_context(only_masthead_prevents_a_second_post(sandbox))
        sandbox.post("/_sandbox/options", {"provider": "meta", "options": {"video_processing_s": 0.2}})
        stack.enter_context(running_ingest(environment, folder / "ingest.log"))
        yield World(sandbox, installed.settings, environment, installed.addresses.superuser)


def _refuse_equal_texts(sandbox: RunningSandbox, within_s: int) -> None:
    for provider in ("meta", "linkedin"):
        sandbox.post("/_sandbox/options", {"provider": provider, "options": {"duplicate_window_s": within_s}})
