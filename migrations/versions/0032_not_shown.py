"""What a network accepted as published and couldn't show afterwards: why, in words."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

SQL = """
alter table masthead.publication_link add column not_shown text check (length(not_shown) between 1 and 2000),
  add constraint not_shown_is_missing check (not_shown is null or state = 'missing') not valid;
alter table masthead.publication_link validate constraint not_shown_is_missing;
create index publication_link_not_shown on masthead.publication_link(organization_id, updated_at)
  where not_shown is not null;
drop index masthead.publication_event_news;
create index publication_event_news on masthead.publication_event(organization_id, at)
  where to_state in ('in_review','changes_requested','approved','scheduled','failed','needs_human')
    or why ? 'not_shown';

-- As in 0028, and what is published and isn't shown is news too.
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
    or exists (select 1 from publication_link l where l.organization_id = o.id and l.not_shown is not null
      and l.updated_at > mark.since)
$$;
"""


def upgrade() -> None:
    op.execute(SQL)
