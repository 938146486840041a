"""What must never be written down: tokens, secrets, passwords, one-time codes and cookies, by name and by shape.

Used on every log line, on tracebacks and on audit lines. It would rather mask a harmless word than let a secret by.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence, Set
from datetime import date, time
from enum import Enum
from functools import lru_cache
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
# What may follow such a word and still name the secret itself: password_1, client_secret_value, tokenValue.
_SUFFIX: Final = (
    r"[_-]?(?:\d{1,4}|values?|raw|plain|text|string|data|old|new|current|previous|base64|b64|hex|encoded"
    r"|confirm(?:ation)?|repeat(?:ed)?)"
)
_NAMED: Final = rf"(?:{_NAME})s?(?:{_SUFFIX})?"
_NAME_WORDS: Final = (
    "token secret passw passphrase pwd proof verifier assertion signature cookie authorization key credential dsn"
)
_SECRET_KEY: Final = re.compile(rf"(?i)(?:{_NAMED})$")
_HEADERS: Final = (
    r"(?:proxy-)?authorization|(?:set-)?cookie|x-hub-signature(?:-256)?|x-li-signature|x-api-key|x-csrf-?token"
)
_PER: Final = r"%(?:25){0,5}"  # a percent sign, itself percent-encoded up to five times
_EQUALS: Final = rf"(?:=|{_PER}3D)"
_BREAK: Final = r"(?:\r?\n|\\{1,7}r\\{1,7}n|\\{1,7}n)"  # a line break as it is, and as repr and JSON show it
# To the end of a quoted string; one that was cut off before its end is masked to the end of the text.
_IN_DOUBLE: Final = r"\"(?:[^\"\\]|\\[\s\S])*+\"?"
_IN_SINGLE: Final = r"'(?:[^'\\]|\\[\s\S])*+'?"
_DSN: Final = r"(?:postgres|mysql|mariadb|redis|valkey|mongodb|amqp)[a-z0-9+.]{0,20}"
# A string inside a string, \"...\": it ends at that quote behind as many backslashes, or fewer.
_IN_ESCAPED_DOUBLE: Final = r"(\\{1,15})\"(?:[^\"\\]++|\\++(?!\")|\2\\++\")*+\"?"
_IN_ESCAPED_SINGLE: Final = _IN_ESCAPED_DOUBLE.replace('"', "'")

# Words of which one must be there, in lower case; then what finds the part to keep (group 1) and the secret after it.
# No pattern may look at a part of the text more often than a fixed number of times: what repeats without a bound is
# possessive and then succeeds, so that the next search begins behind it.
_BY_NAME: Final = tuple(
    (tuple(words.split()), re.compile(pattern))
    for words, pattern in (
        # multipart/form-data: name="..." in a part's headers, an empty line, the value, and the next boundary.
        (
            "form-data",
            (
                rf"(?is)(\bname=\\{{0,7}}[\"']?[\w.\[\]-]{{0,80}}?(?:{_NAMED}|\bcode)\]?\\{{0,7}}[\"']?"
                rf"(?:(?!{_BREAK}{_BREAK}).){{0,400}}{_BREAK}{_BREAK})(?:(?!{_BREAK}--).)++"
            ),
        ),
        # Headers as "Name: value", to the end of the line.
        ("authorization cookie x-", rf"(?i)(\b(?:{_HEADERS})\s*[:=]\s*)[^\r\n]+"),
        # "name": {...} and "name": [...]: whatever is in there, and the rest of the line.
        (_NAME_WORDS, rf"(?i)((?:{_NAMED})\\{{0,15}}[\"']\s*[:=]\s*)[\[{{(][^\r\n]*+"),
        # name=value as in addresses, forms and DSNs, also percent-encoded again and again.
        (_NAME_WORDS, rf"(?i)((?:{_NAMED}){_EQUALS})(?:{_IN_DOUBLE}|{_IN_SINGLE}|[^\s&\"'<>,;)}}\]]+)"),
        # "name": "value" as in JSON and in Python's repr, as it is and inside another string.
        (_NAME_WORDS, rf"(?i)((?:{_NAMED})[\"']\s*[:,=]\s*)(?:b?{_IN_DOUBLE}|b?{_IN_SINGLE})"),
        (_NAME_WORDS, rf"(?i)((?:{_NAMED})\\{{1,15}}\"\s*[:,=]\s*){_IN_ESCAPED_DOUBLE}"),
        (_NAME_WORDS, rf"(?i)((?:{_NAMED})\\{{1,15}}'\s*[:,=]\s*)b?{_IN_ESCAPED_SINGLE}"),
        # The same percent-encoded.
        (
            _NAME_WORDS,
            (
                rf"(?i)((?:{_NAMED}){_PER}2[27](?:\s|\+|{_PER}20){{0,4}}(?:[:,]|{_PER}(?:3A|2C))(?:\s|\+|{_PER}20){{0,4}})"
                r"[^\s&\"'<>]+"
            ),
        ),
        # <name>value</name>
        (
            _NAME_WORDS,
            rf"(?i)(<[\w:.-]{{0,80}}?(?:{_NAMED})(?:\s[^<>]{{0,200}})?>\s{{0,40}}(?:<!\[CDATA\[)?)[^<]++",
        ),
        # name: value in prose, when the value is too long for a word.
        (_NAME_WORDS, rf"(?i)((?:{_NAMED})[\"']?\s*[:=]\s*[\"']?)[^\s&\"'<>,;)}}\]]{{12,}}"),
        # OAuth's own, which are ordinary words elsewhere: in a query at any length, else when long.
        (
            "? & ; %",
            rf"(?i)((?:[?&;]|{_PER}(?:3F|26|3B))(?:code|state|nonce|invitation|sig|key|auth){_EQUALS})[^\s&\"'<>]+",
        ),
        (
            "code state nonce invitation",
            (
                rf"(?i)(\b(?:code|state|nonce|invitation)(?:\\{{0,15}}[\"'])?\s*(?::|{_EQUALS})\s*(?:\\{{0,15}}[\"'])?)"
                r"[\w.~%+/#-]{16,}"
            ),
        ),
        # scheme://user:password@host. A database's password may hold a slash; elsewhere digits before one are a port.
        ("://", rf"(?i)(\b{_DSN}://[^\s/:@]{{0,80}}:)\S{{1,400}}(?=@)"),
        ("://", r"(?i)([a-z][a-z0-9+.-]{0,20}://[^\s/:@]{0,80}:)(?!\d{1,5}[/?#])[^\s\"<>]{1,400}(?=@)"),
        ("bearer", r"(?i)(\bbearer\s+)[\w.~+/|=-]{6,}"),
        ("basic oauth", r"(?i)(\b(?:basic|oauth)\s+)[\w.~+/|=-]{16,}"),
        ("_streamlit_", r"(_streamlit_(?:user|user_tokens|session|xsrf)(?:_\d+)?=)[^;\s]+"),
    )
)
# Characters that must be there, and what finds the secret: most texts have none of them, and that is quickly seen.
_BY_SHAPE: Final = (
    ("EAA", re.compile(r"\bEAA[A-Za-z0-9]{10,}")),  # Meta's user and Page tokens
    ("IG", re.compile(r"\bIG(?:QV|AA)[A-Za-z0-9_-]{10,}")),
    ("|", re.compile(r"\b\d{6,20}\|[A-Za-z0-9_-]{12,}")),  # Meta's app token: id|secret
    ("AQ", re.compile(r"\bAQ[A-Za-z0-9_-]{30,}")),  # LinkedIn's codes and tokens
    # JWT. A header longer than 2,000 characters is found only where nothing stands before it, which costs one look.
    ("eyJ", re.compile(r"\beyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{4,}+[A-Za-z0-9_.-]*+")),
    ("eyJ", re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{4,}+[A-Za-z0-9_.-]*+")),
    (
        "-----BEGIN",
        re.compile(
            r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)", re.DOTALL
        ),
    ),
)

_WORDS: Final = frozenset(word for words, _ in _BY_NAME for word in words)

_known: tuple[str, ...] = ()  # the longest first, for one may be a part of another


def conceal(*secrets: str) -> None:
    """Never write these values from now on, in whatever they stand: keys, passwords, client secrets of this process."""
    global _known
    known = set(_known)
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            known.update({secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]})
    _known = tuple(sorted(known, key=len, reverse=True))
    _name.cache_clear()


def redacted(text: str) -> str:
    """`text` without what is, or looks like, a secret."""
    for secret in _known:
        text = text.replace(secret, MASK)
    lowered = text.lower()
    there = {word for word in _WORDS if word in lowered}
    if there:
        for words, by_name in _BY_NAME:
            if not there.isdisjoint(words):
                text = by_name.sub(rf"\g<1>{MASK}", text)
    for sign, by_shape in _BY_SHAPE:
        if sign in text:
            text = by_shape.sub(MASK, text)
    return text


def redacted_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A copy that JSON can hold, without secrets: values are masked by their key's name and by their own shape."""
    return {_name(str(key)): _field(str(key), value, 0) for key, value in fields.items()}


@lru_cache(maxsize=1024)
def _name(key: str) -> str:
    """A field's name without secrets: there are few, and each is on every line."""
    return redacted(key)


def _field(key: str, value: Any, depth: int) -> Any:
    return MASK if _hides(key, value) else _plain(value, depth)


def _hides(key: str, value: Any) -> bool:
    """Whether a field holds a secret: a mapping or list under such a name is masked whole, yes and no never are."""
    return value is not None and not isinstance(value, bool) and sounds_secret(key, value)


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
        return {_name(str(key)): _field(str(key), each, depth + 1) for key, each in value.items()}
    if depth < _DEEPEST and isinstance(value, list | tuple | Set):
        if isinstance(value, list | tuple) and _is_secret_pair(value):
            return [redacted(_named(value[0])), MASK]
        members = sorted(value, key=str) if isinstance(value, Set) else value
        return [_plain(each, depth + 1) for each in members]
    return redacted(_shown(value))


def _is_secret_pair(members: Sequence[Any]) -> bool:
    """("Cookie", "...") and (b"authorization", b"..."), as headers and form fields are often listed."""
    return len(members) == 2 and isinstance(members[0], str | bytes) and _hides(_named(members[0]), members[1])


def _named(name: str | bytes) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else name


def _shown(value: object) -> str:
    try:
        return str(value)
    except Exception:  # whatever an object's own words do, they must not cost the line they stand in
        return f"[a {type(value).__name__} that can't be shown]"
