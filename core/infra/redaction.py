"""What must never be written down: tokens, secrets, passwords, one-time codes and cookies, by name and by shape.

Used on every log line, on tracebacks and on audit lines. It would rather mask a harmless word than let a secret by.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Set
from datetime import date, time
from enum import Enum
from typing import Any, Final
from urllib.parse import quote, quote_plus
from uuid import UUID

MASK: Final = "[redacted]"
SHORTEST_SECRET: Final = 6
_DEEPEST: Final = 6
_LONGEST_CODE: Final = 6  # an error's number; a one-time code of OAuth is longer

_NAME: Final = (
    r"token|secret|password|passwd|passphrase|pwd|proof|verifier|assertion|signature|cookie|authorization"
    r"|api[_-]?key|secret[_-]?key|private[_-]?key|session[_-]?key|credentials?|dsn"
)
_NAME_WORDS: Final = (
    "token secret passw passphrase pwd proof verifier assertion signature cookie authorization key credential dsn"
)
_SECRET_KEY: Final = re.compile(rf"(?i)(?:{_NAME})s?$")
_HEADERS: Final = (
    r"(?:proxy-)?authorization|(?:set-)?cookie|x-hub-signature(?:-256)?|x-li-signature|x-api-key|x-csrf-?token"
)
# Words of which one must be there, in lower case; then what finds the part to keep (group 1) and the secret after it.
_BY_NAME: Final = tuple(
    (tuple(words.split()), re.compile(pattern))
    for words, pattern in (
        # Headers, as "Name: value", as {"Name": "value"} and as (b"Name", b"value"), to the end of line or string.
        ("authorization cookie x-", rf"(?i)(\b(?:{_HEADERS})\b[\"']?\s*[:=,]\s*b?[\"']?)[^\r\n\"']+"),
        # name=value as in addresses, forms and DSNs, also percent-encoded once more.
        (_NAME_WORDS, rf"(?i)((?:{_NAME})(?:=|%3D))(?:\"[^\"]*\"|'[^']*'|[^\s&\"'<>,;)}}\]]+)"),
        # "name": "value" as in JSON and in Python's repr.
        (_NAME_WORDS, rf"(?i)((?:{_NAME})[\"']\s*[:,=]\s*)(?:b?\"(?:[^\"\\]|\\.)*\"|b?'(?:[^'\\]|\\.)*')"),
        # name: value in prose, when the value is too long for a word.
        (_NAME_WORDS, rf"(?i)((?:{_NAME})[\"']?\s*[:=]\s*[\"']?)[^\s&\"'<>,;)}}\]]{{12,}}"),
        # OAuth's own, which are ordinary words elsewhere: in a query at any length, else when long.
        ("? & ;", r"(?i)([?&;](?:code|state|nonce|invitation|sig|key|auth)(?:=|%3D))[^\s&\"'<>]+"),
        (
            "code state nonce invitation",
            r"(?i)(\b(?:code|state|nonce|invitation)[\"']?\s*(?:=|:|%3D)\s*[\"']?)[\w.~%+/#-]{16,}",
        ),
        # scheme://user:password@host
        ("://", r"(?i)([a-z][a-z0-9+.-]{0,20}://[^\s/:@]{0,80}:)[^\s/]+(?=@)"),
        ("bearer", r"(?i)(\bbearer\s+)[\w.~+/|=-]{6,}"),
        ("basic oauth", r"(?i)(\b(?:basic|oauth)\s+)[\w.~+/|=-]{16,}"),
        ("_streamlit_", r"(_streamlit_(?:user|user_tokens|session|xsrf)(?:_\d+)?=)[^;\s]+"),
    )
)
_BY_SHAPE: Final = (
    re.compile(r"\bEAA[A-Za-z0-9]{10,}"),  # Meta's user and Page tokens
    re.compile(r"\bIG(?:QV|AA)[A-Za-z0-9_-]{10,}"),
    re.compile(r"\b\d{6,20}\|[A-Za-z0-9_-]{12,}"),  # Meta's app token: id|secret
    re.compile(r"\bAQ[A-Za-z0-9_-]{30,}"),  # LinkedIn's codes and tokens
    re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*"),  # JWT
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
)

_known: set[str] = set()


def conceal(*secrets: str) -> None:
    """Never write these values from now on, in whatever they stand: keys, passwords, client secrets of this process."""
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            _known.update({secret, quote(secret, safe=""), quote_plus(secret)})


def redacted(text: str) -> str:
    """`text` without what is, or looks like, a secret."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, MASK)
    lowered = text.lower()
    for words, by_name in _BY_NAME:
        if any(word in lowered for word in words):
            text = by_name.sub(rf"\g<1>{MASK}", text)
    for pattern in _BY_SHAPE:
        text = pattern.sub(MASK, text)
    return text


def redacted_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A copy that JSON can hold, without secrets: values are masked by their key's name and by their own shape."""
    return {redacted(str(key)): _field(str(key), value, 0) for key, value in fields.items()}


def _field(key: str, value: Any, depth: int) -> Any:
    if value is not None and not isinstance(value, bool | Mapping) and sounds_secret(key, value):
        return MASK
    return _plain(value, depth)


def sounds_secret(key: str, value: object = "") -> bool:
    """Whether a value under this key is to be masked unseen."""
    name = key.replace("-", "_")
    if name.lower() == "code":
        return isinstance(value, str) and len(value) > _LONGEST_CODE
    return _SECRET_KEY.search(name) is not None and name.lower() != "proof"


def _plain(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)  # JSON has neither NaN nor infinity
    if isinstance(value, Enum):
        return _plain(value.value, depth)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value)} bytes]"
    if isinstance(value, UUID | date | time):
        return value.isoformat() if isinstance(value, date | time) else str(value)
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {redacted(str(key)): _field(str(key), each, depth + 1) for key, each in value.items()}
    if depth < _DEEPEST and isinstance(value, list | tuple | Set):
        members = sorted(value, key=str) if isinstance(value, Set) else value
        return [_plain(each, depth + 1) for each in members]
    return redacted(_shown(value))


def _shown(value: object) -> str:
    try:
        return str(value)
    except Exception:  # whatever an object's own words do, they must not cost the line they stand in
        return f"[a {type(value).__name__} that can't be shown]"
