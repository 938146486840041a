"""What waits though nothing holds it back, and since when: for the alarm of operators, and for the people it concerns."""

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

FUNCTIONS = """
grant execute on function masthead.leaves_no_room(interval, timestamptz, timestamptz, timestamptz, timestamptz)
  to masthead_web, masthead_worker;

-- Of each account what a sender would claim next and nobody does (the conditions are those of `claim_due`, and
-- test_unattended tries each of them against it), and of each organization the oldest read that nobody makes and the
-- oldest lease that nobody sweeps; each with the instant since when it could have been done. What waits by design isn't
-- here, nor is it late in the moment in which its hold is over. An organization whose posts are being worked on, or
-- whose last try has just begun, waits for a slot. As whoever asks: a login role sees its own organization. In plpgsql,
-- which keeps its plan: making one takes longer than what it is for. `offset 0` keeps `coalesce` out of the condition on
-- the index, where a policy would not let it be (docs/decisions/0017).
create function masthead.unattended(backlog_age interval, twin_spacing interval)
  returns table(organization_id uuid, publication_id uuid, since timestamptz)
  language plpgsql stable set search_path = masthead, pg_temp set enable_seqscan = off set enable_sort = off as $$
  #variable_conflict use_column
begin
  return query
  select o.id, waiting.id, greatest(waiting.since, last_try.opened_at)
  from (select clock_timestamp() as at) now
  cross join organization o
  cross join lateral (
    (select head.id, greatest(head.ready_at, a.updated_at,
        case when head.due_at < now.at - backlog_age then a.next_send_at end,
        (select max(b.next_call_at) from account_budget b where b.organization_id = o.id and b.account_id = a.id
          and b.gap > '0' and b.next_call_at <= now.at),
        (select max(b.next_call_at) from app_budget b where b.provider = a.provider and b.network in ('', a.network)
          and b.gap > '0' and b.next_call_at <= now.at),
        (select max(t.published_at) + twin_spacing from publication t where t.organization_id = o.id
          and t.account_id = a.id and t.payload_sha256 = head.payload_sha256 and t.id <> head.id
          and t.state = 'published')) as since
      from account a
      cross join lateral (select coalesce(greatest(
        (select max(x.ended_at) from pause x
          where x.organization_id = a.organization_id and x.ended_at > now.at - interval '1 day'
            and (x.scope = 'organization' or x.provider = a.provider or x.account_id = a.id)),
        case when a.next_send_at > now.at then now.at - backlog_age end), '-infinity') as at
        offset 0) after
      cross join lateral (
        select q.id, q.due_at, q.payload_sha256, greatest(q.due_at, q.next_action_at) as ready_at from publication q
        where q.organization_id = o.id and q.account_id = a.id and q.state = 'scheduled'
          and greatest(q.due_at, q.next_action_at) <= now.at
          and greatest(q.due_at, q.next_action_at) > after.at and q.due_at > after.at
          and q.payload_sha256 = q.approved_sha256
          and not exists (select 1 from publication t where t.organization_id = o.id and t.account_id = q.account_id
                          and t.payload_sha256 = q.payload_sha256 and t.id <> q.id
                          and t.state in ('queued','claimed','sending','unknown','published')
                          and (t.state <> 'published' or t.published_at > now.at - twin_spacing))
        order by greatest(q.due_at, q.next_action_at) limit 1) head
      where a.organization_id = o.id and a.state = 'active'
        and not exists (select 1 from pause x where x.organization_id = o.id and x.ended_at is null
          and (x.scope = 'organization' or x.provider = a.provider or x.account_id = a.id))
        and not exists (select 1 from account_budget b where b.organization_id = o.id and b.account_id = a.id
          and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, now.at))
        and not exists (select 1 from app_budget b where b.provider = a.provider and b.network in ('', a.network)
          and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, now.at)))
    union all
    (select q.id, q.next_action_at from publication q
      where q.organization_id = o.id and q.state = 'unknown' and q.next_action_at <= now.at
      order by q.next_action_at, q.id limit 1)
    union all
    (select q.id, q.lease_until from publication q
      where q.organization_id = o.id and q.state in ('queued','claimed','sending') and q.lease_until <= now.at
      order by q.lease_until limit 1)) waiting
  left join lateral (select t.opened_at from attempt t where t.organization_id = o.id
    order by t.id desc limit 1) last_try on true
  where not exists (select 1 from publication f where f.organization_id = o.id
    and f.state in ('queued','claimed','sending') and f.lease_until > now.at);
end$$;
revoke all on function masthead.unattended(interval, interval) from public;
grant execute on function masthead.unattended(interval, interval) to masthead_web, masthead_worker, masthead_claim;

-- For how long the oldest of it has been waiting, in all organizations. With the times as shipped for a program that is
-- older than this schema.
drop function masthead.oldest_due();
create function masthead.oldest_due(backlog_age interval default '5 minutes', twin_spacing interval default '1 minute')
  returns interval
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select clock_timestamp() - min(u.since) from unattended(backlog_age, twin_spacing) u
$$;

-- Where something has been waiting so long that people are told.
create function masthead.organizations_unattended(longer_than interval, backlog_age interval, twin_spacing interval)
  returns table(organization_id uuid)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select distinct u.organization_id from unattended(backlog_age, twin_spacing) u
  where u.since <= clock_timestamp() - longer_than
$$;
"""

OWNED = (
    ("oldest_due(interval, interval)", "masthead_web, masthead_dispatch, masthead_worker"),
    ("organizations_unattended(interval, interval, interval)", "masthead_worker"),
)


def upgrade() -> None:
    op.execute(FUNCTIONS)
    op.execute("grant create on schema masthead to masthead_claim")
    for signature, callers in OWNED:
        op.execute(f"alter function masthead.{signature} owner to masthead_claim")
        op.execute(f"revoke all on function masthead.{signature} from public")
        op.execute(f"grant execute on function masthead.{signature} to {callers}")
    op.execute("revoke create on schema masthead from masthead_claim")
