"""What didn't go through under a live post is news too."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

UPGRADE = """
create index live_event_news on masthead.live_event(organization_id, at) where to_state in ('failed','needs_human');
create policy claim_news on masthead.live_event for select to masthead_claim using (true);
grant select (organization_id, at, to_state) on masthead.live_event to masthead_claim;

-- As in 0011, and what was to be done to live posts.
create or replace function masthead.organizations_with_news(overlap interval, at_most_ago interval)
  returns table(organization_id uuid)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select o.id from organization o
  left join notice_mark m on m.organization_id = o.id
  cross join lateral (
    select greatest(m.read_until - overlap, clock_timestamp() - at_most_ago) as since) mark
  where exists (select 1 from publication_event e where e.organization_id = o.id and e.at > mark.since
      and e.to_state in ('in_review','changes_requested','approved','scheduled','failed','needs_human'))
    or exists (select 1 from live_event e where e.organization_id = o.id and e.at > mark.since
      and e.to_state in ('failed','needs_human'))
    or exists (select 1 from account a where a.organization_id = o.id and a.state = 'auth_broken'
      and a.updated_at > mark.since)
$$;
"""


def upgrade() -> None:
    op.execute(UPGRADE)
