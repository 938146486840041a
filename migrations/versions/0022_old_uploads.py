"""Uploads that ended long ago are thrown away: what became of them stands in the library and in the audit trail."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

STATEMENTS = """
create index upload_over on masthead.upload(created_at) where emptied_at is not null and finished_at is not null;
grant delete on masthead.upload to masthead_worker;

create function masthead.old_uploads(older_than interval, at_most int)
  returns table(organization_id uuid, upload_id uuid)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select u.organization_id, u.id from upload u
  where u.emptied_at is not null and u.finished_at is not null and u.created_at < clock_timestamp() - older_than
  order by u.created_at limit at_most
$$;
grant create on schema masthead to masthead_claim;
alter function masthead.old_uploads(interval,int) owner to masthead_claim;
revoke all on function masthead.old_uploads(interval,int) from public;
grant execute on function masthead.old_uploads(interval,int) to masthead_worker;
revoke create on schema masthead from masthead_claim;
"""


def upgrade() -> None:
    op.execute(STATEMENTS)
