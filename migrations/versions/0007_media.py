"""Images, what each network gets of them, and uploads under way."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = """
create table masthead.media(
  organization_id uuid not null references masthead.organization(id),
  id uuid not null,
  file_name text not null,
  sha256 bytea not null check (octet_length(sha256) = 32),
  mime text not null check (mime in ('image/jpeg','image/png')),
  width int not null check (width > 0),
  height int not null check (height > 0),
  size int not null check (size > 0),
  uploaded_by uuid not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (organization_id, id),
  foreign key (organization_id, uploaded_by) references masthead.member(organization_id, id));

create table masthead.rendition(
  organization_id uuid not null references masthead.organization(id),
  media_id uuid not null,
  network text not null,
  sha256 bytea not null check (octet_length(sha256) = 32),
  mime text not null check (mime in ('image/jpeg','image/png')),
  width int not null check (width > 0),
  height int not null check (height > 0),
  size int not null check (size > 0),
  primary key (organization_id, media_id, network),
  foreign key (organization_id, media_id) references masthead.media(organization_id, id));

create table masthead.upload(
  organization_id uuid not null references masthead.organization(id),
  id uuid not null,
  file_name text not null,
  size int not null check (size > 0),
  received int not null default 0,
  created_by uuid not null,
  created_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  media_id uuid,
  failed_because text,
  emptied_at timestamptz,
  primary key (organization_id, id),
  foreign key (organization_id, created_by) references masthead.member(organization_id, id),
  foreign key (organization_id, media_id) references masthead.media(organization_id, id),
  constraint received_within_size check (received between 0 and size),
  constraint ended_one_way check (media_id is null or failed_because is null));
create index upload_recent on masthead.upload(organization_id, created_at);
create index upload_full on masthead.upload(created_at) where emptied_at is null;
"""

WALL = """
do $$declare t text; begin
  foreach t in array array['media','rendition','upload'] loop
    execute format('alter table masthead.%I enable row level security', t);
    execute format('alter table masthead.%I force row level security', t);
    execute format('create policy own_organization on masthead.%I using (organization_id = masthead.ctx_organization())'
                   ' with check (organization_id = masthead.ctx_organization())', t);
  end loop;
end$$;
create policy claim on masthead.upload for select to masthead_claim using (true);

grant select, insert on masthead.media, masthead.rendition, masthead.upload to masthead_web;
grant update (received, finished_at, media_id, failed_because, emptied_at) on masthead.upload to masthead_web;
grant select on masthead.media, masthead.rendition, masthead.upload to masthead_worker;
grant update (finished_at, failed_because, emptied_at) on masthead.upload to masthead_worker;
grant select on masthead.upload to masthead_claim;

-- Uploads whose chunks still lie in storage though their time is over, finished or not.
create function masthead.overdue_uploads(older_than interval, at_most int)
  returns table(organization_id uuid, upload_id uuid)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select u.organization_id, u.id from upload u
  where u.emptied_at is null and u.created_at < clock_timestamp() - older_than
  order by u.created_at limit at_most
$$;
grant create on schema masthead to masthead_claim;
alter function masthead.overdue_uploads(interval,int) owner to masthead_claim;
revoke all on function masthead.overdue_uploads(interval,int) from public;
grant execute on function masthead.overdue_uploads(interval,int) to masthead_worker;
revoke create on schema masthead from masthead_claim;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(WALL)
