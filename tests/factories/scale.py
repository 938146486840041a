"""Organizations with years of work in them, written by plain SQL: commands would take hours for as many rows."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from uuid import UUID

import psycopg
from psycopg import sql

_SEED: Final = Path(__file__).with_name("scale.sql")


def fill(superuser_url: str, *, organizations: int, posts: int, in_largest: int, largest: UUID, due_now: bool) -> None:
    """Add organizations and their posts to a migrated database, `in_largest` of them to `largest`, in one transaction.

    `largest` is made unless it exists. `due_now` False: nothing is to be sent within the next hour. Statistics are up
    to date afterwards.
    """
    values = {
        "organizations": sql.Literal(organizations),
        "posts": sql.Literal(posts),
        "in_largest": sql.Literal(in_largest),
        "largest": sql.Literal(str(largest)),
        "due_now": sql.Literal(due_now),
    }
    # One text of many statements takes no parameters.
    statements = sql.SQL(_SEED.read_text()).format(**values)
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        with connection.transaction():
            connection.execute(statements)
        connection.execute("vacuum analyze")
