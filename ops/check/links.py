"""Every link in the documentation leads to a file, and every #anchor to a heading; the web is not asked."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from ops.check.repository import ROOT, files

LINK: Final = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
HEADING: Final = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.M)
CODE: Final = re.compile(r"```.*?```|`[^`\n]*`", re.S)


def main() -> int:
    """Print every link that leads nowhere."""
    found = [finding for path in files(".md") for finding in broken(path)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


def broken(path: Path) -> Iterator[str]:
    """The links of one document that lead nowhere."""
    for target in LINK.findall(CODE.sub("", path.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        leads_to = (path.parent / name).resolve() if name else path
        if not leads_to.exists():
            yield f"{path.relative_to(ROOT)}: {target} does not exist"
        elif anchor and leads_to.suffix == ".md" and anchor not in anchors(leads_to):
            yield f"{path.relative_to(ROOT)}: {target} is no heading there"


def anchors(path: Path) -> set[str]:
    """The anchors that a reader's browser knows in this document."""
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
    return {re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading.lower())) for heading in HEADING.findall(text)}


if __name__ == "__main__":
    sys.exit(main())
