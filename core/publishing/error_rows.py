"""SQL of errors: what networks refused, left unclear or didn't answer, from three places. Takes a session.

A try that ended badly is an attempt. What failed before a try is an event of the publication, and a read that failed is
a read; both keep what the network said under `error`. Indexes for exactly these rows are in migration 0027.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, bindparam, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as SQL_UUID
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Window:
    """Which errors: those of the time before now, of one network or one account where they are named."""

    back: timedelta
    network: str = ""
    account_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of a list ended: the instant and the key of its last line."""

    at: datetime
    key: str


# In a subquery the clock is read once, and so the indexes of times can be used.
# The publication and the account of an error are looked up row by row: joined, all of them were read for a few errors.
# A code that names another post (linkedin 4.6) is one kind of error, whichever post it names.
_ERRORS: Final = """
with edge as (select clock_timestamp() - cast(:back as interval) as since),
seen as (
  select t.organization_id, t.publication_id, t.opened_at as at, 'sending' as during, t.http_status as status,
    t.provider_code as said, t.provider_trace_id as trace_id, t.message as words, t.id
  from masthead.attempt t
  where t.state in ('rejected','not_sent','unknown','proven_absent')
    and t.opened_at >= (select since from edge)
  union all
  select e.organization_id, e.publication_id, e.at, 'preparing', cast(e.why->'error'->>'status' as int),
    e.why->'error'->>'code', e.why->'error'->>'trace_id', e.why->>'because', e.id
  from masthead.publication_event e where e.why ? 'error' and e.at >= (select since from edge)
  union all
  select r.organization_id, r.publication_id, r.at, 'reading', cast(r.evidence->'error'->>'status' as int),
    r.evidence->'error'->>'code', r.evidence->'error'->>'trace_id', r.evidence->>'words', r.id
  from masthead.reconcile_read r where r.evidence ? 'error' and r.at >= (select since from edge)),
named as (
  select s.at, s.during, s.status, s.trace_id, s.words, s.id, s.publication_id, p.post_id, p.account_id, a.network,
    a.name as account_name, p.state, p.next_action_at, p.state = 'unknown' or p.needs = 'outcome' as unclear,
    coalesce(split_part(s.said, '/', 1), '') as code,
    case when s.said like '%/urn:%' then '' else coalesce(split_part(s.said, '/', 2), '') end as subcode,
    case when s.said is null then coalesce(cast(s.status as text), '') else '' end as bare
  from seen s
  cross join lateral (select q.post_id, q.account_id, q.state, q.needs, q.next_action_at from masthead.publication q
    where q.organization_id = s.organization_id and q.id = s.publication_id offset 0) p
  cross join lateral (select b.network, b.name from masthead.account b
    where b.organization_id = s.organization_id and b.id = p.account_id offset 0) a
  where (:network = '' or a.network = :network)
    and (cast(:account as uuid) is null or p.account_id = cast(:account as uuid))),
keyed as (select *, concat_ws('|', network, code, subcode, bare) as key from named)
"""
_GROUPS: Final = text(
    f"""{_ERRORS}
select key, network, code, subcode, count(*) as times, count(distinct publication_id) as publications,
  count(distinct account_id) as accounts, (array_agg(distinct account_name))[1:4] as account_names, max(at) as last_at,
  (array_agg(status order by at desc, id))[1] as status, (array_agg(words order by at desc, id))[1] as words,
  (array_agg(trace_id order by at desc, id) filter (where trace_id is not null))[1:3] as trace_ids,
  (array_agg(post_id order by at desc, id))[1] as post_id,
  coalesce(bool_or(unclear), false) as unclear,
  min(next_action_at) filter (where state = 'scheduled' and next_action_at > clock_timestamp()) as again_at
from keyed
group by key, network, code, subcode
having cast(:after_at as timestamptz) is null or (max(at), key) < (:after_at, :after_key)
order by last_at desc, key desc limit :limit
"""  # noqa: S608 - the parts are our own words
).bindparams(bindparam("after_at", type_=TIMESTAMP(timezone=True)), bindparam("account", type_=SQL_UUID(as_uuid=True)))

# `id` is of three tables, so it orders what has one instant in one of them and is no name of a line by itself.
_LINES: Final = text(
    f"""{_ERRORS},
lines as (select *, during || '|' || lpad(cast(id as text), 20, '0') as line from keyed
  where (cast(:key as text) is null or key = :key)),
page as (select * from lines
  where cast(:after_at as timestamptz) is null or (at, line) < (:after_at, :after_key)
  order by at desc, line desc limit :limit)
select page.*, b.text from page
cross join lateral (select left(q.payload->>'text', 140) as text from masthead.publication q
  where q.organization_id = masthead.ctx_organization() and q.id = page.publication_id offset 0) b
order by page.at desc, page.line desc
"""  # noqa: S608 - the parts are our own words
).bindparams(bindparam("after_at", type_=TIMESTAMP(timezone=True)), bindparam("account", type_=SQL_UUID(as_uuid=True)))


def groups(session: Session, window: Window, after: Place | None, limit: int) -> Sequence[Row[Any]]:
    """Errors of one network, code and subcode in one line, the newest first; those after a place."""
    return session.execute(_GROUPS, {**_given(window, after), "limit": limit}).all()


def lines(session: Session, window: Window, key: str | None, after: Place | None, limit: int) -> Sequence[Row[Any]]:
    """Each error of a group (None: of all), the newest first; those after a place, whose key is a `line`."""
    return session.execute(_LINES, {**_given(window, after), "key": key, "limit": limit}).all()


def _given(window: Window, after: Place | None) -> dict[str, Any]:
    return {
        "back": window.back,
        "network": window.network,
        "account": window.account_id,
        "after_at": after.at if after else None,
        "after_key": after.key if after else "",
    }
