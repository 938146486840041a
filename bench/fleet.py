"""The programs that send, as the Procfile starts them: a dispatcher that watches the clock, and sender processes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Final

from bench.installation import Installation
from bench.programs import PYTHON, CanNotMeasure, last_words, program
from core.queueing.connection import for_hints
from core.queueing.enqueue import queue_of, workers_on
from core.queueing.names import QueueName

_READY_WITHIN_S: Final = 60.0
_LOOK_AGAIN_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Fleet:
    """Running programs. `logs` are the senders', in their order."""

    dispatcher: int | None
    senders: Sequence[int]
    logs: Sequence[Path]

    def senders_that_said(self, words: str) -> int:
        """How many senders have written such a line."""
        return sum(words.encode() in log.read_bytes() for log in self.logs)


@contextmanager
def fleet(
    installed: Installation,
    folder: Path,
    *,
    senders: int,
    slots: int,
    dispatcher: bool = True,
    times: Mapping[str, str] | None = None,
) -> Iterator[Fleet]:
    """A dispatcher and so many senders with so many slots each, up and listening, for the length of a block.

    `times`: further settings, most of them MASTHEAD_PUBLISH_.
    """
    environment = {**installed.environment, "MASTHEAD_PUBLISH_IN_FLIGHT": str(slots), **(times or {})}
    with ExitStack() as stack:
        logs = [folder / f"sender-{number}.log" for number in range(senders)]
        working = [
            stack.enter_context(program([PYTHON, "-m", "jobs.worker", QueueName.PUBLISH], log, environment=environment))
            for log in logs
        ]
        _await_listening(installed, working, logs)
        watching = (
            stack.enter_context(
                program([PYTHON, "-m", "jobs.dispatcher"], folder / "dispatcher.log", environment=environment)
            )
            if dispatcher
            else None
        )
        yield Fleet(watching.pid if watching else None, [each.pid for each in working], logs)


def _await_listening(installed: Installation, working: Sequence[Popen[bytes]], logs: Sequence[Path]) -> None:
    """Return when every sender says in the queue's server that it listens."""
    with for_hints(installed.settings.queue_url()) as connection:
        queue = queue_of(connection, QueueName.PUBLISH)
        until = time.monotonic() + _READY_WITHIN_S
        while workers_on(connection, queue) < len(working):
            ended = next((log for each, log in zip(working, logs, strict=True) if each.poll() is not None), None)
            if ended is not None or time.monotonic() > until:
                raise CanNotMeasure(f"a sender did not come up; it said last:\n{last_words(ended or logs[0])}")
            time.sleep(_LOOK_AGAIN_S)
