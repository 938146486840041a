r"""LinkedIn's "little text" (linkedin 4.3): escapes, mentions, hashtags; an unescaped reserved character cuts the text.

`read` says what followers see and what a later GET returns. Nothing is ever refused: a post whose text was cut is 201.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

PERSON = "urn:li:person:"
# The prose of the specification names these; its sample leaves out the parentheses, so they count.
RESERVED = frozenset("\\|{}@[]()<>#*_~")
PLAIN = re.compile(r"[^\\|{}@\[\]()<>#*_~]+")
ESCAPED = re.compile(r"\\([\\|{}@\[\]()<>#*_~])")
HASHTAG = re.compile(r"#([^\W_]+)")
TEMPLATE = re.compile(r"\{hashtag\|\\#\|([^\W_]+)\}")
MENTION = re.compile(
    r"@\[((?:[^\\|{}@\[\]()<>#*_~]|\\[\\|{}@\[\]()<>#*_~])+)\]\((urn:li:(?:person|organization):[\w-]+)\)"
)


@dataclass(frozen=True, slots=True)
class LittleText:
    """A commentary: as followers see it, as a GET returns it, and whether something was lost."""

    shown: str
    kept: str
    cut: bool


def read(commentary: str, name_of: Callable[[str], str | None]) -> LittleText:
    """Parse. `name_of` gives the name of a mentioned URN: a mention that shows another one is plain text."""
    shown: list[str] = []
    kept: list[str] = []
    place = 0
    while place < len(commentary):
        if match := PLAIN.match(commentary, place):
            shown.append(match[0])
            kept.append(match[0])
        elif match := ESCAPED.match(commentary, place):
            shown.append(match[1])
            kept.append(match[0])
        elif match := HASHTAG.match(commentary, place) or TEMPLATE.match(commentary, place):
            shown.append(f"#{match[1]}")
            kept.append(f"{{hashtag|\\#|{match[1]}}}")
        elif match := MENTION.match(commentary, place):
            name = ESCAPED.sub(r"\1", match[1])
            shown.append(name)
            kept.append(match[0] if _names(match[2], name, name_of(match[2])) else match[1])
        else:
            break
        place = match.end()
    return LittleText("".join(shown), "".join(kept), place < len(commentary))


def _names(urn: str, shown: str, name: str | None) -> bool:
    """The whole name, or a person's first or last; upper and lower case matter."""
    if name is None or shown == name:
        return name is not None
    return urn.startswith(PERSON) and shown in (name.split()[0], name.split()[-1])
