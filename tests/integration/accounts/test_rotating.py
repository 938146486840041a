"""Rotating the key that wraps tokens: each stays readable, a run can be stopped, and it says what it can't do."""

from __future__ import annotations

import base64
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select, text

from core import cli
from core.accounts import store
from core.accounts.access import access_for
from core.accounts.commands import keys_in_use, rotate_keys
from core.accounts.model import Credential
from core.audit.queries import history
from core.infra import crypto, db
from core.infra.actor import Actor, Role
from core.infra.settings import Settings
from core.provider_kit.errors import ReconnectNeeded
from tests.factories.accounts import MadeAccount, make_account, use_test_keys
from tests.factories.organizations import make_actor
from tests.fixtures.programs import PROJECT
from tests.fixtures.servers import SECRET_KEY

NEW_KEY = base64.b64encode(b"n" * 32).decode()


@pytest.fixture
def stored(committed_database: db.Database) -> Iterator[dict[Actor, list[MadeAccount]]]:
    """Three accounts in each of two organizations, wrapped by the old key."""
    actors = [make_actor(role=Role.ADMIN), make_actor(role=Role.ADMIN)]
    yield {actor: [make_account(actor, token=f"EAAtoken{number}") for number in range(3)] for actor in actors}
    use_test_keys()


def with_new_key() -> None:
    crypto.use(Settings(MASTHEAD_SECRET_KEY=SECRET_KEY, MASTHEAD_CREDENTIAL_KEYS=f"new:{NEW_KEY}"))


def tokens(actor: Actor, accounts: list[MadeAccount]) -> list[str]:
    with db.transaction(actor) as session:
        return [access_for(session, each.id, "c").token.get_secret_value() for each in accounts]


def test_every_token_is_wrapped_anew_and_reads_as_before(
    stored: dict[Actor, list[MadeAccount]], worker_database: db.Database
) -> None:
    before = {actor: tokens(actor, accounts) for actor, accounts in stored.items()}
    with_new_key()
    web = db.current()
    db.use(worker_database)
    old = keys_in_use()["derived-1"]

    progress = list(rotate_keys(batch=4))

    assert keys_in_use() == {"new": old}
    assert (progress[-1].wrapped, progress[-1].unreadable) == (old, 0)
    assert max(b.wrapped - a.wrapped for a, b in itertools.pairwise(progress)) <= 4
    db.use(web)
    assert {actor: tokens(actor, accounts) for actor, accounts in stored.items()} == before
    for actor in stored:
        assert {line.action for line in history(actor, "key", "new")} == {"credentials.rewrap"}


def test_a_stopped_run_keeps_what_it_did_and_the_next_goes_on(
    stored: dict[Actor, list[MadeAccount]], worker_database: db.Database
) -> None:
    with_new_key()
    db.use(worker_database)
    whole = sum(keys_in_use().values())

    next(rotate_keys(batch=2))

    assert keys_in_use()["new"] == 2
    assert list(rotate_keys(batch=100))[-1].wrapped == whole - 2
    assert keys_in_use() == {"new": whole}
    assert list(rotate_keys()) == []


def test_a_token_that_was_tampered_with_is_left_and_counted_and_stops_nobody(
    stored: dict[Actor, list[MadeAccount]], worker_database: db.Database
) -> None:
    actor, (first, second, _) = next(iter(stored.items()))
    with db.transaction(actor) as session:
        rows = {row.account_id: row for row in session.scalars(select(Credential))}
        rows[first.id].wrapped_key, rows[second.id].wrapped_key = (
            rows[second.id].wrapped_key,
            rows[first.id].wrapped_key,
        )
    with_new_key()
    web = db.current()
    db.use(worker_database)
    whole = sum(keys_in_use().values())

    progress = list(rotate_keys(batch=1))

    assert (progress[-1].wrapped, progress[-1].unreadable) == (whole - 2, 2)
    db.use(web)
    with pytest.raises(ReconnectNeeded):
        tokens(actor, [first])


def test_what_changed_meanwhile_is_not_overwritten(
    stored: dict[Actor, list[MadeAccount]], worker_database: db.Database
) -> None:
    with_new_key()
    db.use(worker_database)
    one, other = rotate_keys(batch=2), rotate_keys(batch=2)
    done = [next(one), next(other), *one, *other]
    assert {each.unreadable for each in done} == {0}
    assert keys_in_use().keys() == {"new"}


def test_a_run_that_loses_postgres_ends_in_words_and_the_next_goes_on(
    stored: dict[Actor, list[MadeAccount]],
    program_environment: dict[str, str],
    worker_database: db.Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in (program_environment | {"MASTHEAD_CREDENTIAL_KEYS": f"new:{NEW_KEY}"}).items():
        monkeypatch.setenv(name, value)
    really, tried = store.change_wrap, []

    def away(session: db.OrganizationSession, *rest: Any) -> bool:
        tried.append(rest)
        if len(tried) == 4:
            session.execute(text("select pg_terminate_backend(pg_backend_pid())"))
        return really(session, *rest)

    monkeypatch.setattr(store, "change_wrap", away)
    assert cli.main(["keys", "rotate", "--batch", "2"]) == 1
    said = capsys.readouterr()
    assert "2 of " in said.out
    assert said.err.startswith("Stopped: terminating connection")
    assert said.err.endswith("What is wrapped stays wrapped; run it again to go on.\n")
    assert cli.main(["keys", "rotate"]) == 0
    with_new_key()
    db.use(worker_database)
    assert keys_in_use().keys() == {"new"}


def test_the_operator_sees_progress_and_which_key_can_go(
    stored: dict[Actor, list[MadeAccount]], program_environment: dict[str, str]
) -> None:
    environment = program_environment | {
        "PATH": os.environ["PATH"],
        "MASTHEAD_SECRET_KEY": SECRET_KEY,
        "MASTHEAD_CREDENTIAL_KEYS": f"new:{NEW_KEY}",
    }

    def masthead(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "core.cli", "keys", *arguments],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    before, run, after = masthead("status"), masthead("rotate", "--batch", "4"), masthead("status")

    assert "still needed: run `masthead keys rotate`" in before.stdout
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.splitlines()[0].endswith("stored tokens to wrap by key new.")
    assert "4 of " in run.stdout
    assert "no longer needed" in after.stdout
    assert NEW_KEY not in before.stdout + run.stdout + after.stdout
