"""The guide, the walk that takes its pictures and the product say the same words; every picture is there once."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from ops.guide import album, guarantee, walk

ROOT = Path(__file__).resolve().parents[3]
GUIDE = ROOT / "docs" / "guide.md"
IMAGES = ROOT / "docs" / "images"
BOLD = re.compile(r"\*\*(.+?)\*\*", re.S)
LEAST_LETTERS = 3  # of what stands fast in a label, so that f"{name}" doesn't pass for every word


@pytest.fixture(scope="module")
def guide() -> str:
    return GUIDE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def product() -> Product:
    """Everything that console, core and sandbox can put on a screen."""
    said = [tuple(map(words, parts)) for folder in ("console", "core", "sandbox") for parts in said_in(folder)]
    return Product(
        whole={parts[0].strip() for parts in said if len(parts) == 1},
        with_values=[
            re.compile(".+".join(map(re.escape, parts)))
            for parts in set(said)
            if len(parts) > 1 and sum(map(str.isalpha, "".join(parts))) >= LEAST_LETTERS
        ],
    )


@dataclass(frozen=True)
class Product:
    """What it says as it is, and around the values that are put in."""

    whole: set[str]
    with_values: list[re.Pattern[str]]

    def says(self, label: str) -> bool:
        return label in self.whole or any(each.fullmatch(label) for each in self.with_values)


def said_in(folder: str) -> Iterator[Sequence[str]]:
    """What the sources of a folder say; where a value is put in, the words before and behind it."""
    for path in (ROOT / folder).rglob("*"):
        if path.suffix == ".py":
            yield from said_by(ast.parse(path.read_text(encoding="utf-8")))
        elif path.suffix == ".js":
            yield from zip(re.findall(r"'((?:[^'\\\n]|\\.)+)'", path.read_text(encoding="utf-8")))
        elif path.suffix == ".html":
            text = re.sub(r"{%.*?%}|<[^>]*>", "\n", path.read_text(encoding="utf-8"), flags=re.S)
            yield from (re.split(r"{{.*?}}", line.strip()) for line in text.splitlines())


def said_by(tree: ast.AST) -> Iterator[Sequence[str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield [node.value]
        elif isinstance(node, ast.JoinedStr):
            parts = [""]
            for part in node.values:
                if isinstance(part, ast.Constant):
                    parts[-1] += part.value
                else:
                    parts.append("")
            yield parts


def words(found: str) -> str:
    return re.sub(r"\s+", " ", found)


def test_what_the_guide_prints_bold_stands_in_the_product(guide: str, product: Product) -> None:
    bold = {part for found in BOLD.findall(guide) for part in words(found).split(" · ")}
    assert len(bold) > 80
    assert {each for each in bold if not product.says(each)} == set()
    assert not product.says("Send for approvals"), "a word that is nowhere would pass too"


def test_what_the_walk_presses_stands_in_the_guide(guide: str) -> None:
    source = ast.parse((ROOT / "ops" / "guide" / "walk.py").read_text(encoding="utf-8"))
    pressed = {pressed_by(call) for call in ast.walk(source) if isinstance(call, ast.Call)} - {None}
    quoted = {words(found) for found in re.findall(r"^\s*> (.+)$", guide, re.M)}
    assert len(pressed) > 20
    assert pressed - {words(found) for found in BOLD.findall(guide)} - quoted == set()


def pressed_by(call: ast.Call) -> str | None:
    """The words of a `press` or a `tick`: written there, or a constant of the module."""
    by = call.func
    if not isinstance(by, ast.Attribute) or by.attr not in ("press", "tick") or not isinstance(by.value, ast.Name):
        return None
    said = call.args[0]
    return str(getattr(walk, said.id)) if isinstance(said, ast.Name) else str(ast.literal_eval(said))


@pytest.mark.parametrize(("document", "pictures"), [("guide", walk.PICTURES), ("guarantee", guarantee.PICTURES)])
def test_the_pictures_of_a_document_are_those_that_are_taken(document: str, pictures: Sequence[str]) -> None:
    text = (ROOT / "docs" / f"{document}.md").read_text(encoding="utf-8")
    shown = re.findall(rf"!\[[^\]]+\]\(images/{document}/([\w-]+)\.webp\)", text)
    kept = {path.stem: path.stat().st_size for path in (IMAGES / document).glob("*.webp")}
    assert shown == list(pictures)
    assert set(kept) == set(shown)
    assert max(kept.values()) <= album.MOST_BYTES


def test_what_the_walk_writes_is_what_the_guide_says_to_write(guide: str) -> None:
    for written in (walk.FIRST, walk.BETTER, walk.FOR_LINKEDIN, walk.IMAGE_WORDS):
        assert f"> {written}\n" in guide
    assert f"`{walk.ASKED}`" in guide
    assert f"images/guide/{walk.IMAGE})" in guide
