"""Every statement of a noun at 100,000 posts of 50 organizations: read by an index, and through the policy."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final

import pytest
from sqlalchemy import Connection, text

import core
from core.infra import db
from core.infra.settings import Program
from tests.scale import calls
from tests.scale.plans import watched
from tests.scale.world import Call, World

_LARGE_PAGES: Final = 2
_ASKS: Final = re.compile(r"\bsession\.(execute|scalar|scalars|add)\(")
# Neither a noun: infra enters organizations, the demo is made once.
_NO_NOUNS: Final = ("infra", "demo", "cli", "providers", "provider_kit", "queueing")


def _is_of_sql(name: str) -> bool:
    return name in ("store", "queries", "trail") or name.endswith(("_reads", "_rows"))


def _modules(*, of_sql: bool) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(core.__path__, "core."):
        parts = found.name.split(".")
        if len(parts) == 3 and parts[1] not in _NO_NOUNS and _is_of_sql(parts[2]) is of_sql:
            yield importlib.import_module(found.name)


def _functions() -> dict[str, FunctionType]:
    """Everything public that reads or writes rows, by its name in core."""
    return {
        f"{module.__name__.removeprefix('core.')}.{name}": value
        for module in _modules(of_sql=True)
        for name, value in vars(module).items()
        if inspect.isfunction(value)
        and not name.startswith("_")
        and (value.__module__ == module.__name__ or name in getattr(module, "__all__", ()))
    }


_CALLS: Final = calls.collected()
_WITHOUT_SQL: Final = calls.without_sql()
_FUNCTIONS: Final = _functions()


def test_every_function_that_asks_postgres_is_called_here() -> None:
    named = set(_CALLS) | _WITHOUT_SQL
    missing = sorted(name for name, function in _FUNCTIONS.items() if function not in named)
    assert not missing, f"say in tests/scale/calls how to call {', '.join(missing)}"


def test_no_function_is_called_that_is_gone() -> None:
    assert set(_CALLS) | _WITHOUT_SQL <= set(_FUNCTIONS.values())


def test_only_modules_that_are_looked_at_here_ask_postgres() -> None:
    others = [
        module.__name__ for module in _modules(of_sql=False) if _ASKS.search(Path(module.__file__ or "").read_text())
    ]
    assert others == []


@pytest.mark.parametrize(
    "call",
    [pytest.param(call, id=name) for name, function in _FUNCTIONS.items() for call in _CALLS.get(function, ())],
)
def test_it_reads_by_an_index_and_through_the_policy(
    call: Call, enter: Callable[[Program], tuple[Connection, db.Database]], world: World
) -> None:
    connection, database = enter(call.program)
    large, walled = _tables(connection)
    transaction: AbstractContextManager[Any] = nullcontext()
    if call.within == "organization":
        transaction = database.organization_transaction(world.organization_id, "program:test")
    elif call.within == "nothing":
        transaction = database.free_transaction()
    db.use(database)
    try:
        with watched(connection) as seen, transaction as session:
            call.run(session, world)
    finally:
        db.use(None)
    assert seen.statements
    assert not (faults := seen.faults(large, walled)), "\n\n".join(faults)


def _tables(connection: Connection) -> tuple[frozenset[str], frozenset[str]]:
    """Tables that are larger than a page or two, and tables that a policy guards."""
    rows = (
        connection.execution_options(organization_free=True)
        .execute(
            text(
                "select relname, relpages > :pages as large, relrowsecurity as walled from pg_class"
                " where relnamespace = 'masthead'::regnamespace and relkind = 'r'"
            ),
            {"pages": _LARGE_PAGES},
        )
        .all()
    )
    return frozenset(row.relname for row in rows if row.large), frozenset(row.relname for row in rows if row.walled)
