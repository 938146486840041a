"""Who serves pages to a measurement: the whole product, or a Streamlit application with nothing in it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.programs import PYTHON, await_answer, free_ports, program

HEALTH: Final = "/_stcore/health"
# A first start makes the demo, which takes far longer than what is measured.
_ANSWERS_WITHIN_S: Final = 180.0


@dataclass(frozen=True, slots=True)
class Served:
    """A running server of pages."""

    process: subprocess.Popen[bytes]
    log: Path
    port: int

    @property
    def url(self) -> str:
        """Its address as people open it."""
        return f"http://localhost:{self.port}"

    def await_answer(self, path: str = HEALTH, *, beside: int = 0) -> None:
        """Return as soon as it answers there; `beside` is the distance of one of its other ports."""
        await_answer(self.process, self.log, self.port + beside, path, _ANSWERS_WITHIN_S)


@contextmanager
def product(folder: Path, port: int | None = None) -> Iterator[Served]:
    """`masthead run --embedded --with-sandbox` on the data folder inside `folder`; a new one gets the demo."""
    port = port or free_ports(3)
    log = folder / "masthead.log"
    command = [PYTHON, "-m", "core.cli", "run", "--embedded", "--with-sandbox"]
    settings = {"MASTHEAD_DATA": str(folder / "data"), "MASTHEAD_PORT": str(port)}
    with program(command, log, environment=settings) as process:
        yield Served(process, log, port)


@contextmanager
def bare(folder: Path, port: int | None = None, *, with_servers: bool = False) -> Iterator[Served]:
    """`python -m bench.bare`; with Postgres and Valkey of its own when asked for."""
    port = port or free_ports(1)
    log = folder / "bare.log"
    command = [PYTHON, "-m", "bench.bare", "--port", str(port)]
    if with_servers:
        command += ["--servers", str(folder / "bare")]
    # Away from the checkout, whose .streamlit/config.toml would bring our theme and fonts.
    with program(command, log, cwd=folder) as process:
        yield Served(process, log, port)
