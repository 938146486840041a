"""A network's yes to a closed attempt is news, and so is an approval that lapses before its post has a time."""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

SQL = """
grant select (actor, why) on masthead.publication_event to masthead_claim;
drop index masthead.publication_event_news;
create index publication_event_news on masthead.publication_event(organization_id, at)
  where to_state in ('in_review','changes_requested','approved','scheduled','failed','needs_human')
    or why ? 'not_shown' or why ? 'late_yes' or to_state = 'draft' and actor = 'program:sweeper';

-- As in 0032, and what turned out to be live after all, and what the sweep makes a draft again (`lapse`).
create or replace function masthead.organizations_with_news(overlap interval, at_most_ago interval)
  returns table(organization_id uuid)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select o.id from organization o
  left join notice_mark m on m.organization_id = o.id
  cross join lateral (
    select greatest(m.read_until - overlap, clock_timestamp() - at_most_ago) as since) mark
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
