"""Processes that die, and the world they die in: a cut of `make chaos`; in memory all with `-m chaos`."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from core import providers
from core.infra import db, installation
from core.infra.settings import Settings
from tests.chaos.world import (
    Forge,
    World,
    fast_environment,
    only_masthead_prevents_a_second_post,
    provider_environment,
    running_ingest,
)
from tests.factories.publishing import use_owner
from tests.fixtures.programs import RunningSandbox, program
from tests.fixtures.servers import Servers

Start = Callable[..., subprocess.Popen[bytes]]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "chaos: the full set; minutes. Run by `pytest -m chaos`.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "chaos" in (config.option.markexpr or ""):
        return
    full = [item for item in items if item.get_closest_marker("chaos")]
    config.hook.pytest_deselected(items=full)
    items[:] = [item for item in items if item not in full]


@pytest.fixture
def network(
    sandbox: RunningSandbox,
    settings: Settings,
    committed_database: db.Database,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[RunningSandbox]:
    """The sandbox as the network of commands in this process too."""
    use_owner(settings.owner_url())
    for name, value in provider_environment(sandbox).items():
        monkeypatch.setenv(name, value)
    providers.providers.cache_clear()
    with only_masthead_prevents_a_second_post(sandbox):
        yield sandbox
    providers.providers.cache_clear()


@pytest.fixture
def world(network: RunningSandbox, settings: Settings, servers: Servers) -> Iterator[World]:
    """As `new_world`, on the servers of this run."""
    world = World(network, settings, fast_environment(network, settings), servers.superuser_url)
    yield world
    installation.use(None)
    world.worker.engine.dispose()


@pytest.fixture
def forge(world: World) -> Iterator[Forge]:
    """A process that makes sender processes."""
    with world.forge() as forge:
        yield forge


@pytest.fixture
def ingest(world: World, redis_url: str, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The program that gives images to networks that fetch them."""
    with running_ingest(world.environment, tmp_path / "ingest.log") as process:
        yield process


@pytest.fixture
def start(world: World, redis_url: str, tmp_path: Path) -> Iterator[Start]:
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
            return stack.enter_context(program(command, log, {**world.environment, **slower, **environment}))

        yield begin
