"""SQL of a pause's publications: what came due under it, what is planned after. Takes a session; never commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Integer, Row, bindparam, text
from sqlalchemy.orm import Session

from core.accounts.pause_rows import PAUSES
from core.posts.fragments import IS_UNPROVEN

_UNDER: Final = text(
    f"""
select a.id, a.name, {PAUSES} as pauses from masthead.account a
join masthead.pause over on over.organization_id = a.organization_id and over.id = :pause
  and (over.scope = 'organization' or over.provider = a.provider or over.account_id = a.id)
order by lower(a.name), a.id
"""  # noqa: S608 - the parts are our own words
)


def accounts_under(session: Session, pause_id: UUID) -> Sequence[Row[Any]]:
    """The accounts that a pause is over, each with all pauses in force over it (`pause_rows.read`)."""
    return session.execute(_UNDER, {"pause": pause_id}).all()


# Held to this moment, or late because its window ended while the pause lasted: one index each.
_OVERDUE: Final = text(f"""
select p.id, p.post_id, left(p.payload->>'text', 140) as text, p.account_id, a.name as account_name, a.network,
  a.state as account_state, p.state, p.needs, p.due_at,
  coalesce(p.approved_sha256 = p.payload_sha256 and p.approved_until > clock_timestamp(), false) as holds,
  {IS_UNPROVEN} as unproven
from (
  select q.organization_id, q.id from masthead.publication q
  where q.account_id = any(:accounts) and q.state = 'scheduled' and q.due_at <= clock_timestamp()
  union all
  select q.organization_id, q.id from masthead.publication q
  where q.account_id = any(:accounts) and q.state in ('unknown','needs_human') and q.state = 'needs_human'
    and q.needs = 'late' and q.not_after >= :began) over
join masthead.publication p on p.organization_id = over.organization_id and p.id = over.id
join masthead.account a on a.organization_id = p.organization_id and a.id = p.account_id
join masthead.post t on t.organization_id = p.organization_id and t.id = p.post_id
where p.removed_at is null and t.deleted_at is null
order by p.due_at, p.id limit :limit
""").bindparams(bindparam("limit", type_=Integer, literal_execute=True))  # noqa: S608 - the parts are our own words


def overdue(session: Session, account_ids: Collection[UUID], began: datetime, limit: int) -> Sequence[Row[Any]]:
    """Publications on these accounts whose time passed under a pause that began then, the longest overdue first."""
    return session.execute(_OVERDUE, {"accounts": list(account_ids), "began": began, "limit": limit}).all()


_WAITING: Final = text("""
select count(*) filter (where p.due_at <= :until) as overdue, count(*) filter (where p.due_at > :until) as planned
from masthead.publication p
where p.account_id = any(:accounts) and p.state = 'scheduled'
""")


def waiting(session: Session, account_ids: Collection[UUID], until: datetime) -> tuple[int, int]:
    """How many scheduled publications of these accounts were due by an instant, and how many are after it."""
    row = session.execute(_WAITING, {"accounts": list(account_ids), "until": until}).one()
    return row.overdue, row.planned


_PLANNED: Final = text("""
select p.account_id, p.due_at from masthead.publication p
where p.account_id = any(:accounts) and p.state = 'scheduled' and p.due_at > :since and p.id <> all(:besides)
""")


def planned(
    session: Session, account_ids: Collection[UUID], since: datetime, besides: Collection[UUID] = ()
) -> dict[UUID, list[datetime]]:
    """Account -> the times after `since` at which something is scheduled there."""
    rows = session.execute(_PLANNED, {"accounts": list(account_ids), "since": since, "besides": list(besides)})
    times: dict[UUID, list[datetime]] = {}
    for row in rows:
        times.setdefault(row.account_id, []).append(row.due_at)
    return times
