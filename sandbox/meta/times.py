"""Times on Meta's wire (meta 0.2): reads write ISO-8601 without a colon in the offset, writes take Unix seconds too."""

from __future__ import annotations

import re
from datetime import UTC, datetime

UNIX = re.compile(r"\d{1,11}")


def write_time(at: float) -> str:
    """`2026-11-22T09:30:00+0000`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def read_time(value: str) -> float | None:
    """Unix seconds or ISO-8601, else None: of `strtotime()`'s many forms none is taken."""
    if UNIX.fullmatch(value):
        return float(value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
