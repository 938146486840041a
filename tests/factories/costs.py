"""What is done in Postgres, counted: how many rows it fetches, and when it may keep a plan."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

# Postgres plans a statement of a function anew this often before it may keep one plan for all that follow.
KEPT_AFTER: Final = 6


@dataclass
class Fetched:
    """How many rows, once it is over."""

    count: int = 0


@contextmanager
def rows_fetched(session: Session, *tables: str) -> Iterator[Fetched]:
    """The rows of these tables that Postgres fetches for what is done in the session meanwhile."""
    fetched = Fetched()
    before = _so_far(session, tables)
    yield fetched
    fetched.count = _so_far(session, tables) - before


def _so_far(session: Session, tables: tuple[str, ...]) -> int:
    statement = "select sum(idx_tup_fetch + seq_tup_read) from pg_stat_xact_user_tables where relname = any(:tables)"
    return int(session.execute(text(statement), {"tables": list(tables)}).scalar_one())
