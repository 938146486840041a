"""What of a network's answer may come in: every value is of the expected kind, bounded, and safe to store and show.

An answer is written by strangers: the network, and people whose names and posts it quotes. Nothing here raises except
`json_object`; a value that isn't what it should be is None or empty, and the caller decides what that means.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,199}", re.ASCII)
_LONGEST_ADDRESS: Final = 2048
_KEPT_CONTROLS: Final = "\n\t"
# Characters that turn the reading direction: in a name they can make a screen say something else than the bytes.
_DIRECTION: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC).timestamp()


def json_object(body: bytes) -> Mapping[str, Any]:
    """The object in a JSON body. Raises ValueError when there is none."""
    try:
        parsed = json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(parsed, dict):
        raise ValueError("not an object")
    return parsed


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def mapping(value: object) -> Mapping[str, Any]:
    """`value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """`value` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: object, *, limit: int) -> str:
    """A string fit for a column and a screen: no NUL, controls, lone surrogates or direction marks; cut at `limit`."""
    if not isinstance(value, str):
        return ""
    return "".join(character for character in value[:limit] if _shown(character))


def _shown(character: str) -> bool:
    kind = unicodedata.category(character)
    return (kind not in {"Cc", "Cs"} or character in _KEPT_CONTROLS) and character not in _DIRECTION


def line(value: object, *, limit: int) -> str:
    """`text` on one line, for names and titles."""
    return " ".join(text(value, limit=limit).split())


def identifier(value: object) -> str | None:
    """An id of theirs: letters, digits and `_ . : -`, so that it can stand in a path, a log line and a column."""
    return value if isinstance(value, str) and _IDENTIFIER.fullmatch(value) else None


def web_address(value: object) -> str | None:
    """An address that a browser may be sent to: http or https with a host, no password in it."""
    if not isinstance(value, str) or len(value) > _LONGEST_ADDRESS or " " in value or not value.isprintable():
        return None
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.username is None and parts.port != 0
    except ValueError:
        return None
    return value if usable else None


def whole(value: object) -> int | None:
    """A whole number; true and false are none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def instant(value: object) -> datetime | None:
    """An ISO 8601 time with an offset, or unix seconds, as aware UTC."""
    try:
        if isinstance(value, str):
            parsed = datetime.fromisoformat(value)
            return parsed.astimezone(UTC) if parsed.tzinfo else None
        seconds = whole(value)
        return datetime.fromtimestamp(seconds, UTC) if seconds is not None and 0 < seconds < _LATEST else None
    except (ValueError, OverflowError):
        return None


def instant_ms(value: object) -> datetime | None:
    """Unix milliseconds as aware UTC, to the millisecond."""
    whole_ms = whole(value)
    if whole_ms is None or not 0 < whole_ms < _LATEST * 1000:
        return None
    return datetime.fromtimestamp(whole_ms // 1000, UTC).replace(microsecond=whole_ms % 1000 * 1000)
