"""Lengths in the units that networks count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.provider_kit.counting import COUNTERS, length

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1e9\U0001f1ea"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"

# text, codepoints, utf16, utf8, graphemes; the last as Intl.Segmenter of Node 20 (Unicode 17) counts them
VECTORS = [
    ("", 0, 0, 0, 0),
    ("abc", 3, 3, 3, 3),
    ("\r\n", 2, 2, 2, 1),
    ("\n\r", 2, 2, 2, 2),
    ("é", 1, 1, 2, 1),
    ("e\u0301", 2, 2, 3, 1),
    ("\U0001f600", 1, 2, 4, 1),
    ("\U0001f44d\U0001f3fd", 2, 4, 8, 1),
    ("❤\ufe0f", 2, 2, 6, 1),
    (FAMILY, 5, 8, 18, 1),
    (FLAG, 2, 4, 8, 1),
    (FLAG + "\U0001f1eb", 3, 6, 12, 2),
    (FLAG * 2, 4, 8, 16, 2),
    (SCOTLAND, 7, 14, 28, 1),
    ("각", 1, 1, 3, 1),
    ("\u1100\u1161\u11a8", 3, 3, 9, 1),
    ("क्ष", 3, 3, 9, 1),
    ("क\u200c्ष", 4, 4, 12, 2),
    ("नि", 2, 2, 6, 1),
    ("กำ", 2, 2, 6, 1),
    ("\u0600a", 2, 2, 3, 1),
    ("a\u200bb", 3, 3, 5, 3),
    ("\U0001f468\u200d\u200d\U0001f469", 4, 6, 14, 2),
    ("a\u200d\U0001f469", 3, 4, 8, 2),
    ("\ud83d", 1, 1, 3, 1),
]


@pytest.mark.parametrize(("text", "codepoints", "utf16", "utf8", "graphemes"), VECTORS)
def test_every_counter(text: str, codepoints: int, utf16: int, utf8: int, graphemes: int) -> None:
    counted = {name: count(text) for name, count in COUNTERS.items()}
    assert counted == {"codepoints": codepoints, "utf16": utf16, "utf8": utf8, "graphemes": graphemes}


@given(st.text())
def test_the_units_are_ordered(text: str) -> None:
    assert length(text, "graphemes") <= length(text, "codepoints") <= length(text, "utf16") <= length(text, "utf8")


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_utf16_and_utf8_are_what_python_encodes(text: str) -> None:
    assert length(text, "utf16") == len(text.encode("utf-16-le")) // 2
    assert length(text, "utf8") == len(text.encode())


def test_an_unknown_unit_is_an_error() -> None:
    with pytest.raises(KeyError):
        length("a", "words")
