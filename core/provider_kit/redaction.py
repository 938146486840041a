"""What must never be written down: tokens, secrets and one-time codes inside words that others wrote.

Networks quote what they were sent ("Malformed access token EAA..."), and libraries log whole addresses.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Any, Final

from typing_extensions import override

MASK: Final = "[masked]"
_SHORTEST_SECRET: Final = 6
_SECRET_PARAMETER: Final = re.compile(
    r"(?i)\b([a-z_]*(?:token|secret|proof|code|password|signature|assertion|verifier)[a-z_]*)(=|\"?\s*:\s*\")([^&,;\s\"']+)"
)
_AUTHORIZATION: Final = re.compile(r"(?i)\b(bearer|oauth|basic)\s+[a-z0-9._~+/|=-]{8,}")


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without the given secrets, and without values of parameters that sound like secrets."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, MASK)
    text = _SECRET_PARAMETER.sub(rf"\1\2{MASK}", text)
    return _AUTHORIZATION.sub(rf"\1 {MASK}", text)


class DropQueries(logging.Filter):
    """Cuts the query off every address in a log record: urllib3 logs addresses whole, and some carry secrets."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_without_query(argument) for argument in record.args)
        return True


def _without_query(argument: Any) -> Any:
    return argument.partition("?")[0] if isinstance(argument, str) else argument
