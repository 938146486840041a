"""Who may speak to Postgres outside an organization, or past `core.infra.db`, by name; everybody else can't."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PROGRAMS = ("console", "core", "ingest", "jobs")

# Outside any organization: each with what it does there. Rows of an organization show themselves to none of them.
FREE = {
    "core/infra/db.py": "makes the transactions; asks who it logged in as, and which revision the schema has",
    "core/cli/findings.py": "the doctor, who asks which database each role is in",
    "core/organizations/queries.py": "who a sign-in is, before any organization is known",
    "core/organizations/signing_in.py": "people and sign-ins, which belong to no organization",
    "core/organizations/joining.py": "which organization an invitation's token belongs to",
    "core/accounts/diagnosing.py": "definer functions that return ids",
    "core/accounts/disconnecting.py": "definer functions that return ids",
    "core/accounts/giving_back.py": "definer functions that return ids",
    "core/accounts/rotating.py": "definer functions that return ids",
    "core/accounts/tending.py": "definer functions that return ids",
    "core/media/commands.py": "definer functions that return ids",
    "core/media/preparing.py": "definer functions that return ids",
    "core/media/sweeping.py": "definer functions that return ids",
    "core/notices/forgetting.py": "definer functions that return ids",
    "core/notices/outbox.py": "definer functions that return ids",
    "core/notices/raising.py": "definer functions that return ids",
    "core/notices/sending.py": "definer functions that return ids",
    "core/posts/preflight.py": "definer functions that return ids",
    "core/publishing/claiming.py": "definer functions that return ids",
    "core/publishing/links.py": "definer functions that return ids",
    "core/publishing/live_sending.py": "definer functions that return ids",
    "core/publishing/pulse.py": "when tickers looked, and a definer function that gives one duration",
    "core/publishing/restoring.py": "when tickers looked last",
    "core/publishing/unholding.py": "what holds whole networks",
    "core/publishing/sweeping.py": "definer functions that return ids",
    "core/throttle/breaking.py": "breakers, which belong to no organization",
    "core/throttle/calls.py": "budgets of apps and counts for breakers, which belong to no organization",
}
# Engines and connections of their own: none of them reads a row of an organization by itself.
OWN_CONNECTIONS = {
    "core/infra/db.py": "makes the programs' engines",
    "core/infra/embedded.py": "makes database and owner in the server it started",
    "core/infra/migrate.py": "migrates, as the owner",
    "core/cli/findings.py": "the doctor, who logs in as each role to say what is wrong",
    "core/demo/programs.py": "the demo loader, which stands in for all programs and lets time pass as the owner",
    "core/infra/answering.py": "readiness, which must not wait for the pool",
    "core/media/fetching.py": "connections to the web, none to Postgres",
    "jobs/dispatcher.py": "listens; what it hears says only that there is something to look at",
}
# What row-level security and the triggers read. Only `masthead.enter` sets the organization.
SETTINGS = {
    "core/organizations/store.py": {"app.person_id"},
    "core/posts/store.py": {"app.why"},
    "core/publishing/store.py": {"app.why"},
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for program in PROGRAMS:
        for path in sorted((PROJECT / program).rglob("*.py")):
            if "tests" not in path.parts:
                yield str(path.relative_to(PROJECT)), ast.parse(path.read_text(encoding="utf-8"))


def names_in(tree: ast.Module) -> set[str]:
    """Every name, attribute, imported name and keyword of a module."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                found.add(name)
            case ast.ImportFrom(names=imported) | ast.Import(names=imported):
                found |= {part for each in imported for part in (each.name, each.asname) if part}
            case ast.Constant(value=str(text)):
                found.add(text)
    return found


def sql_in(tree: ast.Module) -> str:
    """Every string of a module but its docstrings."""
    docs = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
    }
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and node not in docs)
    return "\n".join(str(node.value) for node in strings if isinstance(node.value, str))


def test_only_listed_modules_leave_the_organization() -> None:
    found = {path for path, tree in modules() if names_in(tree) & {"free_transaction", "organization_free"}}
    assert found == FREE.keys()


def test_only_listed_modules_make_connections_of_their_own() -> None:
    ways = {"create_engine", "make_engine", "create_async_engine", "raw_connection", "ConnectionPool"}
    found = set()
    for path, tree in modules():
        named = names_in(tree)
        if named & ways or {"psycopg", "connect"} <= named:
            found.add(path)
    assert found == OWN_CONNECTIONS.keys()


def test_only_the_database_sets_the_organization() -> None:
    for path, tree in modules():
        sql = sql_in(tree)
        told = {
            name
            for name in ("app.organization_id", "app.actor", "app.correlation_id", "app.person_id", "app.why")
            if name in sql
        }
        assert told <= SETTINGS.get(path, set()), path
        assert "set_config" not in sql or path in SETTINGS, path


@pytest.mark.parametrize("word", ["row_security", "set role", "set_role", "session_replication_role", "BYPASSRLS"])
def test_nobody_speaks_of_stepping_around_row_level_security(word: str) -> None:
    spoken = {path for path, tree in modules() if word.lower() in sql_in(tree).lower()}
    assert spoken <= {"core/infra/migrate.py", "core/infra/db.py", "core/cli/findings.py", "core/infra/embedded.py"}


def test_the_search_finds_every_way_of_naming_it() -> None:
    for source in (
        "from core.infra.db import free_transaction as f",
        "db.current().free_transaction()",
        "engine.execution_options(organization_free=True)",
        "options = {'organization_free': True}",
        "getattr(db, 'free_transaction')()",
    ):
        assert names_in(ast.parse(source)) & {"free_transaction", "organization_free"}, source
