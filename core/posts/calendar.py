"""The calendar: days of the organization's zone and what stands on them.

A chip is what of one post stands at one time: all its publications there, or the wish of a post that goes nowhere yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core.infra import db
from core.infra.actor import Actor
from core.infra.errors import Invalid
from core.organizations.rules import Permission, require
from core.posts import calendar_reads, rows, rules, slots, store
from core.posts.calendar_reads import Span
from core.posts.fragments import RANK
from core.posts.rules import PublicationState, Shown, Word
from core.posts.views import Filters

LONGEST: Final = timedelta(days=62)
MOST: Final = 1_000
_FIRST: Final = date(2000, 1, 1)
_LAST: Final = date(2199, 12, 31)

_FIXED: Final = MappingProxyType(
    {
        Word.SENDING: "It is being sent now, that can't be stopped.",
        Word.CHECKING: "It may be live already, so it can't be moved.",
        Word.NEEDS_YOU: "It needs a decision first. Open it.",
        Word.PUBLISHED: "It is published already.",
        Word.FAILED: "It failed. Open it to try it again.",
        Word.CANCELLED: "It was cancelled. Open it to try it again.",
    }
)
_PAST: Final = "Its time has passed. Open it to give it another."


@dataclass(frozen=True, slots=True)
class ChipPublication:
    """One publication of a chip."""

    id: UUID
    account_name: str
    network: str
    state: PublicationState
    shown: Shown


@dataclass(frozen=True, slots=True)
class Chip:
    """What of a post stands at `at`; `text` is its beginning, at most 140 characters.

    `fixed` says why it can't be given another time, empty when it can. `seen` changes with everything that happens to
    it: two moves of the same chip as it was seen are one.
    """

    post_id: UUID
    at: datetime
    text: str
    shown: Shown
    publications: tuple[ChipPublication, ...]
    fixed: str
    seen: str


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day; `total` counts the chips that are not listed too."""

    day: date
    chips: tuple[Chip, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days in order, all of them, and how many chips there are in all."""

    days: tuple[CalendarDay, ...]
    total: int
    listed: int
    today: date
    timezone: str


def calendar(
    actor: Actor, first: date, last: date, filters: Filters, *, per_day: int = 100, most: int = MOST
) -> Calendar:
    """What stands between two days of the organization's zone, both included, in three statements.

    Of `filters` words, account and author count; what was cancelled shows only when it is asked for. At most `per_day`
    chips of a day and `most` in all are listed. Raises Invalid for more than 62 days, and outside 2000 to 2199.
    """
    require(actor, Permission.READ)
    if not _FIRST <= first <= last <= _LAST or last - first > LONGEST:
        raise Invalid(["Choose a day between 2000 and 2199, and at most two months."])
    with db.transaction(actor) as session:
        situation = store.situation(session)
        zone = situation.organization.timezone
        start, end = slots.bounds(first, zone).start, slots.bounds(last, zone).end
        span = Span(start, end, zone, per_day, min(most, MOST))
        words = filters.words or tuple(word for word in Word if word is not Word.CANCELLED)
        found = calendar_reads.chips(
            session, span, [RANK[word] for word in words], filters.account_id, filters.author_id
        )
        standing = _by_place(calendar_reads.publications(session, {row.post_id for row in found})) if found else {}
    chips = [(row, _chip(row, standing.get((row.post_id, row.at), ()), situation.moment)) for row in found]
    return Calendar(
        days=tuple(_day(first + timedelta(days=ahead), chips) for ahead in range((last - first).days + 1)),
        total=found[0].total if found else 0,
        listed=len(found),
        today=slots.day_of(situation.moment, zone).day,
        timezone=zone,
    )


def _day(day: date, chips: Sequence[tuple[Row[Any], Chip]]) -> CalendarDay:
    here = [(row, chip) for row, chip in chips if row.day == day]
    return CalendarDay(day, tuple(chip for _, chip in here), here[0][0].in_day if here else 0)


def _by_place(publications: Iterable[Row[Any]]) -> Mapping[tuple[UUID, datetime], Sequence[Row[Any]]]:
    found: dict[tuple[UUID, datetime], list[Row[Any]]] = {}
    for row in publications:
        found.setdefault((row.post_id, row.due_at), []).append(row)
    return found


def _chip(row: Row[Any], standing: Sequence[Row[Any]], moment: datetime) -> Chip:
    publications = tuple(_publication(each) for each in standing)
    return Chip(
        post_id=row.post_id,
        at=row.at,
        text=row.text,
        shown=rules.gravest(each.shown for each in publications),
        publications=publications,
        fixed=why_fixed([each.shown for each in publications], row.at, moment),
        seen=f"{row.revision}.{sum(each.version for each in standing)}",
    )


def _publication(row: Row[Any]) -> ChipPublication:
    shown = rows.shown(row, paused=row.paused)
    return ChipPublication(row.id, row.account_name, row.network, PublicationState(row.state), shown)


def why_fixed(shown: Sequence[Shown], at: datetime, moment: datetime) -> str:
    """Why what shows these words at `at` can't be dragged to another day; empty when it can."""
    if shown and all(each.word in _FIXED for each in shown):
        return _FIXED[rules.gravest(shown).word]
    return _PAST if at <= moment else ""
