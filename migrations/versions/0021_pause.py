"""A pause is a row: of the organization, of a provider in it, or of one account. Nothing else says that something is paused."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLES = """
create table masthead.pause(
  organization_id uuid not null references masthead.organization(id),
  id uuid not null,
  scope text not null check (scope in ('organization','provider','account')),
  provider text,
  account_id uuid,
  reason text not null check (length(reason) between 1 and 500),
  began_at timestamptz not null default clock_timestamp(),
  began_by uuid not null,
  ended_at timestamptz,
  ended_by uuid,
  primary key (organization_id, id),
  foreign key (organization_id, account_id) references masthead.account(organization_id, id),
  foreign key (organization_id, began_by) references masthead.member(organization_id, id),
  foreign key (organization_id, ended_by) references masthead.member(organization_id, id),
  constraint pause_of_something check ((scope <> 'provider' or provider is not null)
    and (scope <> 'account' or account_id is not null)),
  constraint pause_ends_by_somebody check (ended_at is null or ended_by is not null));
-- One pause of a thing at a time, and few of them: whoever asks what is paused reads this.
create unique index pause_in_force on masthead.pause(organization_id, scope,
  (case scope when 'provider' then provider when 'account' then account_id::text else '' end)) where ended_at is null;
-- What came due before a pause over it ended isn't sent by itself.
create index pause_ended on masthead.pause(organization_id, ended_at) where ended_at is not null;
"""

WALL = """
alter table masthead.pause enable row level security;
alter table masthead.pause force row level security;
create policy own_organization on masthead.pause
  using (organization_id = masthead.ctx_organization()) with check (organization_id = masthead.ctx_organization());
create policy claim on masthead.pause for select to masthead_claim using (true);
grant select, insert on masthead.pause to masthead_web;
grant update (ended_at, ended_by) on masthead.pause to masthead_web;
grant select on masthead.pause to masthead_worker, masthead_claim;
"""

# What was paused stays paused. Each account's pause has its audit line; an organization was paused by hand alone.
MOVED = """
do $$declare t text; begin
  foreach t in array array['account','connection','organization','member','audit_event','pause'] loop
    execute format('alter table masthead.%I no force row level security', t);
  end loop;
end$$;
insert into masthead.pause(organization_id, id, scope, account_id, reason, began_at, began_by, ended_at, ended_by)
select a.organization_id, gen_random_uuid(), 'account', a.id,
  left(coalesce(nullif(said.after->>'reason', ''), nullif(a.state_reason, ''), 'no reason was kept'), 500),
  coalesce(said.at, a.updated_at), coalesce(said.member_id, c.connected_by),
  case when a.state <> 'paused' then a.resumed_at end,
  case when a.state <> 'paused' then coalesce(said.member_id, c.connected_by) end
from masthead.account a
join masthead.connection c on c.organization_id = a.organization_id and c.id = a.connection_id
left join lateral (
  select e.at, e.after, m.id as member_id from masthead.audit_event e
  left join masthead.member m on m.organization_id = e.organization_id and 'person:' || m.person_id = e.actor
  where e.organization_id = a.organization_id and e.subject_id = a.id::text and e.action = 'account.paused'
  order by e.id desc limit 1) said on true
where a.state = 'paused' or a.resumed_at is not null;
insert into masthead.pause(organization_id, id, scope, reason, began_by)
select o.id, gen_random_uuid(), 'organization', left(coalesce(nullif(o.pause_reason, ''), 'no reason was kept'), 500), who.id
from masthead.organization o
cross join lateral (select m.id from masthead.member m where m.organization_id = o.id
  order by m.role <> 'admin', m.id limit 1) who
where o.publish_paused;
update masthead.account set state = 'active', state_reason = null where state = 'paused';
"""

AFTER = """
drop trigger account_resumed on masthead.account;
drop trigger organization_resumed on masthead.organization;
drop function masthead.resumed();
alter table masthead.account drop column resumed_at;
alter table masthead.organization drop column resumed_at, drop column publish_paused, drop column pause_reason;
alter table masthead.account drop constraint account_state_check;
alter table masthead.account add constraint account_state_check check (state in ('active','auth_broken','disabled'));
do $$declare t text; begin
  foreach t in array array['account','connection','organization','member','audit_event','pause'] loop
    execute format('alter table masthead.%I force row level security', t);
  end loop;
end$$;
"""

FUNCTIONS = """
-- As in 0019, by the pauses; no window is longer than a day, so no pause that ended earlier makes anything late.
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
    where not exists (select 1 from pause x
      where x.organization_id = o.id and x.scope = 'organization' and x.ended_at is null);
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
      return next;
    end loop;
    turn := turn + 1;
  end loop;
end$$;

-- As in 0005, by the pauses: what came due under one and is held no more goes to a person.
create or replace function masthead.sweep(first_read interval, retry interval)
  returns table(organization_id uuid, publication_id uuid, to_state text)
  language plpgsql security definer set search_path = masthead, pg_temp set lock_timeout = '250ms' as $$
declare
  moment timestamptz := clock_timestamp();
  candidate record;
  lapsed record;
begin
  perform set_config('app.actor', 'program:sweeper', true);
  for candidate in
    (select p.organization_id, p.id from publication p
      where p.state in ('queued','claimed','sending') and p.lease_until < moment order by p.lease_until limit 500)
    union all
    (select p.organization_id, p.id from publication p
      where p.state = 'scheduled' and p.due_at <= moment
        and (p.not_after <= moment or p.approved_until <= moment
             or exists (select 1 from account a where a.organization_id = p.organization_id and a.id = p.account_id
               and exists (select 1 from pause x where x.organization_id = a.organization_id
                 and x.ended_at >= p.due_at
                 and (x.scope = 'organization' or x.provider = a.provider or x.account_id = a.id))
               and not exists (select 1 from pause x where x.organization_id = a.organization_id
                 and x.ended_at is null
                 and (x.scope = 'organization' or x.provider = a.provider or x.account_id = a.id))))
      order by p.due_at limit 500)
    union all
    (select p.organization_id, p.id from publication p
      where p.state = 'in_review' and p.due_at <= moment order by p.due_at limit 500)
  loop
    begin
      select p.state, p.approved_until, p.not_after into lapsed from publication p
        where p.organization_id = candidate.organization_id and p.id = candidate.id
          and (case when p.state in ('queued','claimed','sending') then p.lease_until < moment
                    when p.state in ('scheduled','in_review') then p.due_at <= moment
                    else false end)
        for update skip locked;
      if not found then
        continue;
      end if;
      if lapsed.state = 'sending' then
        perform set_config('app.why', '{"because":"The program that was sending it went away."}', true);
        update attempt a set state = 'unknown', closed_at = moment, message = 'no outcome was recorded'
          where a.organization_id = candidate.organization_id and a.publication_id = candidate.id and a.state = 'open';
        update publication p set state = 'unknown', lease_owner = null, lease_until = null,
            next_action_at = greatest(moment, coalesce((select max(a.send_deadline) from attempt a
              where a.organization_id = p.organization_id and a.publication_id = p.id), moment) + first_read)
          where p.organization_id = candidate.organization_id and p.id = candidate.id;
        to_state := 'unknown';
      elsif lapsed.state in ('queued','claimed') then
        perform set_config('app.why', '{"because":"The program that held it went away before sending."}', true);
        update publication p set state = 'scheduled', lease_owner = null, lease_until = null,
            next_action_at = moment + retry
          where p.organization_id = candidate.organization_id and p.id = candidate.id;
        to_state := 'scheduled';
      elsif lapsed.state = 'in_review' or lapsed.approved_until <= moment then
        perform set_config('app.why', '{"because":"Its time came without an approval."}', true);
        update publication p set state = 'needs_human', needs = 'approval', next_action_at = null
          where p.organization_id = candidate.organization_id and p.id = candidate.id;
        to_state := 'needs_human';
      else
        perform set_config('app.why', case when lapsed.not_after <= moment
            then '{"because":"Its window closed before it could be sent."}'
            else '{"because":"It became due while sending was paused."}' end, true);
        update publication p set state = 'needs_human', needs = 'late', next_action_at = null
          where p.organization_id = candidate.organization_id and p.id = candidate.id;
        to_state := 'needs_human';
      end if;
    exception
      when lock_not_available or deadlock_detected then
        continue;
      when others then
        raise warning 'publication % can not be swept: %', candidate.id, sqlerrm;
        continue;
    end;
    organization_id := candidate.organization_id;
    publication_id := candidate.id;
    return next;
  end loop;
end$$;

-- As in 0019, by the pauses; and as in 0016 what a person was asked about is read too.
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
      where a.state = 'active'
        and not exists (select 1 from pause x where x.organization_id = a.organization_id and x.ended_at is null
          and (x.scope = 'organization' or x.provider = a.provider or x.account_id = a.id))
        and not exists (select 1 from account_budget b where b.organization_id = a.organization_id
          and b.account_id = a.id and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, now.at))
        and not exists (select 1 from app_budget b where b.provider = a.provider and b.network in ('', a.network)
          and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, now.at)))
    or exists (select 1 from publication p where p.state in ('unknown','needs_human') and p.next_action_at <= clock_timestamp()),
    exists (select 1 from publication_link l where l.state = 'pending' and l.next_try_at <= clock_timestamp())
$$;

create or replace function masthead.next_due() returns timestamptz
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select min(at) from (
    (select due_at as at from publication where state = 'scheduled' and due_at > (select clock_timestamp())
      order by due_at limit 1)
    union all (select min(next_action_at) from publication
      where state = 'scheduled' and next_action_at > (select clock_timestamp()))
    union all (select min(next_action_at) from publication
      where state in ('unknown','needs_human') and next_action_at > (select clock_timestamp()))
    union all (select min(next_try_at) from publication_link
      where state = 'pending' and next_try_at > (select clock_timestamp()))
    union all (select min(next_call_at) from account_budget
      where gap > '0' and next_call_at > (select clock_timestamp()))
    union all (select min(next_call_at) from app_budget where next_call_at > (select clock_timestamp()))
  ) all_of_it
$$;

-- As in 0012, by the pauses.
create or replace function masthead.oldest_due() returns interval
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select clock_timestamp() - min(greatest(p.due_at, p.next_action_at)) from publication p
  where p.state = 'scheduled' and p.due_at <= clock_timestamp() and p.not_after > clock_timestamp()
    and (p.next_action_at is null or p.next_action_at <= clock_timestamp())
    and (select a.state = 'active'
        and not exists (select 1 from pause x where x.organization_id = p.organization_id
          and (x.ended_at is null or x.ended_at >= p.due_at)
          and (x.scope = 'organization' or x.provider = a.provider or x.account_id = a.id))
      from account a where a.organization_id = p.organization_id and a.id = p.account_id)
$$;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(WALL)
    op.execute(MOVED)
    op.execute(FUNCTIONS)
    op.execute(AFTER)
