"""What is done to a post once it is live: its first comment, another text, taking it away."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TABLES = """
-- Taken away at the network: it was published, and stays so.
alter table masthead.publication add column deleted_at timestamptz,
  add constraint deleted_was_live check (deleted_at is null or state = 'published') not valid;
alter table masthead.publication validate constraint deleted_was_live;

-- One piece of work each. `next_action_at`: when somebody looks at it next, which for `sending` is the end of its lease.
-- `opened_at`: when the first call began that can have done it; `reads` were made of what became of the last one, of which
-- `absent` were complete and didn't show it. `waits_since`: from when it has been waiting, anew when a person tries again.
create table masthead.live_work(
  organization_id uuid not null references masthead.organization(id),
  id uuid not null,
  publication_id uuid not null,
  kind text not null check (kind in ('comment','edit','delete')),
  text text not null default '' check (length(text) <= 100000),
  text_before text not null default '' check (length(text_before) <= 100000),
  asked_by uuid,
  asked_at timestamptz not null default clock_timestamp(),
  state text not null default 'waiting'
    check (state in ('waiting','sending','checking','needs_human','done','failed','dropped')),
  epoch bigint not null default 0,
  tries int not null default 0,
  reads int not null default 0,
  absent int not null default 0,
  resent int not null default 0,
  waits_since timestamptz not null default clock_timestamp(),
  next_action_at timestamptz default clock_timestamp(),
  opened_at timestamptz,
  send_deadline timestamptz,
  closed_at timestamptz,
  provider_comment_id text,
  last_error jsonb,
  evidence jsonb not null default '[]' check (jsonb_typeof(evidence) = 'array'),
  correlation_id text not null default '',
  primary key (organization_id, id),
  foreign key (organization_id, publication_id) references masthead.publication(organization_id, id),
  foreign key (organization_id, asked_by) references masthead.member(organization_id, id),
  constraint due_while_open check ((state in ('waiting','sending','checking')) = (next_action_at is not null)),
  constraint somebody_asks_for_a_change check (kind = 'comment' or asked_by is not null));
create unique index live_work_one_comment on masthead.live_work(organization_id, publication_id) where kind = 'comment';
create unique index live_work_one_change on masthead.live_work(organization_id, publication_id)
  where kind <> 'comment' and state in ('waiting','sending','checking');
create index live_work_of on masthead.live_work(organization_id, publication_id, id);
create index live_work_due on masthead.live_work(next_action_at) where state in ('waiting','sending','checking');
create index live_work_in_trouble on masthead.live_work(organization_id, closed_at)
  where state in ('needs_human','failed');

create table masthead.live_event(
  organization_id uuid not null references masthead.organization(id),
  id bigint generated always as identity,
  work_id uuid not null,
  publication_id uuid not null,
  at timestamptz not null default clock_timestamp(),
  from_state text,
  to_state text not null,
  epoch bigint not null,
  actor text not null,
  correlation_id text not null default '',
  why jsonb,
  primary key (organization_id, id),
  foreign key (organization_id, work_id) references masthead.live_work(organization_id, id),
  foreign key (organization_id, publication_id) references masthead.publication(organization_id, id));
create index live_event_of on masthead.live_event(organization_id, publication_id, id);

-- What is done to live posts is a route of its own: when it fails, publishing goes on.
alter table masthead.account_budget drop constraint account_budget_route_check,
  add constraint account_budget_route_check check (route in ('','prepare','publish','read','live'));
alter table masthead.app_budget drop constraint app_budget_route_check,
  add constraint app_budget_route_check check (route in ('','prepare','publish','read','live'));
alter table masthead.breaker drop constraint breaker_route_check,
  add constraint breaker_route_check check (route in ('prepare','publish','read','live'));
alter table masthead.breaker_count drop constraint breaker_count_route_check,
  add constraint breaker_count_route_check check (route in ('prepare','publish','read','live'));
"""

GUARDS = """
create function masthead.live_work_moved() returns trigger language plpgsql set search_path = masthead, pg_temp as $$begin
  if tg_op = 'UPDATE' then
    if new.organization_id <> old.organization_id or new.id <> old.id or new.publication_id <> old.publication_id
       or new.kind <> old.kind or new.text <> old.text then
      raise exception 'live work keeps its publication, kind and text' using errcode = 'check_violation';
    end if;
    if new.epoch < old.epoch then
      raise exception 'epoch went back' using errcode = 'check_violation';
    end if;
    if new.state = old.state then
      return null;
    end if;
    -- What may have been done is never waiting again but by what a read, the network or a person said.
    if (old.state, new.state) not in (
        ('waiting','sending'), ('waiting','done'), ('waiting','failed'), ('waiting','dropped'),
        ('sending','done'), ('sending','waiting'), ('sending','checking'), ('sending','failed'),
        ('checking','done'), ('checking','waiting'), ('checking','needs_human'), ('checking','failed'),
        ('checking','dropped'), ('needs_human','done'), ('needs_human','waiting'), ('needs_human','dropped'),
        ('failed','done'), ('failed','waiting'), ('failed','dropped')) then
      raise exception 'illegal transition % -> % of live work', old.state, new.state using errcode = 'check_violation';
    end if;
  end if;
  insert into live_event(organization_id, work_id, publication_id, from_state, to_state, epoch, actor, correlation_id, why)
  values (new.organization_id, new.id, new.publication_id, case when tg_op = 'UPDATE' then old.state end, new.state,
    new.epoch, coalesce(nullif(current_setting('app.actor', true), ''), session_user),
    coalesce(nullif(current_setting('app.correlation_id', true), ''), new.correlation_id),
    case when tg_op = 'UPDATE' then nullif(current_setting('app.why', true), '')::jsonb end);
  if new.state = 'waiting' and new.next_action_at <= clock_timestamp() then
    perform pg_notify('masthead_publication', '');
  end if;
  return null;
end$$;
revoke all on function masthead.live_work_moved() from public;
create trigger live_work_moved after insert or update on masthead.live_work
  for each row execute function masthead.live_work_moved();
"""

WALL = """
alter table masthead.live_work enable row level security;
alter table masthead.live_work force row level security;
create policy own_organization on masthead.live_work
  using (organization_id = masthead.ctx_organization()) with check (organization_id = masthead.ctx_organization());
create policy claim on masthead.live_work to masthead_claim using (true) with check (true);
grant select, insert on masthead.live_work to masthead_web, masthead_worker;
grant update (state, tries, reads, absent, resent, waits_since, next_action_at, closed_at, last_error, correlation_id)
  on masthead.live_work to masthead_web;
grant update (state, tries, reads, absent, resent, next_action_at, opened_at, send_deadline, closed_at,
  provider_comment_id, last_error, evidence) on masthead.live_work to masthead_worker;
grant select (organization_id, id, publication_id, kind, state, epoch, next_action_at, send_deadline),
  update (state, epoch, next_action_at) on masthead.live_work to masthead_claim;
grant update (deleted_at) on masthead.publication to masthead_worker;

alter table masthead.live_event enable row level security;
alter table masthead.live_event force row level security;
create policy own_organization on masthead.live_event
  using (organization_id = masthead.ctx_organization()) with check (organization_id = masthead.ctx_organization());
create policy claim on masthead.live_event for insert to masthead_claim with check (true);
grant select, insert on masthead.live_event to masthead_web, masthead_worker;
grant insert on masthead.live_event to masthead_claim;
"""

FUNCTIONS = """
-- The next pieces of work, each under a new epoch. One that was being done when its program went away is no work yet: a
-- comment is looked for first, and a change, which may be made twice, is made again when the first call must be over.
-- What is paused or may not be called now comes back later.
create function masthead.claim_live(at_most int, lease interval, first_read interval)
  returns table(organization_id uuid, work_id uuid, epoch bigint)
  language plpgsql security definer set search_path = masthead, pg_temp set lock_timeout = '250ms' as $$
declare
  moment timestamptz := clock_timestamp();
  due record;
  later timestamptz;
begin
  perform set_config('app.actor', 'program:live', true);
  for due in
    select w.organization_id, w.id, w.publication_id, w.kind, w.state, w.send_deadline from live_work w
    where w.state in ('waiting','sending','checking') and w.next_action_at <= moment
    order by w.next_action_at limit at_most for update skip locked
  loop
    if due.state = 'sending' then
      perform set_config('app.why', '{"because":"The program that was doing it went away."}', true);
      update live_work w set state = case when due.kind = 'comment' then 'checking' else 'waiting' end,
          next_action_at = greatest(moment, due.send_deadline) + first_read
        where w.organization_id = due.organization_id and w.id = due.id;
      continue;
    end if;
    select greatest(
        case when due.state = 'waiting' and (a.state <> 'active' or exists (select 1 from pause x
            where x.organization_id = a.organization_id and x.ended_at is null
              and (x.scope = 'organization' or x.provider = a.provider or x.account_id = a.id)))
          then moment + interval '15 seconds' end,
        call_after(a.organization_id, a.id, a.provider, a.network,
          case when due.state = 'waiting' then 'live' else 'read' end, due.state = 'checking' or due.kind <> 'comment'))
      into later
      from publication p join account a on a.organization_id = p.organization_id and a.id = p.account_id
      where p.organization_id = due.organization_id and p.id = due.publication_id;
    update live_work w set next_action_at = coalesce(later, moment + lease),
        epoch = w.epoch + case when later is null then 1 else 0 end
      where w.organization_id = due.organization_id and w.id = due.id
      returning w.epoch into epoch;
    continue when later is not null;
    organization_id := due.organization_id;
    work_id := due.id;
    return next;
  end loop;
end$$;

create function masthead.live_waiting() returns boolean
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select exists (select 1 from live_work w
    where w.state in ('waiting','sending','checking') and w.next_action_at <= clock_timestamp())
$$;

-- As in 0021, and what is done to live posts.
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
    union all (select min(next_action_at) from live_work
      where state in ('waiting','sending','checking') and next_action_at > (select clock_timestamp()))
    union all (select min(next_call_at) from account_budget
      where gap > '0' and next_call_at > (select clock_timestamp()))
    union all (select min(next_call_at) from app_budget where next_call_at > (select clock_timestamp()))
  ) all_of_it
$$;
"""

OWNED = (
    ("claim_live(int,interval,interval)", "masthead_worker"),
    ("live_waiting()", "masthead_dispatch, masthead_worker"),
)


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(GUARDS)
    op.execute(WALL)
    op.execute(FUNCTIONS)
    op.execute("grant create on schema masthead to masthead_claim")
    for signature, callers in OWNED:
        op.execute(f"alter function masthead.{signature} owner to masthead_claim")
        op.execute(f"revoke all on function masthead.{signature} from public")
        op.execute(f"grant execute on function masthead.{signature} to {callers}")
    op.execute("revoke create on schema masthead from masthead_claim")
