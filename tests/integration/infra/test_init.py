"""`masthead init`: an organization, and the way in for its first admin."""

from __future__ import annotations

import re

import pytest

from core import cli
from core.infra import db
from core.infra.settings import Settings
from tests.fixtures.servers import SECRET_KEY


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, settings: Settings, committed_database: db.Database) -> None:
    monkeypatch.setenv("MASTHEAD_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("DATABASE_URL", settings.owner_url())
    monkeypatch.setenv("MASTHEAD_CONSOLE_URL", "https://posts.example.com/")


@pytest.mark.usefixtures("environment")
def test_the_first_admin_gets_a_single_use_address(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["init", "--name", "Northwind", "--email", "maya@northwind.example", "--zone", "Europe/Berlin"]
    assert cli.main(given) == 0
    said = capsys.readouterr().out
    assert said.startswith("Northwind is ready.")
    assert re.search(r"\n  https://posts\.example\.com/\S{20,}\n$", said)


@pytest.mark.usefixtures("environment")
def test_an_address_that_is_none_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["init", "--name", "Northwind", "--email", "not an address"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("masthead: ")
    assert said.count("\n") == 1
