"""`masthead account release`, as the operator types it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from core.accounts import queries
from core.cli import stand_in
from tests.fixtures.programs import PROJECT, RunningSandbox
from tests.integration.accounts.conftest import MakePerson
from tests.integration.accounts.schedules import schedule_publication
from tests.integration.accounts.test_reconnecting import connect, named, revocations


@pytest.mark.usefixtures("committed_database")
def test_the_operator_releases_an_account_and_is_told_where_it_was(
    new_person: MakePerson, sandbox: RunningSandbox, program_environment: dict[str, str]
) -> None:
    maya, tomas = new_person(), new_person(facebook="p-tomas")
    (account_id,) = connect(maya, ["Harbor Museum"]).account_ids
    schedule_publication(maya.actor, account_id)
    museum = named(tomas, tomas.connect(), "Harbor Museum").provider_account_id
    environment = program_environment
    for group in stand_in.environments(sandbox.url):
        environment |= group
    before = revocations(sandbox)

    def masthead(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "core.cli", "account", *arguments],
            cwd=PROJECT,
            env=environment | {"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )

    done = masthead("release", "--network", "facebook", "--id", museum)
    again = masthead("release", "--network", "facebook", "--id", museum)
    unusable = masthead("release", "--network", "facebook")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"facebook account {museum} is released from organization {maya.actor.organization_id};"
        " 1 scheduled there are held.\nAnother organization can connect it now.\n"
    )
    assert queries.account(maya.actor, account_id).state_reason == "released by the operator"
    assert revocations(sandbox) == before + 1
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == f"masthead: No organization here has connected facebook account {museum}.\n"
    assert unusable.returncode == 2
    assert "--id" in unusable.stderr
