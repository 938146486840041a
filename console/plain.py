"""What people wrote, made harmless for Streamlit's Markdown: shown to the letter, never as formatting, link or icon."""

from __future__ import annotations

import re
from typing import Final

# What Markdown, its GitHub extensions (bare addresses included), Streamlit's `:red[...]` and KaTeX's `$` react to.
_ACTIVE: Final = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~:$&@])")
# Linked, drawn or turned into an arrow after escapes are resolved: only a word joiner inside stops that.
_LIVE: Final = re.compile(r"(?i)(https?(?=:)|www(?=\.)|@(?=[-\w])|:(?=[\w+/-]+:)|[-<>~](?=[->=]))")
# What `_ACTIVE` matches, only where it acts within one line: a widget's label is read aloud with its backslashes.
_ACTIVE_IN_LABEL: Final = re.compile(
    r"""(?x)
    ( [`*\[\]~$]
    | \\(?=[!-/:-@\[-`{-~]|$)
    | (?<![^\W_])_ | _(?![^\W_])
    | <(?=[A-Za-z/!?])
    | &(?=\#?\w+;)
    | :(?=[A-Za-z])
    | ^[-+](?=\s|$) | ^\#(?=\#{0,5}(?:\s|$)) | ^>
    )"""
)
_NUMBERED: Final = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")
_LINE_BREAKS: Final = re.compile(r"[\r\n\u2028\u2029]+")
_BIDI: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """`text` on one line, with every sign that Markdown would act upon escaped, and every address left unlinked."""
    return _ACTIVE.sub(r"\\\1", _LIVE.sub("\\1\u2060", one_line(text)))


def plain_label(text: str) -> str:
    """`text` for a widget's label: a name such as "northwind.wholesale" reaches a screen reader without escapes.

    Streamlit draws a label as Markdown and gives its source to screen readers, so only what would act is escaped.
    """
    escaped = _ACTIVE_IN_LABEL.sub(r"\\\1", _LIVE.sub("\\1\u2060", one_line(text)))
    return _NUMBERED.sub(r"\1\\\2", escaped)


def code(text: str) -> str:
    """`text` as code, to be copied: nothing acts in there but the sign that ends it, for which another stands."""
    return f"`{one_line(text).replace('`', 'ˋ')}`"  # noqa: RUF001 - it looks like that sign, and is none


def one_line(text: str) -> str:
    """`text` with its line breaks as blanks, and without the marks that turn the writing direction of what follows."""
    return " ".join(filter(None, (part.strip() for part in _LINE_BREAKS.split(_BIDI.sub("", text)))))


def beginning(text: str, at_most: int = 90) -> str:
    """The first words of a text on one line, with an ellipsis where it is cut."""
    head = text[: 8 * at_most]  # enough for what is shown, and no more work than that
    line = one_line(head)
    return line if len(line) <= at_most and head == text else f"{line[: at_most - 1].rstrip()}…"
