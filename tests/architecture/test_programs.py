"""The Procfile and the jobs: every queue has a worker of its own, and every name leads to something that exists."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from inspect import Parameter, signature
from pathlib import Path

import pytest

from core.cli.run import GRACES_S
from core.infra.programs import read_procfile
from core.queueing.names import QUEUE_OF, JobName, QueueName

PROGRAMS = {
    program.name: program.command[program.command.index("--") + 1 :]
    for program in read_procfile(Path(__file__).resolve().parents[2] / "Procfile", GRACES_S, "python")
}


def test_every_queue_has_a_worker_process_of_its_own() -> None:
    queues = [command[3:] for command in PROGRAMS.values() if command[2] == "jobs.worker"]
    assert sorted(queues) == sorted((queue.value,) for queue in QueueName)


def test_every_program_is_a_module_that_exists() -> None:
    assert {command[:2] for command in PROGRAMS.values()} == {("python", "-m")}
    assert [command[2] for command in PROGRAMS.values() if find_spec(command[2]) is None] == []


def test_a_program_with_its_own_time_to_finish_is_in_the_procfile() -> None:
    assert set(GRACES_S) <= set(PROGRAMS)


@pytest.mark.parametrize("job", JobName)
def test_every_job_is_a_function_that_needs_no_arguments(job: JobName) -> None:
    module, _, name = job.value.rpartition(".")
    function = getattr(import_module(module), name)
    required = [each for each in signature(function).parameters.values() if each.default is Parameter.empty]
    assert required == []
    assert job in QUEUE_OF
