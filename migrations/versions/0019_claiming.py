"""Claiming costs what it returns, however many publications are due or wait: heads of queues, read one by one."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# The queue of each account: what could go out first comes first, and what waits for a retry is behind what doesn't. It
# stands in for `publication_waiting`, with the slot in it for whoever counts by that.
INDEXES = """
create index publication_ready on masthead.publication(organization_id, account_id, greatest(due_at, next_action_at))
  include (due_at) where state = 'scheduled';
drop index masthead.publication_waiting;
"""

FUNCTIONS = """
-- RELIABILITY 9.1 tick: scheduled -> queued with a new epoch (PRODUCT 5, 6, 7a).
--   Fair: organizations take turns, those with the least in flight first, so that ten thousand rows of one can't keep
--   another's single row waiting. At its turn the organization's account whose first row waits longest gives that row.
--   Per account at most one of a backlog per `backlog_spacing`, and one of equal twins at a time; and where a budget is
--   used to more than 60 %, one of an account (or of the whole app) per gap.
--   Heads are looked at without locks; each row is then locked (or skipped) and asked again, because a person may have
--   moved its slot or a twin may have been claimed in between.
--   Nothing waits for a lock longer than a moment: a sender that hangs in its transaction holds up its rows alone.
create or replace function masthead.claim_due(at_most int, owner text, lease interval,
    backlog_age interval, backlog_spacing interval, twin_spacing interval)
  returns table(organization_id uuid, publication_id uuid, epoch bigint)
  language plpgsql security definer set search_path = masthead, pg_temp set lock_timeout = '250ms' as $$
declare
  moment timestamptz := clock_timestamp();
  waiting uuid[];  -- organizations with something due, those with the least in flight first
  flying bigint[];  -- how much that is, for each
  turn bigint;
  candidate record;
  claimed int := 0;
  done uuid[] := '{}';  -- organizations with nothing more to claim,
  shut uuid[] := '{}';  -- accounts that let nothing more out,
  tried uuid[] := '{}';  -- and rows that were looked at, in this call
begin
  perform set_config('app.actor', 'program:sender', true);
  select array_agg(o.id order by coalesce(flight.busy, 0), first.due_at),
      array_agg(coalesce(flight.busy, 0) order by coalesce(flight.busy, 0), first.due_at)
    into waiting, flying
    from organization o
    cross join lateral (select q.due_at from publication q where q.organization_id = o.id and q.state = 'scheduled'
      and q.due_at <= moment order by q.due_at limit 1) first
    left join (select f.organization_id, count(*) as busy from publication f
               where f.state in ('queued','claimed','sending') group by f.organization_id) flight
      on flight.organization_id = o.id
    where not o.publish_paused;
  turn := flying[1];
  while claimed < at_most and cardinality(done) < cardinality(waiting) loop
    for organization_id in
      select w.id from unnest(waiting, flying) with ordinality w(id, busy, place)
      where w.busy <= turn and w.id <> all(done) order by w.place
    loop
      exit when claimed >= at_most;
      select a.id as account_id, a.provider, a.network, head.id, head.due_at into candidate
        from organization o
        join account a on a.organization_id = o.id
        cross join lateral (select coalesce(greatest(a.resumed_at, o.resumed_at,
          case when a.next_send_at > moment then moment - backlog_age end), '-infinity') as at) after
        cross join lateral (
          select q.id, q.due_at, greatest(q.due_at, q.next_action_at) as ready_at from publication q
          where q.organization_id = a.organization_id and q.account_id = a.id and q.state = 'scheduled'
            and greatest(q.due_at, q.next_action_at) <= moment
            and greatest(q.due_at, q.next_action_at) > after.at and q.due_at > after.at
            and q.not_after > moment and q.payload_sha256 = q.approved_sha256 and q.approved_until > moment
            and q.id <> all(tried)
            and not exists (select 1 from publication t where t.account_id = q.account_id
                            and t.payload_sha256 = q.payload_sha256 and t.id <> q.id
                            and t.state in ('queued','claimed','sending','unknown','published')
                            and (t.state <> 'published' or t.published_at > moment - twin_spacing))
          order by greatest(q.due_at, q.next_action_at) limit 1) head
        where o.id = claim_due.organization_id and a.state = 'active' and a.id <> all(shut)
          and not exists (select 1 from account_budget b where b.organization_id = a.organization_id
                          and b.account_id = a.id
                          and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, moment))
          and not exists (select 1 from app_budget b where b.provider = a.provider and b.network in ('', a.network)
                          and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, moment))
        order by head.ready_at, head.id limit 1;
      if not found then
        done := done || claim_due.organization_id;
        continue;
      end if;
      tried := tried || candidate.id;
      -- By its id alone: with more to go by, a plan made while the table was small walks through all that is due.
      perform 1 from publication p
        where p.id = candidate.id and p.state = 'scheduled' and greatest(p.due_at, p.next_action_at) <= moment
          and p.not_after > moment and p.payload_sha256 = p.approved_sha256 and p.approved_until > moment
          and not exists (select 1 from publication t where t.account_id = p.account_id
                          and t.payload_sha256 = p.payload_sha256 and t.id <> p.id
                          and t.state in ('queued','claimed','sending','unknown','published')
                          and (t.state <> 'published' or t.published_at > moment - twin_spacing))
        for update of p skip locked;
      if not found then
        continue;
      end if;
      begin
        if candidate.due_at < moment - backlog_age then
          update account a set next_send_at = moment + backlog_spacing
            where a.organization_id = claim_due.organization_id and a.id = candidate.account_id
              and (a.next_send_at is null or a.next_send_at <= moment);
          if not found then
            shut := shut || candidate.account_id;
            continue;
          end if;
        end if;
        -- Held first, so that two claims can't both find room; a row that is waited for is seen as it is then.
        perform 1 from account_budget b where b.organization_id = claim_due.organization_id
          and b.account_id = candidate.account_id and b.gap > '0' order by b.route for update;
        perform 1 from app_budget b where b.provider = candidate.provider and b.network in ('', candidate.network)
          and b.gap > '0' order by b.network, b.route for update;
        if exists (select 1 from account_budget b where b.organization_id = claim_due.organization_id
                     and b.account_id = candidate.account_id
                     and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, moment))
          or exists (select 1 from app_budget b where b.provider = candidate.provider
                     and b.network in ('', candidate.network)
                     and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, moment)) then
          shut := shut || candidate.account_id;
          continue;
        end if;
        update account_budget b set next_call_at = moment + b.gap
          where b.organization_id = claim_due.organization_id and b.account_id = candidate.account_id and b.gap > '0'
            and not coalesce(b.held_until > moment, false);
        update app_budget b set next_call_at = moment + b.gap
          where b.provider = candidate.provider and b.network in ('', candidate.network) and b.gap > '0'
            and not coalesce(b.held_until > moment, false);
        update publication p set state = 'queued', epoch = p.epoch + 1, lease_owner = owner,
            lease_until = clock_timestamp() + lease, next_action_at = null
          where p.id = candidate.id
          returning p.epoch into epoch;
      exception
        when unique_violation then
          continue;  -- a twin is in another sender's hands; the next claim sees what came of it
        when lock_not_available or deadlock_detected then
          shut := shut || candidate.account_id;  -- so is the account
          continue;
        when others then
          raise warning 'publication % can not be claimed: %', candidate.id, sqlerrm;
          continue;
      end;
      publication_id := candidate.id;
      claimed := claimed + 1;
      return next;
    end loop;
    turn := turn + 1;
  end loop;
end$$;

-- As in 0015; of each account the first row is looked at, and no row of an organization with nothing due.
create or replace function masthead.work_waiting() returns table(sends boolean, links boolean)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select exists (
      select 1 from (select clock_timestamp() as at) now
      cross join organization o
      cross join lateral (select 1 from publication q where q.organization_id = o.id and q.state = 'scheduled'
        and q.due_at <= now.at order by q.due_at limit 1) due
      join account a on a.organization_id = o.id
      cross join lateral (select 1 from publication q
        where q.organization_id = a.organization_id and q.account_id = a.id and q.state = 'scheduled'
          and greatest(q.due_at, q.next_action_at) <= now.at and q.not_after > now.at
        order by greatest(q.due_at, q.next_action_at) limit 1) head
      where not o.publish_paused and a.state = 'active'
        and not exists (select 1 from account_budget b where b.organization_id = a.organization_id
          and b.account_id = a.id and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, now.at))
        and not exists (select 1 from app_budget b where b.provider = a.provider and b.network in ('', a.network)
          and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, now.at)))
    or exists (select 1 from publication p where p.state = 'unknown' and p.next_action_at <= clock_timestamp()),
    exists (select 1 from publication_link l where l.state = 'pending' and l.next_try_at <= clock_timestamp())
$$;

-- As in 0015; in a subquery the clock is read once, and so no index is walked through what is due already.
create or replace function masthead.next_due() returns timestamptz
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select min(at) from (
    (select due_at as at from publication where state = 'scheduled' and due_at > (select clock_timestamp())
      order by due_at limit 1)
    union all (select min(next_action_at) from publication
      where state = 'scheduled' and next_action_at > (select clock_timestamp()))
    union all (select min(next_action_at) from publication
      where state = 'unknown' and next_action_at > (select clock_timestamp()))
    union all (select min(next_try_at) from publication_link
      where state = 'pending' and next_try_at > (select clock_timestamp()))
    union all (select min(next_call_at) from account_budget
      where gap > '0' and next_call_at > (select clock_timestamp()))
    union all (select min(next_call_at) from app_budget where next_call_at > (select clock_timestamp()))
  ) all_of_it
$$;
"""


def upgrade() -> None:
    op.execute(INDEXES)
    op.execute(FUNCTIONS)
