"""Whether a post that a network shows is the one that was sent: equal, or near enough for a person to look."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

LONGEST_TEXT: Final = 100_000
_LONG_BEGINNING: Final = 80
_SHORT_BEGINNING: Final = 20


def same_text(shown: str, sent: str) -> bool:
    """Equal but for what a text box does: ends trimmed, line ends of one kind."""
    return _boxed(shown) == _boxed(sent)


def canonical_link(link: str, *, without: Collection[str] = ()) -> str:
    """A link as two writers of it agree: case of scheme and host, default port, empty path and escapes aside.

    `without` are parameters that the network itself adds.
    """
    try:
        parts = urlsplit(link)
        host = (parts.hostname or "").encode("idna").decode()
        port = f":{parts.port}" if parts.port not in {None, {"http": 80, "https": 443}.get(parts.scheme)} else ""
    except ValueError:
        return link
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in without]
    return urlunsplit((parts.scheme, host + port, quote(unquote(parts.path or "/")), urlencode(query), ""))


def resembles(shown: str, sent: str, *, same_link: bool) -> bool:
    """Near enough for a person to look: the same words, a long common beginning, or the same link and a short one."""
    ours, theirs = _folded(sent), _folded(shown)
    if ours == theirs:
        return bool(ours)
    shared = next(
        (n for n, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs))
    )
    if shared >= _LONG_BEGINNING:
        return True
    return same_link and (shared >= _SHORT_BEGINNING or not ours or not theirs)


def _boxed(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text[:LONGEST_TEXT]).casefold().split())
