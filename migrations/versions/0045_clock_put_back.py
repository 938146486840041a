"""A mark of what was read that lies ahead of Postgres' clock counts as now, so that a clock put right loses no news."""

from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

SQL = """
-- As in 0038, but that no mark counts as later than now. Its row is looked up inside: `least` leaves out what is null,
-- and an organization whose news were never read hears all that isn't too old.
create or replace function masthead.organizations_with_news(overlap interval, at_most_ago interval)
  returns table(organization_id uuid)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select o.id from organization o
  cross join lateral (
    select greatest(
      (select least(m.read_until, clock_timestamp()) - overlap from notice_mark m where m.organization_id = o.id),
      clock_timestamp() - at_most_ago) as since) mark
  where exists (select 1 from publication_event e where e.organization_id = o.id and e.at > mark.since
      and (e.to_state in ('in_review','changes_requested','approved','scheduled','failed','needs_human')
        or e.why ? 'not_shown' or e.why ? 'late_yes' or e.to_state = 'draft' and e.actor = 'program:sweeper'))
    or exists (select 1 from live_event e where e.organization_id = o.id and e.at > mark.since
      and e.to_state in ('failed','needs_human'))
    or exists (select 1 from account a where a.organization_id = o.id and a.state = 'auth_broken'
      and a.updated_at > mark.since)
$$;
"""


def upgrade() -> None:
    op.execute(SQL)
