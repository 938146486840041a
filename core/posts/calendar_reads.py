"""SQL of the calendar: what of a post stands at one time is one chip; Postgres filters, counts and cuts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from core.posts.fragments import RULES, Rows, statement


@dataclass(frozen=True, slots=True)
class Span:
    """The instants [start, end) of some days of a zone, and how much of them is wanted."""

    start: datetime
    end: datetime
    zone: str
    per_day: int
    most: int


_OF_ACCOUNT: Final = "having bool_or(p.account_id = :account)"
_OF_AUTHOR: Final = "and t.author_id = :author"

# A post that goes to no account yet stands at the time wished for it.
_WISHES: Final = """
  union all
  select t.id, t.slot_at, :draft from masthead.post t
  where t.slot_at >= :start and t.slot_at < :end and t.deleted_at is null
    and not exists (select 1 from masthead.publication p
      where p.organization_id = t.organization_id and p.post_id = t.id and p.removed_at is null)"""

_CHIPS: Final = """
with standing as (
  select p.post_id, p.due_at as at, min({rank}) as rank
  from masthead.publication p
  where p.due_at >= :start and p.due_at < :end and {current}
  group by p.post_id, p.due_at"""
_PLACED: Final = """),
placed as (
  select standing.*, t.organization_id, t.revision, chosen.day,
    row_number() over (partition by chosen.day order by standing.at, standing.post_id) as place,
    count(*) over (partition by chosen.day) as in_day,
    count(*) over () as total
  from standing
  join masthead.post t on t.id = standing.post_id
  cross join lateral (select cast(standing.at at time zone :zone as date) as day) chosen
  where t.deleted_at is null and standing.rank = any(:wanted)"""
_CUT: Final = """)
select placed.post_id, placed.at, placed.rank, placed.revision, placed.day, placed.in_day, placed.total,
  left(t.text, 140) as text
from placed
join masthead.post t on t.organization_id = placed.organization_id and t.id = placed.post_id
where placed.place <= :per_day
order by placed.at, placed.post_id limit :most"""


def chips(session: Session, span: Span, ranks: Sequence[int], account_id: UUID | None, author_id: UUID | None) -> Rows:
    """What stands in a span, soonest first: at most `per_day` of a day and `most` in all, with how many there are."""
    parameters: dict[str, Any] = {
        "start": span.start,
        "end": span.end,
        "zone": span.zone,
        "per_day": span.per_day,
        "most": span.most,
        "wanted": list(ranks),
    }
    lines = [_CHIPS, _WISHES if account_id is None else _OF_ACCOUNT, _PLACED]
    if account_id is not None:
        parameters["account"] = account_id
    if author_id is not None:
        parameters["author"] = author_id
        lines.append(_OF_AUTHOR)
    return session.execute(statement(*lines, _CUT), {**RULES, **parameters}).all()


_PUBLICATIONS: Final = statement(
    """
select p.id, p.post_id, p.due_at, a.name as account_name, a.state as account_state, a.network, p.state, p.needs,
  p.version, p.deleted_at, {paused} as paused, {risk} as risk, {not_shown} as not_shown
from masthead.publication p {account_and_organization}
where p.post_id = any(:posts) and p.due_at is not null and {current}
order by lower(a.name), a.id
"""
)


def publications(session: Session, post_ids: Collection[UUID]) -> Rows:
    """The current publications with a time of several posts."""
    return session.execute(_PUBLICATIONS, {"posts": list(post_ids)}).all()
