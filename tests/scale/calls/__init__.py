"""How every function is called that asks Postgres: `CALLS` of each noun, and `WITHOUT_SQL` for what asks nothing."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.scale.world import Call

Calls = Mapping[Callable[..., Any], Sequence[Call]]


def _modules() -> list[Any]:
    return [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]


def collected() -> dict[Callable[..., Any], Sequence[Call]]:
    """The calls of all nouns."""
    return {function: given for module in _modules() for function, given in module.CALLS.items()}


def without_sql() -> frozenset[Callable[..., Any]]:
    """Functions beside them that ask nothing."""
    return frozenset(function for module in _modules() for function in module.WITHOUT_SQL)
