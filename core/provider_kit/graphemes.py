"""Counting what people see as one character: extended grapheme clusters (Unicode Standard Annex 29, version 17).

Python has no segmentation. Categories come from `unicodedata`; the sets below hold what they can't tell. Checked
against `Intl.Segmenter`, which the browser's counter uses.
"""

from __future__ import annotations

import unicodedata
from enum import Enum, auto
from functools import lru_cache
from typing import Final


def _set(ranges: str) -> frozenset[int]:
    found: set[int] = set()
    for part in ranges.split():
        first, _, last = part.partition("-")
        found.update(range(int(first, 16), int(last or first, 16) + 1))
    return frozenset(found)


# Extended_Pictographic: what a zero-width joiner joins.
_PICTOGRAPHIC: Final = _set(
    "a9 ae 203c 2049 2122 2139 2194-2199 21a9-21aa 231a-231b 2328 23cf 23e9-23f3 23f8-23fa 24c2 25aa-25ab 25b6 25c0 "
    "25fb-25fe 2600-2604 260e 2611 2614-2615 2618 261d 2620 2622-2623 2626 262a 262e-262f 2638-263a 2640 2642 "
    "2648-2653 265f-2660 2663 2665-2666 2668 267b 267e-267f 2692-2697 2699 269b-269c 26a0-26a1 26a7 26aa-26ab "
    "26b0-26b1 26bd-26be 26c4-26c5 26c8 26ce-26cf 26d1 26d3-26d4 26e9-26ea 26f0-26f5 26f7-26fa 26fd 2702 2705 "
    "2708-270d 270f 2712 2714 2716 271d 2721 2728 2733-2734 2744 2747 274c 274e 2753-2755 2757 2763-2764 2795-2797 "
    "27a1 27b0 27bf 2934-2935 2b05-2b07 2b1b-2b1c 2b50 2b55 3030 303d 3297 3299 1f004 1f02c-1f02f 1f094-1f09f "
    "1f0af-1f0b0 1f0c0 1f0cf-1f0d0 1f0f6-1f0ff 1f170-1f171 1f17e-1f17f 1f18e 1f191-1f19a 1f1ae-1f1e5 1f201-1f20f "
    "1f21a 1f22f 1f232-1f23a 1f23c-1f23f 1f249-1f25f 1f266-1f321 1f324-1f393 1f396-1f397 1f399-1f39b 1f39e-1f3f0 "
    "1f3f3-1f3f5 1f3f7-1f3fa 1f400-1f4fd 1f4ff-1f53d 1f549-1f54e 1f550-1f567 1f56f-1f570 1f573-1f57a 1f587 "
    "1f58a-1f58d 1f590 1f595-1f596 1f5a4-1f5a5 1f5a8 1f5b1-1f5b2 1f5bc 1f5c2-1f5c4 1f5d1-1f5d3 1f5dc-1f5de 1f5e1 "
    "1f5e3 1f5e8 1f5ef 1f5f3 1f5fa-1f64f 1f680-1f6c5 1f6cb-1f6d2 1f6d5-1f6e5 1f6e9 1f6eb-1f6f0 1f6f3-1f6ff "
    "1f7da-1f7ff 1f80c-1f80f 1f848-1f84f 1f85a-1f85f 1f888-1f88f 1f8ae-1f8af 1f8bc-1f8bf 1f8c2-1f8cf 1f8d9-1f8ff "
    "1f90c-1f93a 1f93c-1f945 1f947-1f9ff 1fa58-1fa5f 1fa6e-1faff 1fc00-1fffd"
)

# InCB=Consonant and InCB=Linker: Indic conjuncts.
_CONSONANT: Final = _set(
    "915-939 958-95f 978-97f 995-9a8 9aa-9b0 9b2 9b6-9b9 9dc-9dd 9df 9f0-9f1 a95-aa8 aaa-ab0 ab2-ab3 ab5-ab9 af9 "
    "b15-b28 b2a-b30 b32-b33 b35-b39 b5c-b5d b5f b71 c15-c28 c2a-c39 c58-c5a d15-d3a 1000-102a 103f 1050-1055 "
    "105a-105d 1061 1065-1066 106e-1070 1075-1081 108e 1780-17b3 1a20-1a54 1b0b-1b0c 1b13-1b33 1b45-1b4c 1b83-1ba0 "
    "1bae-1baf 1bbb-1bbd a989-a98b a98f-a9b2 a9e0-a9e4 a9e7-a9ef a9fa-a9fe aa60-aa6f aa71-aa73 aa7a aa7e-aa7f "
    "aae0-aaea abc0-abda 10a00 10a10-10a13 10a15-10a17 10a19-10a35 11103-11126 11144 11147 11380-11389 1138b 1138e "
    "11390-113b5 11900-11906 11909 1190c-11913 11915-11916 11918-1192f 11a00 11a0b-11a32 11a50 11a5c-11a83 "
    "11f04-11f10 11f12-11f33"
)

_LINKER: Final = _set(
    "94d 9cd acd b4d c4d d4d 1039 17d2 1a60 1b44 1bab a9c0 aaf6 10a3f 11133 113d0 1193e 11a47 11a99 11f42"
)

# Signs that belong to the character after them.
_PREPEND: Final = _set(
    "600-605 6dd 70f 890-891 8e2 d4e 110bd 110cd 111c2-111c3 113d1 1193f 11941 11a84-11a89 11d46 11f02"
)

# Spacing marks that stand for themselves.
_APART: Final = _set(
    "102b-102c 1038 1062-1064 1067-106d 1083 1087-108c 108f 109a-109c 1a61 1a63-1a64 aa7b aa7d 11720-11721"
)

# Spacing marks that count as extending ones.
_EXTENDING: Final = _set(
    "9be 9d7 b3e b57 bbe bd7 cc0 cc2 cc7-cc8 cca-ccb cd5-cd6 d3e d57 dcf ddf 1715 1734 1b35 1b3b 1b3d 1b43-1b44 1baa "
    "1bf2-1bf3 302e-302f a953 a9c0 111c0 11235 1133e 1134d 11357 113b8 113c2 113c5 113c7-113c9 113cf 114b0 114bd "
    "115af 116b6 11930 1193d 11f41 16ff0-16ff1 1d165-1d166 1d16d-1d172"
)


class _Kind(Enum):
    """Grapheme_Cluster_Break, with the two properties that its rules also ask for."""

    OTHER = auto()
    CONTROL = auto()
    CR = auto()
    LF = auto()
    EXTEND = auto()
    LINKER = auto()
    JOINER = auto()
    NONJOINER = auto()
    SPACING = auto()
    PREPEND = auto()
    REGIONAL = auto()
    PICTOGRAPHIC = auto()
    CONSONANT = auto()
    L = auto()
    V = auto()
    T = auto()
    LV = auto()
    LVT = auto()


_SINGLE: Final = {
    0x0D: _Kind.CR,
    0x0A: _Kind.LF,
    0x200D: _Kind.JOINER,
    0x200C: _Kind.NONJOINER,
    0xFF9E: _Kind.EXTEND,
    0xFF9F: _Kind.EXTEND,
    0x0E33: _Kind.SPACING,
    0x0EB3: _Kind.SPACING,
}
# In the order of the rules: the first span that has the character says its kind.
_SPANS: Final = (
    (0x1F3FB, 0x1F3FF, _Kind.EXTEND),
    (0xE0020, 0xE007F, _Kind.EXTEND),
    (0x1F1E6, 0x1F1FF, _Kind.REGIONAL),
    (0x1100, 0x115F, _Kind.L),
    (0xA960, 0xA97C, _Kind.L),
    (0x1160, 0x11A7, _Kind.V),
    (0xD7B0, 0xD7C6, _Kind.V),
    (0x11A8, 0x11FF, _Kind.T),
    (0xD7CB, 0xD7FB, _Kind.T),
)
_SETS: Final = (
    (_LINKER, _Kind.LINKER),
    (_PREPEND, _Kind.PREPEND),
    (_PICTOGRAPHIC, _Kind.PICTOGRAPHIC),
    (_CONSONANT, _Kind.CONSONANT),
    (_EXTENDING, _Kind.EXTEND),
    (_APART, _Kind.OTHER),
)
_CATEGORIES: Final = {
    "Mn": _Kind.EXTEND,
    "Me": _Kind.EXTEND,
    "Mc": _Kind.SPACING,
    "Cc": _Kind.CONTROL,
    "Cf": _Kind.CONTROL,
    "Zl": _Kind.CONTROL,
    "Zp": _Kind.CONTROL,
    "Cs": _Kind.CONTROL,
}
_FIRST_SYLLABLE: Final = 0xAC00
_LAST_SYLLABLE: Final = 0xD7A3
_SYLLABLES_PER_VOWEL: Final = 28
_EXTENDS: Final = frozenset({_Kind.EXTEND, _Kind.LINKER, _Kind.JOINER, _Kind.NONJOINER})
_IN_CONJUNCT: Final = _EXTENDS - {_Kind.NONJOINER}
_AFTER_EMOJI: Final = _EXTENDS - {_Kind.JOINER}
_BREAKS: Final = frozenset({_Kind.CONTROL, _Kind.CR, _Kind.LF})
_HANGUL: Final = {
    _Kind.L: frozenset({_Kind.L, _Kind.V, _Kind.LV, _Kind.LVT}),
    _Kind.V: frozenset({_Kind.V, _Kind.T}),
    _Kind.LV: frozenset({_Kind.V, _Kind.T}),
    _Kind.T: frozenset({_Kind.T}),
    _Kind.LVT: frozenset({_Kind.T}),
}


@lru_cache(maxsize=4096)
def _kind(character: str) -> _Kind:
    code = ord(character)
    if code in _SINGLE:
        return _SINGLE[code]
    for first, last, kind in _SPANS:
        if first <= code <= last:
            return kind
    if _FIRST_SYLLABLE <= code <= _LAST_SYLLABLE:
        return _Kind.LV if (code - _FIRST_SYLLABLE) % _SYLLABLES_PER_VOWEL == 0 else _Kind.LVT
    for members, kind in _SETS:
        if code in members:
            return kind
    return _CATEGORIES.get(unicodedata.category(character), _Kind.OTHER)


def graphemes(text: str) -> int:
    """How many extended grapheme clusters a text has."""
    count = 0
    before: _Kind | None = None
    flags = 0  # regional indicators in a row up to here
    emoji = False  # a pictograph and its extenders up to here
    joiner = False  # the same, and one joiner
    conjunct = False  # a consonant and its extenders up to here
    linked = False  # the same, with a linker among them
    for character in text:
        kind = _kind(character)
        count += before is None or not _joins(before, kind, odd_flag=flags % 2 == 1, joiner=joiner, linked=linked)
        flags = flags + 1 if kind is _Kind.REGIONAL else 0
        joiner = emoji and kind is _Kind.JOINER
        emoji = kind is _Kind.PICTOGRAPHIC or (emoji and kind in _AFTER_EMOJI)
        linked = conjunct and kind in _IN_CONJUNCT and (linked or kind is _Kind.LINKER)
        conjunct = kind is _Kind.CONSONANT or (conjunct and kind in _IN_CONJUNCT)
        before = kind
    return count


def _joins(before: _Kind, kind: _Kind, *, odd_flag: bool, joiner: bool, linked: bool) -> bool:
    """Whether no boundary stands between two characters: rules GB3 to GB13."""
    if before is _Kind.CR and kind is _Kind.LF:
        return True
    if before in _BREAKS or kind in _BREAKS:
        return False
    return (
        kind in _HANGUL.get(before, ())
        or kind in _EXTENDS
        or kind is _Kind.SPACING
        or before is _Kind.PREPEND
        or (linked and kind is _Kind.CONSONANT)
        or (joiner and kind is _Kind.PICTOGRAPHIC)
        or (odd_flag and kind is _Kind.REGIONAL)
    )
