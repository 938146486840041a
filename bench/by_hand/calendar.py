"""The calendar by month, week and list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from bench.reads import Read, Sample, written
from core.posts import calendar_reads
from core.posts.calendar_reads import Span
from core.posts.fragments import RANK
from core.posts.rules import Word

_SHOWN: Final = [RANK[word] for word in Word if word is not Word.CANCELLED]
_MOST: Final = 200
_ZONE: Final = "Europe/Berlin"


_WISHES: Final = """union all
      select t.id, t.slot_at, [draft] from masthead.post t where t.organization_id = {organization}
        and t.slot_at >= [first] and t.slot_at < [last] and t.deleted_at is null
        and not exists (select 1 from masthead.publication p
          where p.organization_id = {organization} and p.post_id = t.id and p.removed_at is null)"""
_CHIPS: Final = """
with placed as (
  select standing.post_id, standing.at, standing.rank, t.revision,
    cast(standing.at at time zone 'Europe/Berlin' as date) as day
  from (select p.post_id, p.due_at as at, min([rank]) as rank from masthead.publication p
    where p.organization_id = {organization} and p.due_at >= [first] and p.due_at < [last] and [current]
    group by p.post_id, p.due_at [or_wishes]) standing
  join masthead.post t on t.organization_id = {organization} and t.id = standing.post_id
  where t.deleted_at is null and standing.rank in ([shown]) [of_author]),
cut as (select *, row_number() over (partition by day order by at, post_id) as place,
  count(*) over (partition by day) as in_day, count(*) over () as total from placed)
select cut.post_id, cut.at, cut.rank, cut.revision, cut.day, cut.in_day, cut.total, left(t.text, 140) as text
from cut join masthead.post t on t.organization_id = {organization} and t.id = cut.post_id
where cut.place <= [per_day] order by cut.at, cut.post_id limit 200"""


def _chips(
    first: str,
    last: str,
    per_day: int,
    *,
    account: Callable[[Sample], UUID] | None = None,
    author: Callable[[Sample], UUID] | None = None,
) -> dict[str, Any]:
    """Ours and the one by hand between two instants of the sample."""

    def ours(session: Any, sample: Sample) -> object:
        span = Span(getattr(sample, first), getattr(sample, last), _ZONE, per_day, _MOST)
        return calendar_reads.chips(session, span, _SHOWN, account and account(sample), author and author(sample))

    by_hand = written(
        _CHIPS,
        or_wishes="having bool_or(p.account_id = {account})" if account else _WISHES,
        of_author="and t.author_id = {member}" if author else "",
        first=f"{{{first}}}",
        last=f"{{{last}}}",
        per_day=str(per_day),
        shown=",".join(map(str, _SHOWN)),
    )
    return {"ours": ours, "by_hand": by_hand}


READS: Final = (
    Read("calendar_month", **_chips("month", "next_month", 4)),
    Read("calendar_week", **_chips("week", "next_week", 12)),
    Read("calendar_list", **_chips("day", "next_week", 100)),
    Read("calendar_month_of_account", **_chips("month", "next_month", 4, account=lambda sample: sample.account)),
    Read("calendar_month_of_author", **_chips("month", "next_month", 4, author=lambda sample: sample.member)),
    Read(
        "calendar_publications",
        lambda session, sample: calendar_reads.publications(session, sample.page),
        """select p.id, p.post_id, p.due_at, a.name as account_name, a.state as account_state, a.network, p.state,
          p.needs, p.version, p.deleted_at, p.state = 'scheduled' and [paused] as paused, [risk] as risk,
          [not_shown] as not_shown
        from masthead.publication p
        join masthead.organization o on o.id = {organization}
        join masthead.account a on a.organization_id = {organization} and a.id = p.account_id
        where p.organization_id = {organization} and p.post_id = any({page}) and p.due_at is not null and [current]
        order by lower(a.name), a.id""",
        unordered=True,
    ),
)
