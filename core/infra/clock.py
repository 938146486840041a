"""The time of this process. Stored times come from Postgres' `clock_timestamp()`; this is for words and logs."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)
