"""Every kind of post and every error has a recorded case, and each case names the line that it stands for.

A line is a section of the specification with its confidence tag: `meta 10.2 [M]`, `linkedin 4.1 [S+]`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from core import providers
from core.providers.linkedin import errors_table as linkedin_table
from core.providers.linkedin import failures as linkedin_failures
from core.providers.meta import errors_table as meta_table
from core.providers.meta import failures as meta_failures
from tests.providers.kinds import kinds, shape

FOLDERS: Final = Path(__file__).parents[2] / "core" / "providers"
TESTS: Final = Path(__file__).parent
NETWORKS: Final = {"meta": ("facebook", "instagram"), "linkedin": ("linkedin",)}
# The sections of the two specifications: how many a chapter has; 0 where it is one piece.
SECTIONS: Final = {
    "meta": {0: 2, 1: 0, 2: 10, 3: 0, 4: 7, 5: 8, 6: 0, 7: 7, 8: 7, 9: 0, 10: 5, 11: 5, 12: 0, 13: 0, 14: 0},
    "linkedin": {0: 0, 1: 7, 2: 9, 3: 3, 4: 6, 5: 4, 6: 3, 7: 6, 8: 5, 9: 0, 10: 2, 11: 0, 12: 0, 13: 0, 14: 0},
}
# Meta's own words, its SDK, others' code, general knowledge, ours; LinkedIn's as section 0 there has them.
TAG: Final = {
    "meta": re.compile(r"\[(?:(?:M|SDK|2|G|A)(?:: ?[\w.#@ :-]+)?(?:[,/] ?|(?=\])))+\]"),
    "linkedin": re.compile(r"\[(?:P|O|S\+?|G)\]"),
}
SECTION: Final = re.compile(r"(?<![\w.#])(\d+)(?:\.(\d+))?(?![\w.#])")
# What no specification has: an answer that no network is known to give.
HOSTILE: Final = "hostile"


def recorded(folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every case of a provider's folder, with the name of its file."""
    for file in sorted((FOLDERS / folder / "fixtures").glob("*.json")):
        for case in orjson.loads(file.read_bytes())["cases"]:
            yield file.name, case


def uncited(folder: str, spec: str) -> str:
    """What is wrong with how a case cites the specification; empty where nothing is."""
    if spec == HOSTILE:
        return ""
    if not spec.startswith(f"{folder} "):
        return "cites another specification"
    if not TAG[folder].search(spec):
        return "has no tag"
    cited = SECTION.findall(re.sub(r"\[[^\]]*\]", "", spec).partition(":")[0])
    if not cited:
        return "names no section"
    for chapter, part in cited:
        parts = SECTIONS[folder].get(int(chapter), -1)
        if parts < 0 or int(part or 0) > parts:
            return f"there is no section {chapter}.{part}"
    return ""


@pytest.mark.parametrize("folder", sorted(NETWORKS))
def test_every_case_cites_a_section_and_its_tag(folder: str) -> None:
    wrong = [
        (file, case["spec"], case["what"], said)
        for file, case in recorded(folder)
        if (said := uncited(folder, case["spec"]))
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", sorted(NETWORKS))
def test_every_file_of_cases_is_read_by_a_test(folder: str) -> None:
    source = "".join(test.read_text("utf-8") for test in (TESTS / folder).glob("test_*.py"))
    names = {file for file, _ in recorded(folder)}
    assert {name for name in names if f'"{name}"' not in source} == set()


def shape_of(case: dict[str, Any]) -> str:
    """Which kind of post a case is, as `kinds` names it."""
    said = case["payload"]
    videos, documents = ("wide", "upright", "video"), ("document",)
    files = ["video" if one in videos else one for one in said["media"]]
    assert set(files) <= {"image", "video", *documents}
    return shape(case.get("network", "linkedin"), said.get("format", "feed"), files, has_link=bool(said.get("link")))


@pytest.mark.parametrize("folder", sorted(NETWORKS))
def test_every_kind_of_post_has_a_case(folder: str) -> None:
    """Of each sort of account: a Page's and a member's posts go other ways at LinkedIn."""
    declared = {kind.shape for name in NETWORKS[folder] for kind in kinds(providers.networks()[name])}
    assert len(declared) >= 7
    cases = [case for file, case in recorded(folder) if file == "kinds.json"]
    for account in {case.get("account") for case in cases}:
        assert declared - {shape_of(case) for case in cases if case.get("account") == account} == set(), account


@pytest.mark.parametrize("folder", sorted(NETWORKS))
def test_what_is_done_to_a_live_post_has_a_case_with_a_yes_and_one_without(folder: str) -> None:
    cases = [case for file, case in recorded(folder) if file == "live.json"]
    for name in NETWORKS[folder]:
        network = providers.networks()[name]
        deeds = {"comment": network.comments is not None, "edit": network.edits, "delete": network.deletes}
        deeds["find_comment"] = deeds["comment"]
        own = [case for case in cases if case.get("network", name) == name]
        for deed, offered in deeds.items():
            ended = {"given" in case for case in own if case["do"] == deed}
            assert ended >= {offered}, (name, deed)
            assert deed == "find_comment" or False in ended, (name, deed)


def meta_row(case: dict[str, Any]) -> meta_table.Row | None:
    envelope = case["body"].get("error", {}) if isinstance(case["body"], dict) else {}
    return meta_failures.row_for(meta_failures.Said.of(envelope), case["status"])


def linkedin_row(case: dict[str, Any]) -> linkedin_table.Row | None:
    body = case["body"].encode() if isinstance(case["body"], str) else orjson.dumps(case["body"])
    return linkedin_failures.row_for(linkedin_failures.Said.of(body), case["status"])


@pytest.mark.parametrize(
    ("folder", "table", "row_of"),
    [("meta", meta_table.TABLE, meta_row), ("linkedin", linkedin_table.TABLE, linkedin_row)],
)
def test_every_error_has_a_case_that_cites_the_line_of_its_row(
    folder: str, table: tuple[Any, ...], row_of: Callable[[dict[str, Any]], Any]
) -> None:
    cited: dict[int, str] = {}
    for file, case in recorded(folder):
        if file == "refusals.json" and (row := row_of(case)) is not None:
            cited[id(row)] = f"{cited.get(id(row), '')}, {case['spec'].removeprefix(f'{folder} ')}"
    missed = [row for row in table if f" {row.source.split()[0]} " not in cited.get(id(row), "")]
    assert missed == []


@pytest.mark.parametrize("folder", sorted(NETWORKS))
def test_what_a_person_sees_is_part_of_every_refusal(folder: str) -> None:
    silent = [case["what"] for file, case in recorded(folder) if file == "refusals.json" and not case["seen"].strip()]
    assert silent == []
    assert all(case["fix"].strip() for file, case in recorded(folder) if file == "refusals.json")
