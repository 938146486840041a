"""What the invisible steps of a publication made at the network: a container, an upload, a photo nobody sees yet."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SQL = """
create table masthead.publication_step(
  organization_id uuid not null references masthead.organization(id),
  id bigint generated always as identity,
  publication_id uuid not null,
  payload_sha256 bytea not null check (octet_length(payload_sha256) = 32),
  name text not null check (length(name) between 1 and 60),
  reference text not null check (length(reference) between 1 and 2000),
  epoch bigint not null,
  correlation_id text not null default '',
  made_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz,
  dropped_at timestamptz,
  dropped_because text,
  primary key (organization_id, id),
  foreign key (organization_id, publication_id) references masthead.publication(organization_id, id),
  constraint dropped_says_why check ((dropped_at is null) = (dropped_because is null)));
-- Never two live containers for one publication: which of them went out could not be told.
create unique index publication_step_one_live
  on masthead.publication_step(organization_id, publication_id, payload_sha256, name) where dropped_at is null;
create index publication_step_of on masthead.publication_step(organization_id, publication_id, id);

create function masthead.publication_step_guard() returns trigger language plpgsql
  set search_path = masthead, pg_temp as $$begin
  if old.dropped_at is not null then
    raise exception 'step % is dropped for good', old.id using errcode = 'check_violation';
  end if;
  return new;
end$$;
revoke all on function masthead.publication_step_guard() from public;
create trigger publication_step_guard before update on masthead.publication_step
  for each row execute function masthead.publication_step_guard();

alter table masthead.publication_step enable row level security;
alter table masthead.publication_step force row level security;
create policy own_organization on masthead.publication_step
  using (organization_id = masthead.ctx_organization()) with check (organization_id = masthead.ctx_organization());
grant select on masthead.publication_step to masthead_web;
grant select, insert on masthead.publication_step to masthead_worker;
grant update (dropped_at, dropped_because) on masthead.publication_step to masthead_worker;
"""


def upgrade() -> None:
    op.execute(SQL)
