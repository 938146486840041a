"""How long a text is, in the units that networks count. The console's counters agree on shared vectors (PRODUCT 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from core.provider_kit.graphemes import graphemes


def codepoints(text: str) -> int:
    """Unicode code points."""
    return len(text)


def utf16(text: str) -> int:
    """UTF-16 code units, what JavaScript calls length: characters beyond U+FFFF count two."""
    return len(text) + sum(character > "\uffff" for character in text)


def utf8(text: str) -> int:
    """Bytes of UTF-8; a lone surrogate, which has none, counts the three of its replacement."""
    return len(text.encode("utf-8", "surrogatepass"))


COUNTERS: Final[dict[str, Callable[[str], int]]] = {
    "codepoints": codepoints,
    "utf16": utf16,
    "utf8": utf8,
    "graphemes": graphemes,
}


def length(text: str, counter: str, escaped: str = "") -> int:
    """The length of a text by a network's `TextRules.counter`, one more for each character of `escaped`.

    Raises KeyError for an unknown counter.
    """
    return COUNTERS[counter](text) + sum(text.count(character) for character in escaped)
