"""docs/providers: the table of kinds x networks x tests has every kind that is declared, and what it names exists."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from core import providers
from tests.integration.publishing import test_linkedin_kinds as by_the_sender
from tests.providers.kinds import kinds
from tests.providers.linkedin import test_sandbox_kinds as linkedin_kinds
from tests.providers.meta import test_sandbox_kinds as meta_kinds
from tests.providers.test_fixture_cases import shape_of

PROJECT: Final = Path(__file__).parents[2]
CODE: Final = re.compile(r"`([^`]+)`")
FILE: Final = re.compile(r"[\w-]+\.(?:py|json)")
NETWORKS: Final = {"meta": ("facebook", "instagram"), "linkedin": ("linkedin",)}
FOLDERS: Final = [pytest.param(folder, id=folder) for folder in NETWORKS]


def table(folder: str) -> list[dict[str, list[str]]]:
    """The rows under the heading about kinds; of each, what every column names."""
    text = (PROJECT / "docs" / "providers" / f"{folder}.md").read_text("utf-8")
    section = text.partition("## Every kind of post, and what tries it\n")[2].partition("\n## ")[0]
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    columns = [cell.strip() for cell in lines[0]]
    return [dict(zip(columns, map(CODE.findall, cells), strict=True)) for cells in lines[2:]]


def named(folder: str, column: str) -> list[str]:
    """All that a column names, files aside."""
    return [name for row in table(folder) for name in row.get(column, []) if not FILE.fullmatch(name)]


def recorded(folder: str) -> dict[str, dict[str, Any]]:
    """The recorded kinds, by what they are."""
    file = PROJECT / "core" / "providers" / folder / "fixtures" / "kinds.json"
    return {case["what"]: case for case in orjson.loads(file.read_bytes())["cases"]}


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_kind_that_is_declared_stands_in_the_table_once(folder: str) -> None:
    declared = [str(kind) for name in NETWORKS[folder] for kind in kinds(providers.networks()[name])]
    assert Counter(named(folder, "In a browser")) == Counter(declared)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_recorded_kind_stands_in_the_row_of_its_kind(folder: str) -> None:
    shapes = {str(kind): kind.shape for name in NETWORKS[folder] for kind in kinds(providers.networks()[name])}
    cases = recorded(folder)
    assert Counter(named(folder, "Recorded")) == Counter(cases.keys())
    for row in table(folder):
        of_row = {shapes[name] for name in row["In a browser"]}
        told = {shape_of(cases[name]) for name in row["Recorded"] if name in cases}
        assert told <= of_row or not of_row, row


@pytest.mark.parametrize(
    ("folder", "column", "tried"),
    [
        ("meta", "At the stand-in", {*meta_kinds.FACEBOOK, *meta_kinds.INSTAGRAM}),
        ("linkedin", "At the stand-in", {*linkedin_kinds.KINDS}),
        ("linkedin", "By the sender", {*by_the_sender.KINDS}),
    ],
)
def test_what_is_tried_elsewhere_is_what_the_table_names(folder: str, column: str, tried: set[str]) -> None:
    assert set(named(folder, column)) == tried


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_row_is_tried_twice_and_every_file_it_names_is_there(folder: str) -> None:
    fixtures = PROJECT / "core" / "providers" / folder / "fixtures"
    here = {each.name for each in [*(PROJECT / "tests" / "providers" / folder).glob("*.py"), *fixtures.glob("*.json")]}
    for row in table(folder):
        assert row["Recorded"], row
        assert row["At the stand-in"], row
        assert {name for names in row.values() for name in names if FILE.fullmatch(name)} <= here, row


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_fact_that_is_not_verified_says_how_to_find_out(folder: str) -> None:
    text = (PROJECT / "docs" / "providers" / f"{folder}.md").read_text("utf-8")
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line.startswith("|")]
    facts = [[cell.strip() for cell in row] for row in rows if len(row) == 5 and not row[0].startswith("---")]
    assert len(facts) > 20
    assert [fact for fact in facts if not (fact[0] and fact[1] and fact[4])] == []
