"""Keeping tokens alive: when each grant is renewed and looked at next, what came of it, and a token's follower on trial."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

TABLES = """
alter table masthead.connection add column consented_at timestamptz not null default clock_timestamp(),
  add column consent_ends_at timestamptz;
-- Held by a look at its grant, not by a refused call: what the look finds mended is mended.
alter table masthead.account add column heals boolean not null default false;
alter table masthead.credential add column last_used_at timestamptz;
alter table masthead.credential drop constraint credential_state_check;
alter table masthead.credential add constraint credential_state_check
  check (state in ('current','next','previous','revoked'));
create unique index credential_next on masthead.credential
  (organization_id, connection_id, coalesce(account_id, '00000000-0000-0000-0000-000000000000'), purpose)
  where state = 'next';

-- One row for each grant in use. `renewal_began_at` is set while nobody knows what became of a call that renews.
create table masthead.token_care(
  organization_id uuid not null references masthead.organization(id),
  connection_id uuid not null,
  next_check_at timestamptz,
  next_renewal_at timestamptz,
  due_at timestamptz generated always as (least(next_check_at, next_renewal_at)) stored,
  lease_until timestamptz,
  epoch bigint not null default 0,
  checked_at timestamptz,
  check_failures int not null default 0,
  check_error text,
  reached_at timestamptz,
  renewed_at timestamptz,
  renewal_began_at timestamptz,
  renewal_failures int not null default 0,
  renewal_error text,
  renewal_refused_at timestamptz,
  primary key (organization_id, connection_id),
  foreign key (organization_id, connection_id) references masthead.connection(organization_id, id));
create index token_care_due on masthead.token_care(due_at) where due_at is not null;
"""

WALL = """
alter table masthead.token_care enable row level security;
alter table masthead.token_care force row level security;
create policy own_organization on masthead.token_care
  using (organization_id = masthead.ctx_organization()) with check (organization_id = masthead.ctx_organization());
create policy claim on masthead.token_care to masthead_claim using (true) with check (true);
grant select, insert, update on masthead.token_care to masthead_web, masthead_worker;
grant select, update on masthead.token_care to masthead_claim;
"""

# The grants there are: consented to when their newest token came, looked at within the hour.
FILLED = """
do $$declare t text; begin
  foreach t in array array['connection','credential'] loop
    execute format('alter table masthead.%I no force row level security', t);
  end loop;
end$$;
update masthead.connection c set consented_at = coalesce((select max(k.created_at) from masthead.credential k
  where k.organization_id = c.organization_id and k.connection_id = c.id and k.purpose = 'grant'
    and k.state = 'current'), c.created_at);
insert into masthead.token_care(organization_id, connection_id, next_check_at)
select c.organization_id, c.id, clock_timestamp() + random() * interval '1 hour' from masthead.connection c
where c.state in ('active','broken');
do $$declare t text; begin
  foreach t in array array['connection','credential'] loop
    execute format('alter table masthead.%I force row level security', t);
  end loop;
end$$;
"""

FUNCTIONS = """
-- The lease keeps two workers from renewing the same token; whose holder died is tried again when it is over.
create function masthead.claim_tokens(at_most int, lease interval)
  returns table(organization_id uuid, connection_id uuid, epoch bigint)
  language sql security definer set search_path = masthead, pg_temp as $$
  update token_care t set lease_until = clock_timestamp() + lease, epoch = t.epoch + 1
  where (t.organization_id, t.connection_id) in (
    select w.organization_id, w.connection_id from token_care w
    where w.due_at <= clock_timestamp() and (w.lease_until is null or w.lease_until <= clock_timestamp())
    order by w.due_at limit at_most for update skip locked)
  returning t.organization_id, t.connection_id, t.epoch
$$;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(FILLED)
    op.execute(WALL)
    op.execute(FUNCTIONS)
    op.execute("grant create on schema masthead to masthead_claim")
    op.execute("alter function masthead.claim_tokens(int,interval) owner to masthead_claim")
    op.execute("revoke all on function masthead.claim_tokens(int,interval) from public")
    op.execute("grant execute on function masthead.claim_tokens(int,interval) to masthead_worker")
    op.execute("revoke create on schema masthead from masthead_claim")
