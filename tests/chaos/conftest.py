"""Processes that die, and the world they die in. The full sets run with `pytest -m chaos`; a cut of them always."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from core import providers
from core.infra import db
from core.infra.settings import Settings
from tests.factories.publishing import FAST, as_environment, use_owner
from tests.fixtures.programs import PROJECT, RunningSandbox, await_health, program

Start = Callable[..., subprocess.Popen[bytes]]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "chaos: the full set; minutes. Run by `pytest -m chaos`.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "chaos" in (config.option.markexpr or ""):
        return
    full = [item for item in items if item.get_closest_marker("chaos")]
    config.hook.pytest_deselected(items=full)
    items[:] = [item for item in items if item not in full]


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

    def kill_at(self, label: str, do: str = "drain", **more: Any) -> None:
        """Run a process that must die at a point."""
        answer = self.order(do, crash_at=label, slots=1, **more)
        assert answer.get("ended_by") == 9, f"point {label} was not reached: {answer}"


@pytest.fixture
def provider_environment(sandbox: RunningSandbox) -> dict[str, str]:
    """The providers' settings, with the sandbox as the networks and 1/50 of their own times."""
    apps = {each["provider"]: each for each in sandbox.get("/_sandbox/world")["apps"]}
    app, linkedin = apps["meta"], apps["linkedin"]
    return {
        "PROVIDER_LINKEDIN_API_URL": f"{sandbox.url}/api.linkedin.com",
        "PROVIDER_LINKEDIN_WWW_URL": f"{sandbox.url}/www.linkedin.com",
        "PROVIDER_LINKEDIN_UPLOAD_URL": f"{sandbox.url.replace('127.0.0.1', 'localhost')}/www.linkedin.com",
        "PROVIDER_LINKEDIN_CLIENT_ID": linkedin["client_id"],
        "PROVIDER_LINKEDIN_CLIENT_SECRET": linkedin["client_secret"],
        "PROVIDER_LINKEDIN_IMAGE_POLL_S": "0.1",
        "PROVIDER_META_POLL_FIRST_S": "0.1",
        "PROVIDER_META_REPEAT_AFTER_S": "121.5",  # of which two minutes lie before the attempt (`LOOK_BACK`)
        "PROVIDER_META_GRAPH_URL": f"{sandbox.url}/graph.facebook.com",
        "PROVIDER_META_DIALOG_URL": f"{sandbox.url}/www.facebook.com",
        "PROVIDER_META_CLIENT_ID": app["client_id"],
        "PROVIDER_META_CLIENT_SECRET": app["client_secret"],
    }


@pytest.fixture
def fast_environment(
    sandbox: RunningSandbox, program_environment: dict[str, str], provider_environment: dict[str, str]
) -> dict[str, str]:
    """What a program of ours runs with at 1/50 of all times."""
    port = {"MASTHEAD_PORT": str(int(sandbox.ingest_url.rpartition(":")[2]) - 1)}
    return program_environment | provider_environment | as_environment(FAST) | port


@pytest.fixture
def network(
    sandbox: RunningSandbox,
    provider_environment: dict[str, str],
    settings: Settings,
    committed_database: db.Database,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[RunningSandbox]:
    """The sandbox as the network of commands in this process too."""
    use_owner(settings.owner_url())
    for name, value in provider_environment.items():
        monkeypatch.setenv(name, value)
    providers.providers.cache_clear()
    sandbox.delete("/_sandbox/faults")
    # Facebook's refusal of equal texts would hide a second post from us; here nothing but Masthead may prevent one.
    _refuse_equal_texts(sandbox, within_s=0)
    yield sandbox
    _refuse_equal_texts(sandbox, within_s=600)
    providers.providers.cache_clear()
    sandbox.delete("/_sandbox/faults")


@pytest.fixture
def forge(fast_environment: dict[str, str], network: RunningSandbox) -> Iterator[Forge]:
    """A process that makes sender processes."""
    command = [sys.executable, "-m", "tests.chaos.forge"]
    environment = fast_environment | {"PYTHONPATH": str(PROJECT)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=PROJECT, env=environment, text=True, **pipes) as process:
        yield Forge(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.fixture
def ingest(fast_environment: dict[str, str], redis_url: str, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The program that gives images to networks that fetch them."""
    log = tmp_path / "ingest.log"
    with program([sys.executable, "-m", "ingest"], log, fast_environment) as process:
        await_health(f"http://127.0.0.1:{int(fast_environment['MASTHEAD_PORT']) + 1}/readyz", process, log)
        yield process


@pytest.fixture
def start(fast_environment: dict[str, str], redis_url: str, tmp_path: Path) -> Iterator[Start]:
    """Start a program of ours; all end with the test."""
    with ExitStack() as stack:

        def begin(*arguments: str, **environment: str) -> subprocess.Popen[bytes]:
            log = tmp_path / f"{'-'.join(arguments)}-{time.monotonic_ns()}.log"
            command = [sys.executable, "-m", *arguments]
            # Real programs on two busy cores: more time per step than the harness's, still a tenth of real life.
            slower = {
                "MASTHEAD_PUBLISH_SEND_WITHIN_S": "1",
                "MASTHEAD_PUBLISH_READ_TIMEOUT_S": "2",
                "MASTHEAD_PUBLISH_CONNECT_TIMEOUT_S": "1",
                "MASTHEAD_PUBLISH_LEASE_QUEUED_S": "3",
                "MASTHEAD_PUBLISH_LEASE_CLAIMED_S": "5",
                "MASTHEAD_PUBLISH_LEASE_SENDING_S": "5",
                "MASTHEAD_PUBLISH_TICK_S": "0.2",
                "MASTHEAD_PUBLISH_DRAIN_BUDGET_S": "5",
                "MASTHEAD_PUBLISH_IN_FLIGHT": "4",
            }
            return stack.enter_context(program(command, log, {**fast_environment, **slower, **environment}))

        yield begin


def _refuse_equal_texts(sandbox: RunningSandbox, within_s: int) -> None:
    for provider in ("meta", "linkedin"):
        sandbox.post("/_sandbox/options", {"provider": provider, "options": {"duplicate_window_s": within_s}})
