"""Times that lie apart: nothing that was held goes out in a burst. Pure: no database, clock or network."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Wish:
    """A time wished for a publication on an account."""

    publication_id: UUID
    account_id: UUID
    at: datetime


def apart(wishes: Sequence[Wish], taken: Mapping[UUID, Iterable[datetime]], least: timedelta) -> dict[UUID, datetime]:
    """The times that come nearest to what is wished: never earlier, never two on an account closer than `least`.

    `taken`: what is planned on an account anyway. Wishes for one time come in the order they are given in.
    """
    planned = {account_id: sorted(times) for account_id, times in taken.items()}
    given: dict[UUID, datetime] = {}
    for wish in sorted(wishes, key=lambda each: each.at):
        there = planned.setdefault(wish.account_id, [])
        given[wish.publication_id] = at = _free(there, wish.at, least)
        insort(there, at)
    return given


def spread(ids: Sequence[tuple[UUID, UUID]], start: datetime, every: timedelta) -> list[Wish]:
    """A wish for each (publication, account) in order: an account's first at `start`, its next `every` later."""
    turns: dict[UUID, int] = {}
    wishes = []
    for publication_id, account_id in ids:
        turn = turns.get(account_id, 0)
        turns[account_id] = turn + 1
        wishes.append(Wish(publication_id, account_id, start + turn * every))
    return wishes


def _free(taken: Sequence[datetime], at: datetime, least: timedelta) -> datetime:
    """The first instant from `at` on that is `least` away from everything in `taken`, which is in order."""
    place = bisect_left(taken, at - least)
    for other in taken[place:]:
        if other - at >= least:
            break
        if at - other < least:
            at = other + least
    return at
