"""What people wrote, made harmless for Streamlit's Markdown: shown to the letter, never as formatting, link or icon."""

from __future__ import annotations

import re
from typing import Final

# What Markdown, its GitHub extensions (bare addresses included), Streamlit's `:red[...]` and KaTeX's `$` react to.
_ACTIVE: Final = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~:$&@])")
_LINE_BREAKS: Final = re.compile(r"\s*[\r\n\u2028\u2029]+\s*")
_BIDI: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """`text` on one line, with every sign that Markdown would act upon escaped."""
    return _ACTIVE.sub(r"\\\1", one_line(text))


def one_line(text: str) -> str:
    """`text` with its line breaks as blanks, and without the marks that turn the writing direction of what follows."""
    return _LINE_BREAKS.sub(" ", _BIDI.sub("", text)).strip()


def beginning(text: str, at_most: int = 90) -> str:
    """The first words of a text on one line, with an ellipsis where it is cut."""
    line = one_line(text)
    return line if len(line) <= at_most else f"{line[: at_most - 1].rstrip()}…"
