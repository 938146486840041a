"""Budgets of calls per app, account and route, and the breaker of each route: in Postgres, for the whole fleet."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# `route` is empty for all calls, and so is `network` for a whole provider. `percent` is what the network said last;
# `held_until`: nothing is called before; `gap`: how far apart calls are spread, of which the next may leave at
# `next_call_at`; `holds`: how often in a row a hold had to guess its end.
TABLES = """
create table masthead.account_budget(
  organization_id uuid not null references masthead.organization(id),
  account_id uuid not null,
  route text not null check (route in ('','prepare','publish','read')),
  percent double precision not null check (percent >= 0),
  exact boolean not null default false,
  said_at timestamptz not null default clock_timestamp(),
  held_until timestamptz,
  holds int not null default 0,
  gap interval not null default '0',
  next_call_at timestamptz,
  primary key (organization_id, account_id, route),
  foreign key (organization_id, account_id) references masthead.account(organization_id, id));
create index account_budget_spread on masthead.account_budget(next_call_at) where gap > '0';

-- What follows is the installation's: an app serves all organizations. Nothing in it comes from one of them.
create table masthead.app_budget(
  provider text not null,
  network text not null,
  route text not null check (route in ('','prepare','publish','read')),
  percent double precision not null check (percent >= 0),
  exact boolean not null default false,
  said_at timestamptz not null default clock_timestamp(),
  held_until timestamptz,
  holds int not null default 0,
  gap interval not null default '0',
  next_call_at timestamptz,
  primary key (provider, network, route));

create table masthead.breaker(
  provider text not null,
  network text not null,
  route text not null check (route in ('prepare','publish','read')),
  state text not null check (state in ('closed','open','half_open')),
  until timestamptz not null,
  open_for interval not null,
  opened_at timestamptz not null,
  closed_at timestamptz,
  probe_by text,
  primary key (provider, network, route),
  constraint half_open_is_somebodys check ((state = 'half_open') = (probe_by is not null)));

-- Calls and failures of the last minute, by slices of it that are used again; a lane is what one process writes.
create table masthead.breaker_count(
  provider text not null,
  network text not null,
  route text not null check (route in ('prepare','publish','read')),
  slice int not null,
  lane int not null,
  began_at timestamptz not null,
  calls int not null,
  failures int not null,
  primary key (provider, network, route, slice, lane));
"""

WALL = """
alter table masthead.account_budget enable row level security;
alter table masthead.account_budget force row level security;
create policy own_organization on masthead.account_budget
  using (organization_id = masthead.ctx_organization()) with check (organization_id = masthead.ctx_organization());
create policy claim on masthead.account_budget to masthead_claim using (true) with check (true);
grant select on masthead.account_budget, masthead.app_budget, masthead.breaker to masthead_web;
grant select, insert, update on masthead.account_budget, masthead.app_budget, masthead.breaker,
  masthead.breaker_count to masthead_worker;
grant select, update on masthead.account_budget, masthead.app_budget to masthead_claim;
grant select on masthead.breaker to masthead_claim;
"""

FUNCTIONS = """
-- When a call for an account may be made, where that isn't now: after a hold, a breaker, or, for what isn't urgent, while
-- a budget is used up to 80 % by what was said in the last hour. Null: now.
create function masthead.call_after(of_organization uuid, of_account uuid, of_provider text, of_network text,
    of_route text, urgent boolean) returns timestamptz
  language sql stable begin atomic
  select max(said.at) from (
    select greatest(b.held_until, case when not urgent and not b.exact and b.percent >= 80
        and b.said_at > clock_timestamp() - interval '1 hour' then clock_timestamp() + interval '5 minutes' end) as at
      from masthead.account_budget b
      where b.organization_id = of_organization and b.account_id = of_account and b.route in ('', of_route)
    union all
    select greatest(b.held_until, case when not urgent and not b.exact and b.percent >= 80
        and b.said_at > clock_timestamp() - interval '1 hour' then clock_timestamp() + interval '5 minutes' end)
      from masthead.app_budget b
      where b.provider = of_provider and b.network in ('', of_network) and b.route in ('', of_route)
    union all
    select case when b.state = 'half_open' then least(b.until, clock_timestamp() + interval '1 second') else b.until end
      from masthead.breaker b
      where b.provider = of_provider and b.network = of_network and b.route = of_route and b.state <> 'closed'
  ) said where said.at > clock_timestamp();
end;
revoke all on function masthead.call_after(uuid, uuid, text, text, text, boolean) from public;
grant execute on function masthead.call_after(uuid, uuid, text, text, text, boolean)
  to masthead_web, masthead_worker, masthead_claim;

-- Whether the calls that draw on a budget are spread and the next has to wait at this moment. What was said more than an
-- hour ago spreads nothing any more; and while nothing is called at all, posts are claimed to be told so.
create function masthead.leaves_no_room(gap interval, next_call_at timestamptz, said_at timestamptz,
    held_until timestamptz, moment timestamptz) returns boolean
  language sql immutable
  return gap > '0' and next_call_at > moment and said_at > moment - interval '1 hour'
    and not coalesce(held_until > moment, false);
revoke all on function masthead.leaves_no_room(interval, timestamptz, timestamptz, timestamptz, timestamptz)
  from public;
grant execute on function masthead.leaves_no_room(interval, timestamptz, timestamptz, timestamptz, timestamptz)
  to masthead_claim;

-- As in 0005, and where a budget is used to more than 60 %, one of an account (or of the whole app) per gap.
create or replace function masthead.claim_due(at_most int, owner text, lease interval,
    backlog_age interval, backlog_spacing interval, twin_spacing interval)
  returns table(organization_id uuid, publication_id uuid, epoch bigint)
  language plpgsql security definer set search_path = masthead, pg_temp set lock_timeout = '250ms' as $$
declare
  moment timestamptz := clock_timestamp();
  candidate record;
  claimed int := 0;
begin
  perform set_config('app.actor', 'program:sender', true);
  for candidate in
    select o.id as organization_id, due.id, due.account_id, due.provider, due.network, due.due_at, due.payload_sha256
    from organization o
    left join (select f.organization_id, count(*) as busy from publication f
               where f.state in ('queued','claimed','sending') group by f.organization_id) flight
      on flight.organization_id = o.id
    cross join lateral (
      select q.id, q.account_id, a.provider, a.network, q.due_at, q.payload_sha256,
        row_number() over (order by q.due_at, q.id) as turn
      from publication q
      join account a on a.organization_id = q.organization_id and a.id = q.account_id
      where q.organization_id = o.id and q.state = 'scheduled' and q.due_at <= moment
        and (q.next_action_at is null or q.next_action_at <= moment)
        and q.not_after > moment
        and q.payload_sha256 = q.approved_sha256 and q.approved_until > moment
        and a.state = 'active'
        and q.due_at > coalesce(greatest(a.resumed_at, o.resumed_at), '-infinity')
        and (a.next_send_at is null or a.next_send_at <= moment or q.due_at > moment - backlog_age)
        and not exists (select 1 from publication t where t.account_id = q.account_id
                        and t.payload_sha256 = q.payload_sha256 and t.id <> q.id
                        and (t.state in ('queued','claimed','sending','unknown')
                             or (t.state = 'published' and t.published_at > moment - twin_spacing)))
        and not exists (select 1 from account_budget b where b.organization_id = q.organization_id
                        and b.account_id = q.account_id
                        and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, moment))
        and not exists (select 1 from app_budget b where b.provider = a.provider and b.network in ('', a.network)
                        and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, moment))
      order by q.due_at, q.id
      limit at_most * 4) due
    where not o.publish_paused
    order by coalesce(flight.busy, 0) + due.turn, due.due_at
    limit at_most * 4
  loop
    exit when claimed >= at_most;
    perform 1 from publication p
      where p.organization_id = candidate.organization_id and p.id = candidate.id
        and p.state = 'scheduled' and p.due_at <= moment and (p.next_action_at is null or p.next_action_at <= moment)
        and p.not_after > moment and p.payload_sha256 = p.approved_sha256 and p.approved_until > moment
        and not exists (select 1 from publication t where t.account_id = p.account_id
                        and t.payload_sha256 = p.payload_sha256 and t.id <> p.id
                        and (t.state in ('queued','claimed','sending','unknown')
                             or (t.state = 'published' and t.published_at > moment - twin_spacing)))
      for update of p skip locked;
    if not found then
      continue;
    end if;
    begin
      if candidate.due_at < moment - backlog_age then
        update account a set next_send_at = moment + backlog_spacing
          where a.organization_id = candidate.organization_id and a.id = candidate.account_id
            and (a.next_send_at is null or a.next_send_at <= moment);
        if not found then
          continue;
        end if;
      end if;
      -- Held first, so that two claims can't both find room; a row that is waited for is seen as it is then.
      perform 1 from account_budget b where b.organization_id = candidate.organization_id
        and b.account_id = candidate.account_id and b.gap > '0' order by b.route for update;
      perform 1 from app_budget b where b.provider = candidate.provider and b.network in ('', candidate.network)
        and b.gap > '0' order by b.network, b.route for update;
      if exists (select 1 from account_budget b where b.organization_id = candidate.organization_id
                   and b.account_id = candidate.account_id
                   and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, moment))
        or exists (select 1 from app_budget b where b.provider = candidate.provider
                   and b.network in ('', candidate.network)
                   and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, moment)) then
        continue;
      end if;
      update account_budget b set next_call_at = moment + b.gap
        where b.organization_id = candidate.organization_id and b.account_id = candidate.account_id and b.gap > '0'
          and not coalesce(b.held_until > moment, false);
      update app_budget b set next_call_at = moment + b.gap
        where b.provider = candidate.provider and b.network in ('', candidate.network) and b.gap > '0'
          and not coalesce(b.held_until > moment, false);
      update publication p set state = 'queued', epoch = p.epoch + 1, lease_owner = owner,
          lease_until = clock_timestamp() + lease, next_action_at = null
        where p.organization_id = candidate.organization_id and p.id = candidate.id
        returning p.epoch into epoch;
    exception
      when unique_violation or lock_not_available or deadlock_detected then
        continue;  -- a twin or the account is in another sender's hands; the next claim sees what came of it
      when others then
        raise warning 'publication % can not be claimed: %', candidate.id, sqlerrm;
        continue;
    end;
    organization_id := candidate.organization_id;
    publication_id := candidate.id;
    claimed := claimed + 1;
    return next;
  end loop;
end$$;

-- As in 0005, but what may not be asked now comes back when it may, without anybody being bothered.
create or replace function masthead.claim_checks(at_most int, lease interval)
  returns table(organization_id uuid, publication_id uuid, epoch bigint)
  language sql security definer set search_path = masthead, pg_temp as $$
  with due as (
    select q.organization_id, q.id, q.account_id from publication q
    where q.state = 'unknown' and q.next_action_at <= clock_timestamp()
    order by q.next_action_at limit at_most for update skip locked),
  asked as (
    select d.organization_id, d.id, call_after(a.organization_id, a.id, a.provider, a.network, 'read', true) as later
    from due d join account a on a.organization_id = d.organization_id and a.id = d.account_id),
  moved as (
    update publication p set next_action_at = coalesce(asked.later, clock_timestamp() + lease)
    from asked where p.organization_id = asked.organization_id and p.id = asked.id
    returning p.organization_id, p.id, p.epoch, asked.later)
  select m.organization_id, m.id, m.epoch from moved m where m.later is null
$$;

-- As in 0005; nothing depends on a link, so it isn't urgent.
create or replace function masthead.claim_links(at_most int, lease interval)
  returns table(organization_id uuid, publication_id uuid)
  language sql security definer set search_path = masthead, pg_temp as $$
  with due as (
    select k.organization_id, k.publication_id from publication_link k
    where k.state = 'pending' and k.next_try_at <= clock_timestamp()
    order by k.next_try_at limit at_most for update skip locked),
  asked as (
    select d.organization_id, d.publication_id,
      call_after(a.organization_id, a.id, a.provider, a.network, 'read', false) as later
    from due d join publication p on p.organization_id = d.organization_id and p.id = d.publication_id
    join account a on a.organization_id = p.organization_id and a.id = p.account_id),
  moved as (
    update publication_link l set next_try_at = coalesce(asked.later, clock_timestamp() + lease)
    from asked where l.organization_id = asked.organization_id and l.publication_id = asked.publication_id
    returning l.organization_id, l.publication_id, asked.later)
  select m.organization_id, m.publication_id from moved m where m.later is null
$$;

-- As in 0012, and when calls that are spread leave room again: what waits for that is no work now.
create or replace function masthead.work_waiting() returns table(sends boolean, links boolean)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select exists (
      select 1 from publication p
      join organization o on o.id = p.organization_id
      where p.state = 'scheduled' and p.due_at <= clock_timestamp() and p.not_after > clock_timestamp()
        and (p.next_action_at is null or p.next_action_at <= clock_timestamp())
        and exists (select 1 from account a where a.organization_id = p.organization_id and a.id = p.account_id
          and a.state = 'active'
          and not exists (select 1 from account_budget b where b.organization_id = a.organization_id
            and b.account_id = a.id
            and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, clock_timestamp()))
          and not exists (select 1 from app_budget b where b.provider = a.provider and b.network in ('', a.network)
            and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, clock_timestamp())))
        and not o.publish_paused)
    or exists (select 1 from publication p where p.state = 'unknown' and p.next_action_at <= clock_timestamp()),
    exists (select 1 from publication_link l where l.state = 'pending' and l.next_try_at <= clock_timestamp())
$$;

create or replace function masthead.next_due() returns timestamptz
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select min(at) from (
    (select due_at as at from publication where state = 'scheduled' and due_at > clock_timestamp()
      order by due_at limit 1)
    union all (select min(next_action_at) from publication where state = 'scheduled' and next_action_at > clock_timestamp())
    union all (select min(next_action_at) from publication where state = 'unknown' and next_action_at > clock_timestamp())
    union all (select min(next_try_at) from publication_link where state = 'pending' and next_try_at > clock_timestamp())
    union all (select min(next_call_at) from account_budget where gap > '0' and next_call_at > clock_timestamp())
    union all (select min(next_call_at) from app_budget where next_call_at > clock_timestamp())
  ) all_of_it
$$;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(WALL)
    op.execute(FUNCTIONS)
