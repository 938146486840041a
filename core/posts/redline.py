"""What changed between two texts, word by word. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

Change = Literal["same", "added", "removed"]

# A word, a run of blanks, or one other sign: joined again they are the text, to the character.
_PIECES: Final = re.compile(r"\w+|\s+|[^\w\s]")
_TOO_LONG: Final = 20_000  # pieces in the parts that differ; beyond it a word-level comparison takes seconds


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text that stayed, came or went."""

    change: Change
    text: str


def redline(before: str, after: str) -> tuple[Segment, ...]:
    """What changed from `before` to `after`.

    The texts of "same" and "removed" in order are `before`; those of "same" and "added" are `after`. Neighbours differ
    in their change, and in a replacement the removed words stand first.
    """
    return tuple(_joined(_segments(_PIECES.findall(before), _PIECES.findall(after))))


def _segments(before: list[str], after: list[str]) -> Iterator[Segment]:
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    yield Segment("same", "".join(before[:head]))
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    if len(old) + len(new) > _TOO_LONG:
        yield Segment("removed", "".join(old))
        yield Segment("added", "".join(new))
    else:
        for verb, a, b, c, d in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
            if verb == "equal":
                yield Segment("same", "".join(old[a:b]))
            else:
                yield Segment("removed", "".join(old[a:b]))
                yield Segment("added", "".join(new[c:d]))
    yield Segment("same", "".join(before[len(before) - tail :]))


def _common(one: list[str], other: list[str]) -> int:
    length = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        length += 1
    return length


def _joined(segments: Iterator[Segment]) -> Iterator[Segment]:
    """Leaves out empty ones and joins neighbours; a blank that stayed between two changes becomes part of both."""
    removed: list[str] = []
    added: list[str] = []
    same: list[str] = []

    def flush() -> Iterator[Segment]:
        if removed:
            yield Segment("removed", "".join(removed))
        if added:
            yield Segment("added", "".join(added))
        removed.clear()
        added.clear()

    for segment in segments:
        if not segment.text:
            continue
        if segment.change == "same":
            if not same:
                yield from flush()
            same.append(segment.text)
        else:
            if same:
                yield Segment("same", "".join(same))
                same.clear()
            (removed if segment.change == "removed" else added).append(segment.text)
    if same:
        yield Segment("same", "".join(same))
    else:
        yield from flush()
