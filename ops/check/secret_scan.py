"""Finds what must not be committed: keys, tokens, passwords, and paths or package hosts of one machine.

A value that says of itself that it is made up (it contains one of `MADE_UP`) passes: that is how fixtures write tokens.
"""

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ops.check.repository import ROOT, files

MADE_UP: Final = re.compile(
    r"example|sandbox|fixture|sample|secret|canary|dummy|fake|test|invalid|password|wrong|made|0123456789|x{4}", re.I
)
LEAST_ENTROPY: Final = 3.5  # bits per character; words of a language stay below, random strings above
LARGEST: Final = 2_000_000

# What names a kind of secret by its shape alone, then what is suspicious only where it stands.
SHAPES: Final = {
    kind: re.compile(shape)
    for kind, shape in {
        "private key": r"-----BEGIN (?:[A-Z ]+ )?PRIVATE KEY-----(?:\s|\\n|[\"'(])*[A-Za-z0-9+/]{40}",
        "AWS key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
        "GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{36,}\b",
        "Google key": r"\bAIza[0-9A-Za-z_-]{35}\b",
        "Slack token": r"\bxox[abprs]-[0-9A-Za-z-]{10,}",
        "Meta token": r"\bEAA[A-Za-z0-9]{28,}\b",
        "LinkedIn token": r"\bAQ[A-Za-z0-9_-]{60,}",
        "JSON web token": r"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}",
    }.items()
}
IN_PLACES: Final = {
    "assigned secret": re.compile(
        r"(?i)\b[a-z_]*(?:secret|password|passwd|token|api_?key|private_?key)[a-z_]*[\"']?"
        r"[ \t]*[:=][ \t]*[\"']([^\"'\s{}$<>]{16,})[\"']"
    ),
    "password in an address": re.compile(
        r"[a-z+]{2,20}://[^\s:/@\"'{}]+:([^\s:/@\"'{}]{8,})@(?!127\.0\.0\.1|localhost|\[::1\])"
    ),
}
OF_ONE_MACHINE: Final = re.compile(
    r"(?:(?<![\w.~-])/(?:root|home/[a-z][\w-]*|Users/\w+|opt/\w+)/[\w.-]+)|--(?:extra-)?index-url|--find-links|file:///\w"
)


def main() -> int:
    """Print every finding as `file:line: kind`, never the value itself."""
    found = [finding for path in files() for finding in scan(path)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


def scan(path: Path) -> Iterator[str]:
    """The findings of one file."""
    if path == Path(__file__).resolve() or path.stat().st_size > LARGEST:
        return
    content = path.read_bytes()
    if b"\0" in content[:8192]:
        return
    for number, kind in sorted(kinds(content.decode("utf-8", "replace"))):
        yield f"{path.relative_to(ROOT)}:{number}: {kind}"


def kinds(text: str) -> Iterator[tuple[int, str]]:
    """What a text seems to hold, with the line on which it begins."""
    for kind, shape in SHAPES.items():
        for match in shape.finditer(text):
            if not MADE_UP.search(match.group()):
                yield _line_of(text, match), kind
    for kind, suspicious in IN_PLACES.items():
        for match in suspicious.finditer(text):
            if _looks_random(match.group(1)):
                yield _line_of(text, match), kind
    for match in OF_ONE_MACHINE.finditer(text):
        yield _line_of(text, match), "path or package host of one machine"


def _line_of(text: str, match: re.Match[str]) -> int:
    return text.count("\n", 0, match.start()) + 1


def _looks_random(value: str) -> bool:
    if MADE_UP.search(value) or not (re.search(r"\d", value) and re.search(r"[A-Za-z]", value)):
        return False
    counts = Counter(value).values()
    entropy = -sum(count / len(value) * math.log2(count / len(value)) for count in counts)
    return entropy >= LEAST_ENTROPY


if __name__ == "__main__":
    sys.exit(main())
