"""What changed between two texts, word by word. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

Change = Literal["same", "added", "removed"]

# A word, a run of blanks, or one other sign: joined again they are the text, to the character.
_WORDS: Final = re.compile(r"\w+|\s+|[^\w\s]")
_LINES: Final = re.compile(r"[^\n]*\n|[^\n]+")
# What a comparison may cost, about 0.3 s each: pairs of equal pieces, and looks at every piece once for each match.
_MOST_PAIRS: Final = 500_000
_MOST_LOOKS: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text that stayed, came or went."""

    change: Change
    text: str


def redline(before: str, after: str) -> tuple[Segment, ...]:
    """What changed from `before` to `after`.

    The texts of "same" and "removed" in order are `before`; those of "same" and "added" are `after`. Neighbours differ
    in their change, and in a replacement the removed words stand first. Where comparing words would take seconds (long
    texts that repeat themselves, or differ in every second piece), lines are compared, and where even that would, the
    whole.
    """
    for pieces in (_WORDS, _LINES):
        old, new = pieces.findall(before), pieces.findall(after)
        head = _common(old, new)
        tail = _common(old[head:][::-1], new[head:][::-1])
        middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
        if _is_cheap(middle_old, middle_new):
            changes = [
                Segment("same", "".join(old[:head])),
                *_compared(middle_old, middle_new),
                Segment("same", "".join(old[len(old) - tail :])),
            ]
            return tuple(_joined(changes))
    return tuple(_joined([Segment("removed", before), Segment("added", after)]))


def _common(one: list[str], other: list[str]) -> int:
    length = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        length += 1
    return length


def _is_cheap(old: list[str], new: list[str]) -> bool:
    here, there = Counter(old), Counter(new)
    pairs = sum(times * there[piece] for piece, times in here.items())
    matches = sum(min(times, there[piece]) for piece, times in here.items())
    return pairs <= _MOST_PAIRS and matches * len(old) <= _MOST_LOOKS


def _compared(old: list[str], new: list[str]) -> Iterator[Segment]:
    for verb, a, b, c, d in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if verb == "equal":
            yield Segment("same", "".join(old[a:b]))
        else:
            yield Segment("removed", "".join(old[a:b]))
            yield Segment("added", "".join(new[c:d]))


def _joined(segments: Iterable[Segment]) -> Iterator[Segment]:
    """Without empty ones, and every run of changes as one removed and one added."""
    gathered: dict[Change, list[str]] = {"same": [], "removed": [], "added": []}

    def gathered_segments(*changes: Change) -> Iterator[Segment]:
        for change in changes:
            if gathered[change]:
                yield Segment(change, "".join(gathered[change]))
                gathered[change].clear()

    for segment in segments:
        if segment.text:
            yield from gathered_segments(*(("removed", "added") if segment.change == "same" else ("same",)))
            gathered[segment.change].append(segment.text)
    yield from gathered_segments("same", "removed", "added")
