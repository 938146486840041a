"""SQL of Home and of the menu's badges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from core.posts.fragments import Rows, statement
from core.posts.rules import ACCOUNT_SENDS


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom the figures are: `any_reviewer` may decide what others were asked, `approves` False decides nothing."""

    member_id: UUID
    approves: bool
    any_reviewer: bool
    self_approval: bool

    @property
    def parameters(self) -> dict[str, Any]:
        """As the statements name them."""
        return {
            "member": self.member_id,
            "approves": self.approves,
            "any_reviewer": self.any_reviewer,
            "self_approval": self.self_approval,
        }


_TO_DECIDE: Final = statement(
    """
select q.*, submitter.name, (
    select array_agg(distinct a.network order by a.network) from masthead.publication p {account_and_organization}
    where p.organization_id = q.organization_id and p.post_id = q.id and p.state = 'in_review') as networks, exists (
    select 1 from masthead.publication p where p.organization_id = q.organization_id and p.post_id = q.id
      and p.state = 'in_review' and p.last_error ? 'restored') as restored
from (
  select t.organization_id, t.id, left(t.text, 140) as text, t.submitted_by, t.submitted_at as at, asked.first_due_at
  {in_review} and :approves and {mine_to_decide}
  order by asked.first_due_at nulls last, t.submitted_at, t.id limit :limit) q
join masthead.member sm on sm.organization_id = q.organization_id and sm.id = q.submitted_by
join masthead.person submitter on submitter.id = sm.person_id
order by q.first_due_at nulls last, q.at, q.id
"""
)

_RETURNED: Final = statement(
    """
select q.*, person.name, (
    select array_agg(distinct a.network order by a.network) from masthead.publication p {account_and_organization}
    where p.organization_id = q.organization_id and p.post_id = q.id and p.removed_at is null) as networks
from (
  select t.organization_id, t.id, left(t.text, 140) as text, t.slot_at as first_due_at, said.text as words,
    said.author_id, said.at {returned}) q
join masthead.member m on m.organization_id = q.organization_id and m.id = q.author_id
join masthead.person on person.id = m.person_id
order by q.at desc, q.id limit :limit
"""
)

_WAITING: Final = """
select p.id, p.post_id, left(t.text, 140) as text, a.name as account_name, a.network, p.state, p.needs,
  a.state as account_state, p.last_error, p.due_at, p.published_at, p.updated_at, p.deleted_at,
  case when p.deleted_at is null then l.url end as live_url, l.not_shown,
  o.timezone as zone, {pauses} as pauses, {risk} as risk, {late_unproven} as late_unproven
from masthead.publication p
join masthead.post t on t.organization_id = p.organization_id and t.id = p.post_id {account_and_organization}
left join masthead.publication_link l on l.organization_id = p.organization_id and l.publication_id = p.id
where t.deleted_at is null and {current}"""

_FAILED: Final = statement(
    _WAITING,
    "and p.state = 'failed' and p.updated_at > clock_timestamp() - cast(:recent as interval)",
    "order by p.updated_at desc, p.id limit :limit",
)
_NOT_SHOWN: Final = statement(
    _WAITING,
    "and l.not_shown is not null and l.updated_at > clock_timestamp() - cast(:recent as interval)",
    "and p.deleted_at is null order by l.updated_at desc, p.id limit :limit",
)
_NEEDING: Final = statement(_WAITING, "and p.state = 'needs_human'", "order by p.updated_at, p.id limit :limit")
_HELD: Final = statement(
    _WAITING,
    "and p.state = 'scheduled' and p.account_id = any({silent})",
    "order by p.due_at, p.id limit :limit",
)
_UNTIMED: Final = statement(
    _WAITING,
    "and p.state = 'approved' and p.due_at is null",
    "order by p.approved_until, p.id limit :limit",
)
# What is held already is no news here.
_AT_RISK: Final = statement(
    _WAITING,
    "and p.state = 'scheduled' and {threatened}",
    "order by p.due_at, p.id limit :limit",
)
_BETWEEN: Final = statement(
    # What goes out is what nothing stands against: neither held, unclear, failed nor waiting for somebody.
    """
select q.*,
  count(*) filter (where q.state in ('queued','claimed','sending','published')
    or (q.state = 'scheduled' and q.pauses is null and q.account_state = :sends)) over () as going_out,
  count(*) filter (where q.state = 'published') over () as gone_out
from (""",
    _WAITING,
    # What went out today had its time today, or at most its longest window earlier.
    """
and p.due_at >= :start - interval '1 day' and p.due_at < :end
and ((p.due_at >= :start and p.state not in ('draft','changes_requested','cancelled'))
  or (p.state = 'published' and p.published_at >= :start and p.published_at < :end))""",
    ") q order by q.due_at, q.id limit :limit",
)

_STRANDED: Final = """(select count(*) from masthead.publication p
  where p.organization_id = a.organization_id and p.account_id = a.id and p.state = 'scheduled')"""
_RECONNECT: Final = statement(
    "select a.id, a.name, a.network, a.state, a.state_reason, waiting.publications from masthead.account a",
    f"cross join lateral {_STRANDED} waiting(publications)",
    """
where a.state in ('auth_broken','disabled') and (a.state = 'auth_broken' or waiting.publications > 0)
order by waiting.publications desc, lower(a.name), a.id limit :limit
""",
)

# Each figure by itself, so that each is counted by the index that fits it.
_COUNTED: Final = """(select count(*) from masthead.publication p
  join masthead.post t on t.organization_id = p.organization_id and t.id = p.post_id
  where t.deleted_at is null and {current}"""
_COUNTS: Final = statement(
    "select (select count(*) {in_review} and :approves and {mine_to_decide}) as to_approve,",
    "(select count(*) {returned}) as changes_requested,",
    "(select count(*) from masthead.account a where a.state = 'auth_broken'",
    f"  or (a.state = 'disabled' and {_STRANDED} > 0)) as reconnect,",
    _COUNTED,
    "  and p.state = 'failed' and p.updated_at > clock_timestamp() - cast(:recent as interval)) as failed,",
    """(select count(*) from masthead.publication_link l
  join masthead.publication p on p.organization_id = l.organization_id and p.id = l.publication_id
  join masthead.post t on t.organization_id = p.organization_id and t.id = p.post_id
  where l.not_shown is not null and l.updated_at > clock_timestamp() - cast(:recent as interval)
    and p.deleted_at is null and t.deleted_at is null) as not_shown,""",
    _COUNTED,
    "  and p.state = 'needs_human') as needs_person,",
    _COUNTED,
    "  and p.state = 'needs_human' and p.needs = 'outcome') as unclear,",
    _COUNTED,
    "  and p.state = 'scheduled' and p.account_id = any({silent})) as held,",
    "(select count(*) from masthead.publication p where p.state = 'scheduled' and {threatened}) as at_risk",
)


def to_decide(session: Session, reader: Reader, limit: int) -> Rows:
    """Posts that wait for this reader's approval, soonest slot first."""
    return session.execute(_TO_DECIDE, {**reader.parameters, "limit": limit}).all()


def returned(session: Session, reader: Reader, limit: int) -> Rows:
    """Posts of this reader in which changes were requested, newest request first."""
    return session.execute(_RETURNED, {"member": reader.member_id, "limit": limit}).all()


def failed(session: Session, recent: timedelta, limit: int) -> Rows:
    """What failed lately and wasn't tried again, newest first."""
    return session.execute(_FAILED, {"recent": recent, "limit": limit}).all()


def not_shown(session: Session, recent: timedelta, limit: int) -> Rows:
    """What its network accepted lately and couldn't show, and nobody took away, newest first."""
    return session.execute(_NOT_SHOWN, {"recent": recent, "limit": limit}).all()


def needing(session: Session, limit: int) -> Rows:
    """What waits for a person's decision, longest waiting first."""
    return session.execute(_NEEDING, {"limit": limit}).all()


def untimed(session: Session, limit: int) -> Rows:
    """What is approved and has no time, so that it never goes out by itself; whose approval lapses first."""
    return session.execute(_UNTIMED, {"limit": limit}).all()


def held(session: Session, limit: int) -> Rows:
    """What is scheduled and can't go out, soonest first."""
    return session.execute(_HELD, {"sends": ACCOUNT_SENDS, "limit": limit}).all()


def at_risk(session: Session, limit: int) -> Rows:
    """What is scheduled and may not go out at its time, by the last look ahead, soonest first."""
    return session.execute(_AT_RISK, {"sends": ACCOUNT_SENDS, "limit": limit}).all()


def between(session: Session, start: datetime, end: datetime, limit: int) -> Rows:
    """What has its time, or went out, between two instants, in that order; with how many go out and went out."""
    return session.execute(_BETWEEN, {"start": start, "end": end, "sends": ACCOUNT_SENDS, "limit": limit}).all()


def to_reconnect(session: Session, limit: int) -> Rows:
    """Accounts that can't send until somebody connects them again."""
    return session.execute(_RECONNECT, {"limit": limit}).all()


def counts(session: Session, reader: Reader, recent: timedelta) -> Row[Any]:
    """Figures for the menu, in one statement."""
    return session.execute(_COUNTS, {**reader.parameters, "recent": recent, "sends": ACCOUNT_SENDS}).one()
