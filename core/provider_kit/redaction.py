"""Secrets inside what others write of our calls: networks quote what they were sent, libraries log whole addresses."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from typing_extensions import override

from core.infra.redaction import MASK, SHORTEST_SECRET, redacted


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without the secrets of this call, and without what looks like one."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, MASK)
    return redacted(text)


class DropQueries(logging.Filter):
    """Cuts the query off every address in a log record: urllib3 logs addresses whole, and some carry secrets."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_without_query(argument) for argument in record.args)
        return True


def _without_query(argument: Any) -> Any:
    return argument.partition("?")[0] if isinstance(argument, str) else argument
