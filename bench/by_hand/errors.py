"""What the networks refused: alike ones together, and each of a group."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from bench.reads import Read, Sample, written
from core.publishing import error_rows
from core.publishing.error_rows import Window

_PAGE: Final = 21
_OF_A_GROUP: Final = 11
_MONTH: Final = timedelta(days=30)
_KEY: Final = "facebook|100||"

# Errors `e`, of the last [days], with the publication and the account that met them.
_ERRORS: Final = """(
  select s.at, s.during, s.status, s.trace_id, s.words, s.id, s.publication_id, p.post_id, p.account_id, a.network,
    a.name as account_name, p.state, p.next_action_at,
    p.state = 'unknown' or p.needs = 'outcome' as unclear, said.code, said.subcode, said.bare,
    concat_ws('|', a.network, said.code, said.subcode, said.bare) as key
  from (
    select t.publication_id, t.opened_at as at, 'sending' as during, t.http_status as status, t.provider_code as said,
      t.provider_trace_id as trace_id, t.message as words, t.id
    from masthead.attempt t
    where t.organization_id = {organization} and t.state in ('rejected','not_sent','unknown','proven_absent')
      and t.opened_at >= (select clock_timestamp() - interval '[days]')
    union all
    select e.publication_id, e.at, 'preparing', (e.why->'error'->>'status')::int, e.why->'error'->>'code',
      e.why->'error'->>'trace_id', e.why->>'because', e.id
    from masthead.publication_event e
    where e.organization_id = {organization} and e.why ? 'error'
      and e.at >= (select clock_timestamp() - interval '[days]')
    union all
    select r.publication_id, r.at, 'reading', (r.evidence->'error'->>'status')::int, r.evidence->'error'->>'code',
      r.evidence->'error'->>'trace_id', r.evidence->>'words', r.id
    from masthead.reconcile_read r
    where r.organization_id = {organization} and r.evidence ? 'error'
      and r.at >= (select clock_timestamp() - interval '[days]')) s
  cross join lateral (select coalesce(split_part(s.said, '/', 1), '') as code,
    case when s.said like '%%/urn:%%' then '' else coalesce(split_part(s.said, '/', 2), '') end as subcode,
    case when s.said is null then coalesce(s.status::text, '') else '' end as bare) said
  cross join lateral (select q.post_id, q.account_id, q.state, q.needs, q.next_action_at from masthead.publication q
    where q.organization_id = {organization} and q.id = s.publication_id offset 0) p
  join masthead.account a on a.organization_id = {organization} and a.id = p.account_id) e"""
_GROUPS: Final = """select e.key, e.network, e.code, e.subcode, count(*) as times,
  count(distinct e.publication_id) as publications, count(distinct e.account_id) as accounts,
  (array_agg(distinct e.account_name))[1:4] as account_names, max(e.at) as last_at,
  (array_agg(e.status order by e.at desc, e.id))[1] as status,
  (array_agg(e.words order by e.at desc, e.id))[1] as words,
  (array_agg(e.trace_id order by e.at desc, e.id) filter (where e.trace_id is not null))[1:3] as trace_ids,
  (array_agg(e.post_id order by e.at desc, e.id))[1] as post_id,
  coalesce(bool_or(e.unclear), false) as unclear,
  min(e.next_action_at) filter (where e.state = 'scheduled' and e.next_action_at > clock_timestamp()) as again_at
from [errors] [condition] group by e.key, e.network, e.code, e.subcode order by last_at desc, e.key desc limit 21"""
_LINES: Final = """select q.*, left(b.payload->>'text', 140) as text
from (select e.*, e.during || '|' || lpad(e.id::text, 20, '0') as line from [errors] [condition]
  order by e.at desc, line desc limit 11) q
cross join lateral (select p.payload from masthead.publication p
  where p.organization_id = {organization} and p.id = q.publication_id offset 0) b
order by q.at desc, q.line desc"""


def _groups(back: timedelta, account: Any = lambda _: None, condition: str = "") -> dict[str, Any]:
    """Groups of the time before now, of one account where it is named."""

    def ours(session: Any, sample: Sample) -> object:
        of_account: UUID | None = account(sample)
        return error_rows.groups(session, Window(back, "", of_account), None, _PAGE)

    return {"ours": ours, "by_hand": written(_GROUPS, errors=_ERRORS, condition=condition, days=f"{back.days} days")}


def _lines(key: str | None, condition: str = "") -> dict[str, Any]:
    """The newest errors of a month, of one group where it is named."""
    return {
        "ours": lambda session, _: error_rows.lines(session, Window(_MONTH), key, None, _OF_A_GROUP),
        "by_hand": written(_LINES, errors=_ERRORS, condition=condition, days=f"{_MONTH.days} days"),
    }


READS: Final = (
    Read("errors_of_a_day", **_groups(timedelta(days=1))),
    Read("errors_of_a_month", **_groups(_MONTH)),
    Read("errors_of_account", **_groups(_MONTH, lambda sample: sample.account, "where e.account_id = {account}")),
    Read("errors_behind", **_lines(_KEY, f"where e.key = '{_KEY}'")),
    Read("errors_listed", **_lines(None)),
)
