"""SQL for what waits until a network's hold is over, when it ends early. Takes a session; never commits.

A row doesn't say whether a hold has put it off, or whether its own time is still to come: so each is moved to where it
would be without the hold, and never before. What somebody has claimed is left alone for as long as a claim lasts.
"""

from __future__ import annotations

from typing import Any, Final, cast

from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session

from core.infra.settings import PublishTimes
from core.publishing import rules
from core.publishing.times import call_timeout_s
from core.throttle.rules import LATEST_BACK_S, Why

_MOST_ON_TOP: Final = 1.25  # of a retry's step (`rules.wait_s`)
_SOON: Final = "clock_timestamp() + random() * make_interval(secs => :spread_s)"
# Who is held by a whole network's hold says so on its row.
_POSTS: Final = text(f"""
update masthead.publication p set next_action_at = {_SOON}
from masthead.account a
where a.organization_id = p.organization_id and a.id = p.account_id and a.network = :network
  and p.state = 'scheduled' and p.next_action_at > clock_timestamp() + make_interval(secs => :spread_s)
  and p.last_error ->> 'held' = any(:held)
""")  # noqa: S608 - our own words
_LATER: Final = (
    "> greatest(own.at, clock_timestamp() + make_interval(secs => :claimed_s)) + make_interval(secs => :spread_s)"
)
# The first read comes when the send must be over, the others by their spacing; what a person was asked about is read
# when as long again has passed (`rules.late_read_after_s`).
_QUESTIONS: Final = text(f"""
update masthead.publication p set next_action_at = greatest(due.at, {_SOON})
from (
  select q.organization_id, q.id, own.at
  from masthead.publication q
  join masthead.account a on a.organization_id = q.organization_id and a.id = q.account_id
  cross join lateral (select t.id, t.opened_at, t.send_deadline from masthead.attempt t
    where t.organization_id = q.organization_id and t.publication_id = q.id order by t.id desc limit 1) asked
  cross join lateral (select count(*) as reads, max(r.at) as last from masthead.reconcile_read r
    where r.organization_id = q.organization_id and r.publication_id = q.id and r.attempt_id = asked.id) read
  cross join lateral (select case
    when read.last is null then asked.send_deadline + make_interval(secs => :first_read_s)
    when q.state = 'unknown' then read.last + make_interval(secs =>
      (cast(:spacing as float8[]))[least(read.reads, cardinality(cast(:spacing as float8[])))])
    else read.last + greatest(make_interval(secs => :late_least_s), read.last - asked.opened_at) end as at) own
  where a.network = :network and q.state in ('unknown','needs_human') and q.next_action_at {_LATER}) due
where p.organization_id = due.organization_id and p.id = due.id
""")  # noqa: S608 - our own words
_CHANGES: Final = text(f"""
update masthead.live_work w set next_action_at = greatest(due.at, {_SOON})
from (
  select l.organization_id, l.id, own.at
  from masthead.live_work l
  join masthead.publication p on p.organization_id = l.organization_id and p.id = l.publication_id
  join masthead.account a on a.organization_id = p.organization_id and a.id = p.account_id
  cross join lateral (select greatest(l.opened_at, l.send_deadline,
    cast(l.evidence -> -1 ->> 'at' as timestamptz)) as at) last
  cross join lateral (select coalesce(last.at + make_interval(secs => case
    when l.state = 'waiting' then :longest_retry_s
    when l.reads = 0 then :first_read_s
    else (cast(:spacing as float8[]))[least(l.reads, cardinality(cast(:spacing as float8[])))] end),
    clock_timestamp()) as at) own
  where a.network = :network and l.state in ('waiting','checking') and l.next_action_at {_LATER}) due
where w.organization_id = due.organization_id and w.id = due.id
""")  # noqa: S608 - our own words
_LINKS: Final = text(f"""
update masthead.publication_link l set next_try_at = greatest(due.at, {_SOON})
from (
  select k.organization_id, k.publication_id, own.at
  from masthead.publication_link k
  join masthead.publication p on p.organization_id = k.organization_id and p.id = k.publication_id
  join masthead.account a on a.organization_id = p.organization_id and a.id = p.account_id
  cross join lateral (select k.updated_at + make_interval(secs => coalesce(
    (cast(:link_tries as float8[]))[k.tries], 0)) as at) own
  where a.network = :network and k.state = 'pending' and k.next_try_at {_LATER}) due
where l.organization_id = due.organization_id and l.publication_id = due.publication_id
""")  # noqa: S608 - our own words


def let_posts_go(session: Session, network: str) -> int:
    """The organization's posts that a whole network's hold keeps on the schedule look again within seconds."""
    return _moved(session, _POSTS, network=network, held=[Why.APP.value, Why.TROUBLE.value])


def let_the_rest_go(session: Session, network: str, times: PublishTimes) -> int:
    """Reads, comments, changes and addresses come when they would have come without a hold; gives how many."""
    values = {
        "network": network,
        "claimed_s": max(2 * call_timeout_s(times), times.lease_sending_s),
        "first_read_s": times.first_read_after_s,
        "spacing": list(times.read_spacing_s),
        "late_least_s": times.late_read_least_s,
        "longest_retry_s": _MOST_ON_TOP * max(times.retry_after_s),
        "link_tries": list(rules.LINK_TRIES_AFTER_S),
    }
    return sum(_moved(session, each, **values) for each in (_QUESTIONS, _CHANGES, _LINKS))


def _moved(session: Session, statement: Any, **values: object) -> int:
    result = session.execute(statement, {**values, "spread_s": LATEST_BACK_S})
    return cast("CursorResult[Any]", result).rowcount
