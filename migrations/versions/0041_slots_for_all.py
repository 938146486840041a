"""No organization has all slots of a sender, or all that it reads back; and a person is told in time, read or not.

`told_by`: when a person is told of what is unknown, at the latest. It follows from the send, and is kept beside the row
because whoever looks for those whose time has come would have to read each with its attempts.
"""

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

TOLD = """
alter table masthead.publication add column told_by timestamptz;

create function masthead.publication_told_by() returns trigger language plpgsql
  set search_path = masthead, pg_temp as $$begin
  new.told_by := coalesce((select max(t.send_deadline) from attempt t
      where t.organization_id = new.organization_id and t.publication_id = new.id), clock_timestamp())
    + interval '14 minutes';
  return new;
end$$;
revoke all on function masthead.publication_told_by() from public;
create trigger publication_told_by before update on masthead.publication
  for each row when (new.state = 'unknown' and old.state <> 'unknown')
  execute function masthead.publication_told_by();

alter table masthead.publication no force row level security;
alter table masthead.attempt no force row level security;
update masthead.publication p set told_by = (select max(t.send_deadline) from masthead.attempt t
    where t.organization_id = p.organization_id and t.publication_id = p.id) + interval '14 minutes'
  where p.state = 'unknown';
alter table masthead.attempt force row level security;
alter table masthead.publication force row level security;

create index publication_told on masthead.publication(told_by) where state = 'unknown';
create index publication_unclear on masthead.publication(organization_id, state, next_action_at, id)
  where state in ('unknown','needs_human') and next_action_at is not null;
"""

CHECKS = """
-- As in 0037, but that a person is told of all whose time has come, also where only nobody came to read it, and that
-- organizations take turns: in each turn each has one, its oldest, whatever the others have. Who of them is first is
-- drawn: by age those with the most behind them would be, at every call. A call looks at no more than it may give, of
-- each organization. What a person was told of is still read, after what nobody knows of. `enable_sort`: so that what
-- waits is read by the one index that has it in this order, also by a plan that was made for few rows.
create or replace function masthead.claim_checks(at_most int, lease interval)
  returns table(organization_id uuid, publication_id uuid, epoch bigint)
  language plpgsql security definer set search_path = masthead, pg_temp set lock_timeout = '250ms'
  set enable_seqscan = off set enable_sort = off
  set enable_incremental_sort = off as $$
declare
  moment timestamptz := clock_timestamp();
  claimed int := 0;
  due record;
  chosen record;
  later timestamptz;
begin
  perform set_config('app.actor', 'program:checker', true);
  for due in
    select q.organization_id, q.id, q.account_id from publication q
    where q.state = 'unknown' and q.told_by <= moment order by q.told_by limit 500 for update skip locked
  loop
    select call_after(a.organization_id, a.id, a.provider, a.network, 'read', true) into later
      from account a where a.organization_id = due.organization_id and a.id = due.account_id;
    perform set_config('app.why', case when later is null
        then '{"because":"It could not be read in time, so nobody can tell yet whether it is live."}'
        else '{"because":"The account may not be asked at the moment, so nobody could tell yet whether it is live."}'
      end, true);
    update publication p set state = 'needs_human', needs = 'outcome', next_action_at = coalesce(later, p.next_action_at)
      where p.id = due.id;
  end loop;
  for due in
    select waiting.id from (
      select head.id, head.state, row_number() over (partition by o.id, head.state order by head.next_action_at) as turn
      from organization o
      cross join lateral (
        (select q.id, q.state, q.next_action_at from publication q
          where q.organization_id = o.id and q.state = 'unknown' and q.next_action_at <= moment
          order by q.next_action_at, q.id limit at_most)
        union all
        (select q.id, q.state, q.next_action_at from publication q
          where q.organization_id = o.id and q.state = 'needs_human' and q.next_action_at <= moment
          order by q.next_action_at, q.id limit at_most)) head) waiting
    order by waiting.state = 'needs_human', waiting.turn, random()
  loop
    exit when claimed >= at_most;
    select q.state, q.told_by, call_after(a.organization_id, a.id, a.provider, a.network, 'read', true) as later
      into chosen
      from publication q join account a on a.organization_id = q.organization_id and a.id = q.account_id
      where q.id = due.id and q.state in ('unknown','needs_human') and q.next_action_at <= moment
      for update of q skip locked;
    continue when not found;
    update publication p set next_action_at = case
        when chosen.later is null then clock_timestamp() + lease
        when chosen.state = 'unknown' then least(chosen.later, chosen.told_by)
        else chosen.later end
      where p.id = due.id
      returning p.organization_id, p.id, p.epoch into organization_id, publication_id, epoch;
    continue when chosen.later is not null;
    claimed := claimed + 1;
    return next;
  end loop;
end$$;
"""

SENDS = """
drop function masthead.claim_due(int, text, interval, interval, interval, interval);

-- As in 0021 and 0039, but that of one organization an owner has `most_of_one` under way at most, unless it is alone on
-- its installation: what it sends may take minutes each, and whoever comes next finds a slot. Null: no such limit.
-- `enable_sort`: as above, for the one that waits longest of each account.
create function masthead.claim_due(at_most int, owner text, lease interval,
    backlog_age interval, backlog_spacing interval, twin_spacing interval, most_of_one int default null)
  returns table(organization_id uuid, publication_id uuid, epoch bigint)
  language plpgsql security definer set search_path = masthead, pg_temp set lock_timeout = '250ms'
  set enable_seqscan = off set enable_sort = off as $$
declare
  moment timestamptz := clock_timestamp();
  waiting uuid[];  -- organizations with something due, those with the least in flight first
  flying bigint[];  -- how much that is, for each
  owners bigint[];  -- and how much of that this owner has
  has bigint;
  taken uuid[] := '{}';  -- whose each claim of this call is
  turn bigint;
  candidate record;
  claimed int := 0;
  done uuid[] := '{}';  -- organizations with nothing more to claim,
  shut uuid[] := '{}';  -- accounts that let nothing more out,
  tried uuid[] := '{}';  -- and rows that were looked at, in this call
begin
  perform set_config('app.actor', 'program:sender', true);
  if (select count(*) from (select 1 from organization limit 2) any_two) < 2 then
    most_of_one := null;
  end if;
  select array_agg(o.id order by coalesce(flight.busy, 0), first.due_at),
      array_agg(coalesce(flight.busy, 0) order by coalesce(flight.busy, 0), first.due_at),
      array_agg(coalesce(flight.owners, 0) order by coalesce(flight.busy, 0), first.due_at)
    into waiting, flying, owners
    from organization o
    cross join lateral (select q.due_at from publication q where q.organization_id = o.id and q.state = 'scheduled'
      and q.due_at <= moment order by q.due_at limit 1) first
    left join (select f.organization_id, count(*) as busy,
                 count(*) filter (where f.lease_owner = owner) as owners from publication f
               where f.state in ('queued','claimed','sending') group by f.organization_id) flight
      on flight.organization_id = o.id
    where not exists (select 1 from pause x
      where x.organization_id = o.id and x.scope = 'organization' and x.ended_at is null);
  turn := flying[1];
  while claimed < at_most and cardinality(done) < cardinality(waiting) loop
    for organization_id, has in
      select w.id, w.owners from unnest(waiting, flying, owners) with ordinality w(id, busy, owners, place)
      where w.busy <= turn and w.id <> all(done) order by w.place
    loop
      exit when claimed >= at_most;
      if has + coalesce(cardinality(array_positions(taken, claim_due.organization_id)), 0) >= most_of_one then
        done := done || claim_due.organization_id;
        continue;
      end if;
      select a.id as account_id, a.provider, a.network, head.id, head.due_at into candidate
        from organization o
        join account a on a.organization_id = o.id
        cross join lateral (select coalesce(greatest(
          (select max(x.ended_at) from pause x
            where x.organization_id = a.organization_id and x.ended_at > moment - interval '1 day'
              and (x.scope = 'organization' or x.provider = a.provider or x.account_id = a.id)),
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
          and not exists (select 1 from pause x where x.organization_id = a.organization_id and x.ended_at is null
            and (x.scope = 'organization' or x.provider = a.provider or x.account_id = a.id))
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
      taken := taken || claim_due.organization_id;
      return next;
    end loop;
    turn := turn + 1;
  end loop;
end$$;
"""

CLAIM_DUE = "masthead.claim_due(int, text, interval, interval, interval, interval, int)"


def upgrade() -> None:
    op.execute(TOLD)
    op.execute(CHECKS)
    op.execute(SENDS)
    op.execute("grant create on schema masthead to masthead_claim")
    op.execute(f"alter function {CLAIM_DUE} owner to masthead_claim")
    op.execute("revoke create on schema masthead from masthead_claim")
    op.execute(f"revoke all on function {CLAIM_DUE} from public")
    op.execute(f"grant execute on function {CLAIM_DUE} to masthead_worker")
