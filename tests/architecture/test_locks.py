"""The pins: names, versions and hashes only, the same in both files, and everything that pyproject asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"([a-z0-9][a-z0-9-]*)==([^\s;\\]+)(?: ; ([^\\]+?))? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")


def lines(lock: str) -> list[str]:
    return (ROOT / lock).read_text().splitlines()


def pins(lock: str) -> dict[str, str]:
    return {match.group(1): match.group(2) for line in lines(lock) if (match := PIN.fullmatch(line))}


def wanted(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    optional = [requirement for extra in extras for requirement in project["optional-dependencies"][extra]]
    return [Requirement(text) for text in project["dependencies"] + optional]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_names_versions_and_hashes_only(lock: str) -> None:
    assert [line for line in lines(lock) if not PIN.fullmatch(line) and not HASH.fullmatch(line)] == []


def test_what_is_developed_with_is_what_runs() -> None:
    running, developing = (pins(lock) for lock in LOCKS)
    assert {name: developing.get(name) for name in running} == running


@pytest.mark.parametrize(("lock", "extras"), [("requirements.lock", ()), ("requirements-dev.lock", ("dev",))])
def test_everything_that_the_project_asks_for_is_pinned_to_a_version_it_accepts(
    lock: str, extras: tuple[str, ...]
) -> None:
    pinned = pins(lock)
    assert [
        str(each)
        for each in wanted(*extras)
        if pinned.get(canonicalize_name(each.name), "nothing") not in each.specifier
    ] == []
