"""What a look ahead of its slot found against a publication."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = """
-- One row per publication that was looked at: `version` is the publication's own by then, `findings` what threatens it.
create table masthead.preflight(
  organization_id uuid not null references masthead.organization(id),
  publication_id uuid not null,
  version int not null,
  due_at timestamptz not null,
  looked_at timestamptz not null default clock_timestamp(),
  findings jsonb not null,
  primary key (organization_id, publication_id),
  foreign key (organization_id, publication_id) references masthead.publication(organization_id, id));
create index preflight_threatened on masthead.preflight(organization_id, due_at) where findings <> '[]';
"""

WALL = """
alter table masthead.preflight enable row level security;
alter table masthead.preflight force row level security;
create policy own_organization on masthead.preflight using (organization_id = masthead.ctx_organization())
  with check (organization_id = masthead.ctx_organization());
create policy claim on masthead.preflight for select to masthead_claim using (true);
grant select on masthead.preflight to masthead_web, masthead_claim;
grant select, insert, update on masthead.preflight to masthead_worker;
"""

FUNCTIONS = """
-- What is to be looked at: a day and an hour before its slot, when it has changed since, and every few minutes while
-- something threatens it, so that what was mended is soon seen to be.
create function masthead.preflight_due(at_most int, again interval)
  returns table(organization_id uuid, publication_id uuid)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select p.organization_id, p.id from publication p
  left join preflight f on f.organization_id = p.organization_id and f.publication_id = p.id
  where p.state = 'scheduled' and p.due_at > clock_timestamp()
    and p.due_at <= clock_timestamp() + interval '24 hours'
    and (f.publication_id is null or f.version <> p.version
      or (f.looked_at < p.due_at - interval '1 hour' and p.due_at <= clock_timestamp() + interval '1 hour')
      or (f.findings <> '[]' and f.looked_at < clock_timestamp() - again))
  order by p.due_at limit at_most
$$;

create function masthead.organizations_at_risk() returns table(organization_id uuid)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select distinct f.organization_id from preflight f where f.findings <> '[]' and f.due_at > clock_timestamp()
$$;
"""

OWNED = ("preflight_due(int,interval)", "organizations_at_risk()")


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(WALL)
    op.execute(FUNCTIONS)
    op.execute("grant create on schema masthead to masthead_claim")
    for signature in OWNED:
        op.execute(f"alter function masthead.{signature} owner to masthead_claim")
        op.execute(f"revoke all on function masthead.{signature} from public")
        op.execute(f"grant execute on function masthead.{signature} to masthead_worker")
    op.execute("revoke create on schema masthead from masthead_claim")
