"""Who asks the registry of providers asks it each time: a name bound at import would outlive what it was bound to.

Checks are imported when the first post is looked at. One that bound `publisher` while a test stood in for the registry
kept asking the stand-in for the rest of the process.
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def bound(source: str) -> list[str]:
    return [
        alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module == "core.providers"
        for alias in node.names
    ]


def test_no_module_keeps_a_function_of_the_registry() -> None:
    packages = ("core", "console", "jobs", "ingest", "sandbox", "ops", "bench")
    files = [file for package in packages for file in (ROOT / package).rglob("*.py")]
    found = {str(file.relative_to(ROOT)): bound(file.read_text(encoding="utf-8")) for file in files}
    folders = {path.parent.name for path in (ROOT / "core" / "providers").glob("*/__init__.py")}
    assert {
        file: kept for file, names in found.items() if (kept := [each for each in names if each not in folders])
    } == {}


def test_a_kept_function_is_seen() -> None:
    assert bound("from core.providers import publisher\nfrom core import providers") == ["publisher"]
