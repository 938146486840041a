"""Who serves pages to a measurement: the whole product, or a Streamlit application with nothing in it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.programs import PYTHON, CanNotMeasure, await_answer, free_ports, last_words, program

ADDRESS: Final = "Masthead runs"  # how the product begins the line with its address, when all programs are up
_HEALTH: Final = "/_stcore/health"
# A first start makes the demo, which takes far longer than what is measured.
_READY_WITHIN_S: Final = 180.0


@dataclass(frozen=True, slots=True)
class Served:
    """A running server of pages. `log` holds what it says, from the byte `said_before` on."""

    process: subprocess.Popen[bytes]
    log: Path
    port: int
    said_before: int = 0

    @property
    def url(self) -> str:
        """Its address as people open it."""
        return f"http://localhost:{self.port}"

    def await_answer(self) -> None:
        """Return as soon as pages can be asked for."""
        await_answer(self.process, self.log, self.port, _HEALTH, _READY_WITHIN_S)

    def await_words(self, words: str) -> None:
        """Return when it has said so. Raises CanNotMeasure."""
        until = time.monotonic() + _READY_WITHIN_S
        while words.encode() not in self.log.read_bytes()[self.said_before :]:
            if self.process.poll() is not None or time.monotonic() > until:
                raise CanNotMeasure(f"{self.log.stem} never said {words!r}; it said last:\n{last_words(self.log)}")
            time.sleep(0.1)


@contextmanager
def product(folder: Path, port: int | None = None) -> Iterator[Served]:
    """`masthead run --embedded --with-sandbox` on the data folder inside `folder`; a new one gets the demo."""
    port = port or free_ports(4)
    log = folder / "masthead.log"
    said_before = log.stat().st_size if log.exists() else 0
    command = [PYTHON, "-m", "core.cli", "run", "--embedded", "--with-sandbox"]
    settings = {"MASTHEAD_DATA": str(folder / "data"), "MASTHEAD_PORT": str(port)}
    with program(command, log, environment=settings) as process:
        yield Served(process, log, port, said_before)


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
