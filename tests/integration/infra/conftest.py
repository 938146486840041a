"""What servers of one's own begin with."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.infra.embedded import running
from core.infra.migrate import migrate
from core.infra.settings import Settings
from tests.fixtures.servers import FAST, SECRET_KEY

Begin = Callable[[Path], None]


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Begin:
    """Make a data folder as a first start leaves it, without its ports: a copy takes a tenth of what a start takes."""
    first = tmp_path_factory.mktemp("begun") / "data"
    with running(first, FAST) as addresses:
        migrate(Settings(MASTHEAD_SECRET_KEY=SECRET_KEY, DATABASE_URL=addresses.owner))
    (first / "ports.json").unlink()

    def begin(folder: Path) -> None:
        shutil.copytree(first, folder, dirs_exist_ok=True)

    return begin
