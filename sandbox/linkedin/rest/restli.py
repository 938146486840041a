"""Rest.li 2.0 on the wire, read strictly (linkedin 1.5): structure raw, every value percent-encoded.

What a careless client sends is refused: raw colons, lists whose brackets were encoded, broken escapes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from sandbox.linkedin.errors import bad_query, malformed

BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
STRUCTURE = re.compile(r"[(),:]")
ENCODED_LIST = re.compile(r"List%28", re.IGNORECASE)
# Not Rest.li values: plain text with commas (1.5).
PLAIN_PARAMETERS = frozenset({"fields"})
IN_PATH = "Syntax exception in path variables"


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter: one text, or a list of them."""

    text: str | None = None
    items: tuple[str, ...] | None = None


def read_key(segment: str) -> str:
    """A key in a path: all of it encoded [O]."""
    if not segment or STRUCTURE.search(segment):
        raise malformed(IN_PATH)
    return _decode(segment, IN_PATH)


def read_query(query_string: bytes, protocol_2: bool) -> Mapping[str, Value]:
    """The parameters of a query. Without protocol 2.0.0 lists and records aren't understood (1.3)."""
    values: dict[str, Value] = {}
    for part in query_string.decode("latin-1").split("&"):
        if not part:
            continue
        name, _, raw = part.partition("=")
        if name in values:
            raise bad_query(f"{name} comes twice")
        values[name] = _read(name, raw, protocol_2)
    return values


def _read(name: str, raw: str, protocol_2: bool) -> Value:
    if name in PLAIN_PARAMETERS:
        return Value(text=_decode(raw, name))
    if ENCODED_LIST.match(raw):
        raise bad_query(f"the brackets of {name} are encoded")
    if raw.startswith("List("):
        if not protocol_2:
            raise bad_query(f"{name}: List() needs X-Restli-Protocol-Version 2.0.0")
        if not raw.endswith(")"):
            raise bad_query(name)
        return Value(items=tuple(_item(name, item) for item in raw[5:-1].split(",") if item))
    return Value(text=_item(name, raw))


def _item(name: str, raw: str) -> str:
    if STRUCTURE.search(raw):
        raise bad_query(f"{name} is not encoded")
    return _decode(raw, name)


def _decode(raw: str, name: str) -> str:
    if BROKEN_ESCAPE.search(raw):
        raise malformed(f"{name}: a % is not followed by two hexadecimal digits")
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError as problem:
        raise malformed(f"{name} is not UTF-8") from problem


def encode(text: str) -> str:
    """A value as it goes into a path or query."""
    return quote(text, safe="")
