"""Statements written by hand, for one organization by its id: the best that we know for the same answer.

They run around row-level security, with everything a page asks for as a literal, and read the same indexes.
"""

from __future__ import annotations

from bench.by_hand import calendar, errors, home, library, lists, people, posts, tokens
from bench.reads import Read

READS: tuple[Read, ...] = (
    *people.READS,
    *tokens.READS,
    *home.READS,
    *calendar.READS,
    *lists.READS,
    *posts.READS,
    *library.READS,
    *errors.READS,
)
