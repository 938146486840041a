"""A new network is one folder in core/providers and one in sandbox, and not one line elsewhere."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.factories.publishing import FAST, as_environment
from tests.fixtures.programs import PROJECT, await_health, free_ports, program

TOWN = Path(__file__).parent / "town"
PARTS = ("core", "jobs", "migrations", "sandbox", "tests/factories", "tests/fixtures")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project as it is, with two folders more."""
    project = tmp_path / "project"
    for part in PARTS:
        shutil.copytree(PROJECT / part, project / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(TOWN / "provider", project / "core/providers/town")
    shutil.copytree(TOWN / "stand_in", project / "sandbox/town")
    shutil.copy(TOWN / "journey.py", project / "journey.py")
    return project


@pytest.mark.usefixtures("committed_database")
def test_two_folders_bring_a_network_from_its_consent_to_its_live_posts(
    copy: Path, tmp_path: Path, program_environment: dict[str, str]
) -> None:
    (port,) = free_ports(1)
    sandbox = f"http://127.0.0.1:{port}"
    command = [
        *(sys.executable, "-m", "sandbox", "--port", str(port), "--mail-port", "0", "--data", str(tmp_path / "world")),
        *("--console-url", "http://localhost:8501", "--ingest-url", "http://localhost:8502"),
    ]
    with program(command, tmp_path / "log", {**program_environment, "PYTHONPATH": str(copy)}, cwd=copy) as process:
        await_health(f"{sandbox}/_sandbox/health", process, tmp_path / "log")
        done = subprocess.run(
            [sys.executable, "journey.py"],
            cwd=copy,
            env={**program_environment, **as_environment(FAST), "SANDBOX_URL": sandbox, "PYTHONPATH": str(copy)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        live = httpx.get(f"{sandbox}/_sandbox/posts", timeout=10).json()
        assert httpx.get(f"{sandbox}/_sandbox/requests?kind=protocol", timeout=10).json() == []

    assert json.loads(done.stdout) == {
        "network": "Town Crier",
        "account": "Old Town Hall",
        "answered": "published",
        "lost": "published",
    }
    assert [(each["network"], each["text"]) for each in live] == [
        ("town", "Hear ye, the market opens."),
        ("town", "Hear ye, the market closes."),
    ]
