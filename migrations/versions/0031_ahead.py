"""What is done for a publication before its slot: files handed to its network, where nobody sees them yet."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

TABLES = """
-- A note beside the publication, which itself is not touched: it stays scheduled, and can be changed and taken back.
-- It is good for these bytes and this slot alone. `owner`: who is at work on it, until `next_action_at`; without one that
-- is when it is tried next, and null means that nothing more is done before the slot. `tries`: failures in a row.
create table masthead.preparation(
  organization_id uuid not null references masthead.organization(id),
  publication_id uuid not null,
  payload_sha256 bytea not null check (octet_length(payload_sha256) = 32),
  due_at timestamptz not null,
  epoch bigint not null default 1,
  owner text,
  next_action_at timestamptz,
  tries int not null default 0,
  prepared_at timestamptz,
  primary key (organization_id, publication_id),
  foreign key (organization_id, publication_id) references masthead.publication(organization_id, id),
  constraint held_until_a_time check (owner is null or next_action_at is not null),
  constraint nothing_follows check (prepared_at is null or next_action_at is null));
create index preparation_held on masthead.preparation(organization_id) where owner is not null;
-- What carries files and is on the schedule: what has none has nothing to prepare.
create index publication_with_files on masthead.publication(organization_id, due_at)
  where state = 'scheduled' and payload -> 'media' <> '[]';
"""

WALL = """
alter table masthead.preparation enable row level security;
alter table masthead.preparation force row level security;
create policy own_organization on masthead.preparation
  using (organization_id = masthead.ctx_organization()) with check (organization_id = masthead.ctx_organization());
create policy claim on masthead.preparation to masthead_claim using (true) with check (true);
grant select on masthead.preparation to masthead_web, masthead_worker;
grant update (owner, next_action_at, tries, prepared_at) on masthead.preparation to masthead_worker;
grant select, insert, update on masthead.preparation to masthead_claim;
"""

FUNCTIONS = """
-- What of an organization can be prepared: approved for longer than until its slot, on an account that could send now,
-- with room in its budgets, at a network that is well. A budget that is used to more than 60 % is left to what is due.
create function masthead.to_prepare(of_organization uuid, moment timestamptz, ahead interval, margin interval)
  returns table(publication_id uuid, payload_sha256 bytea, due_at timestamptz)
  language sql stable begin atomic
  select q.id, q.approved_sha256, q.due_at from masthead.publication q
  join masthead.account a on a.organization_id = q.organization_id and a.id = q.account_id
  where q.organization_id = of_organization and q.state = 'scheduled' and q.payload -> 'media' <> '[]'
    and q.due_at > moment + margin and q.due_at <= moment + ahead
    and q.payload_sha256 = q.approved_sha256 and q.approved_until > q.due_at and a.state = 'active'
    and not exists (select 1 from masthead.preparation w
      where w.organization_id = q.organization_id and w.publication_id = q.id
        and w.payload_sha256 = q.approved_sha256 and w.due_at = q.due_at
        and (w.next_action_at is null or w.next_action_at > moment))
    and not exists (select 1 from masthead.pause x where x.organization_id = a.organization_id and x.ended_at is null
      and (x.scope = 'organization' or x.provider = a.provider or x.account_id = a.id))
    and not exists (select 1 from masthead.account_budget b
      where b.organization_id = a.organization_id and b.account_id = a.id
        and (b.held_until > moment or b.gap > '0' and b.said_at > moment - interval '1 hour'))
    and not exists (select 1 from masthead.app_budget b
      where b.provider = a.provider and b.network in ('', a.network)
        and (b.held_until > moment or b.gap > '0' and b.said_at > moment - interval '1 hour'))
    and not exists (select 1 from masthead.breaker b
      where b.provider = a.provider and b.network = a.network and b.route in ('prepare','publish')
        and b.state <> 'closed');
end;

-- The next to prepare, soonest slot first, with a lease: organizations take turns, those with the least under way first.
create function masthead.claim_ahead(at_most int, owner text, lease interval, ahead interval, margin interval)
  returns table(organization_id uuid, publication_id uuid, epoch bigint)
  language plpgsql security definer set search_path = masthead, pg_temp set lock_timeout = '250ms' as $$
declare
  moment timestamptz := clock_timestamp();
  candidate record;
begin
  for candidate in
    select o.id as organization_id, head.* from organization o
    cross join lateral (select count(*) as n from preparation w
      where w.organization_id = o.id and w.owner is not null and w.next_action_at > moment) busy
    cross join lateral (
      select t.*, row_number() over (order by t.due_at, t.publication_id) as turn
      from to_prepare(o.id, moment, ahead, margin) t order by t.due_at, t.publication_id limit at_most) head
    order by busy.n + head.turn, head.due_at, head.publication_id limit at_most
  loop
    begin
      insert into preparation as w (organization_id, publication_id, payload_sha256, due_at, owner, next_action_at)
        values (candidate.organization_id, candidate.publication_id, candidate.payload_sha256, candidate.due_at,
          claim_ahead.owner, moment + lease)
      on conflict on constraint preparation_pkey do update set payload_sha256 = excluded.payload_sha256,
          due_at = excluded.due_at, epoch = w.epoch + 1, owner = excluded.owner,
          next_action_at = excluded.next_action_at, prepared_at = null,
          tries = case when (w.payload_sha256, w.due_at) = (excluded.payload_sha256, excluded.due_at)
            then w.tries else 0 end
        where w.next_action_at <= moment
          or (w.payload_sha256, w.due_at) is distinct from (excluded.payload_sha256, excluded.due_at)
        returning w.epoch into epoch;
    exception when lock_not_available or deadlock_detected then
      continue;
    end;
    continue when epoch is null;  -- somebody else has taken it meanwhile
    organization_id := candidate.organization_id;
    publication_id := candidate.publication_id;
    return next;
  end loop;
end$$;

create function masthead.ahead_waiting(ahead interval, margin interval) returns boolean
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select exists (select 1 from (select clock_timestamp() as at) now cross join organization o
    cross join lateral (select 1 from to_prepare(o.id, now.at, ahead, margin) limit 1) one)
$$;
"""

OWNED = (
    ("to_prepare(uuid,timestamptz,interval,interval)", "masthead_claim"),
    ("claim_ahead(int,text,interval,interval,interval)", "masthead_worker"),
    ("ahead_waiting(interval,interval)", "masthead_dispatch, masthead_worker"),
)


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(WALL)
    op.execute(FUNCTIONS)
    op.execute("grant create on schema masthead to masthead_claim")
    for signature, callers in OWNED:
        op.execute(f"alter function masthead.{signature} owner to masthead_claim")
        op.execute(f"revoke all on function masthead.{signature} from public")
        op.execute(f"grant execute on function masthead.{signature} to {callers}")
    op.execute("revoke create on schema masthead from masthead_claim")
