"""The parts of `make check` that are ours find what they are there to find."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from core.infra.settings import Settings
from ops.check import links, repository, schema, secret_scan
from tests.fixtures.servers import Servers


@pytest.fixture
def migrated(servers: Servers, settings: Settings) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A superuser in a migrated database; what it changes is rolled back."""
    with psycopg.connect(servers.superuser_url, dbname=settings.owner_url().rpartition("/")[2]) as connection:
        yield connection
        connection.rollback()


def test_the_migrations_leave_no_table_without_its_wall(migrated: psycopg.Connection[tuple[object, ...]]) -> None:
    assert list(schema.tables_without_wall(migrated)) == []


POLICY = (
    "create policy p on masthead.note using (organization_id = masthead.ctx_organization())"
    " with check (organization_id = masthead.ctx_organization())"
)
WALL = [
    "alter table masthead.note enable row level security",
    "alter table masthead.note force row level security",
    POLICY,
]


@pytest.mark.parametrize(
    ("statements", "lacks"),
    [
        ([], "row-level security is off"),
        (WALL[:1] + WALL[2:], "it is not forced"),
        (WALL[:2], "no policy ties it to ctx_organization()"),
        ([*WALL[:2], "create policy p on masthead.note using (true)"], "no policy ties it"),
        ([*WALL[:2], POLICY.replace("with check (organization_id = masthead.ctx_organization())", "")], "no policy"),
        (
            [*WALL[:2], POLICY.replace("on masthead.note", "on masthead.note for select").partition(" with")[0]],
            "no policy",
        ),
        (WALL, "no index starts with organization_id"),
    ],
)
def test_a_table_with_a_hole_in_its_wall_is_found(
    migrated: psycopg.Connection[tuple[object, ...]], statements: list[str], lacks: str
) -> None:
    for statement in ["create table masthead.note(id uuid primary key, organization_id uuid not null)", *statements]:
        migrated.execute(statement)
    found = list(schema.tables_without_wall(migrated))
    assert len(found) == 1
    assert found[0].startswith("masthead.note: ")
    assert lacks in found[0]


def joined(*parts: str) -> str:
    """A secret's shape, put together here so that the scan of this file doesn't find it."""
    return "".join(parts)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (joined("-----BEGIN ", "RSA PRIVATE KEY-----\\n", "MIIEowIBAAKCAQ" * 4), "private key"),
        (joined("key = AKIA", "Q3EGRIWNB5HD2L7K"), "AWS key"),
        (joined("EAA", "Gm0PX4ZCpsBAHd7uYx3vJQ1nT8kLr5wOe2"), "Meta token"),
        (joined("client_sec", 'ret = "8Jw3vQz7LpX1nRk5Tb9Y"'), "assigned secret"),
        (joined("postgresql://owner:", "8Jw3vQz7LpX1@db.internal/x"), "password in an address"),
        (joined("see /ro", "ot/.cache/pip"), "path or package host of one machine"),
        (joined("pip install --extra-", "index-url x"), "path or package host of one machine"),
    ],
)
def test_a_secret_in_a_line_is_named_by_its_kind(line: str, kind: str) -> None:
    assert list(secret_scan.kinds(f"first line\n{line}\n")) == [(2, kind)]


@pytest.mark.parametrize(
    "line",
    [
        'client_secret = "a test secret of the sandbox"',
        'password: str = "{password}"',
        "postgresql://owner:secret@127.0.0.1:5432/masthead",
        "token = settings.access_token.get_secret_value()",
        "https://example.com/root/of/all",
    ],
)
def test_a_line_that_only_speaks_of_secrets_passes(line: str) -> None:
    assert list(secret_scan.kinds(line)) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "ROOT", tmp_path)
    (tmp_path / "there.md").write_text("# The *first* thing: `it`\n")
    document = tmp_path / "document.md"
    document.write_text(
        "[a](there.md) [b](there.md#the-first-thing-it) [c](#here) ![d](none.png) [e](there.md#no) `[f](code.md)`\n"
        "[g](https://example.com/unasked) <!-- -->\n\n## Here\n"
    )
    assert list(links.broken(document)) == [
        "document.md: none.png does not exist",
        "document.md: there.md#no is no heading there",
    ]


def test_the_scans_look_at_the_whole_repository() -> None:
    names = {str(path.relative_to(repository.ROOT)) for path in repository.files()}
    assert {"Makefile", "pyproject.toml", "core/infra/settings.py"} <= names
    assert not any(name.startswith((".venv/", ".data/")) for name in names)
