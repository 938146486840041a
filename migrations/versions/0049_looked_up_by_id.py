"""What is looked at again ahead of its slot is looked up by its id, whatever Postgres takes the tables for."""

from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

LOOKS = """
-- As in 0044, but that each row is looked up by one key and apart (`offset 0`). Joined, Postgres may find it through an
-- index of all that is scheduled, once for each row: where it has counted little of that, both seem to cost the same.
create or replace function masthead.preflight_due(at_most int, again interval)
  returns table(organization_id uuid, publication_id uuid)
  language sql volatile security definer set search_path = masthead, pg_temp
  set enable_seqscan = off set enable_sort = off
  set enable_incremental_sort = off as $$
  select waiting.organization_id, waiting.id from (
    select o.id as organization_id, head.id, head.repeated,
      row_number() over (partition by o.id, head.repeated order by head.due_at, head.id) as turn
    from (select clock_timestamp() as at) now
    cross join organization o
    cross join lateral (
      (select p.id, p.due_at, false as repeated from publication p
        left join lateral (select l.version, l.looked_at from preflight l
          where l.organization_id = p.organization_id and l.publication_id = p.id offset 0) f on true
        where p.organization_id = o.id and p.state = 'scheduled'
          and p.due_at > now.at and p.due_at <= now.at + interval '24 hours'
          and (f.version is null or f.version <> p.version
            or (f.looked_at < p.due_at - interval '1 hour' and p.due_at <= now.at + interval '1 hour'))
        order by p.due_at, p.id limit at_most)
      union all
      (select f.publication_id, f.due_at, true from preflight f
        cross join lateral (select q.state, q.version, q.due_at from publication q
          where q.id = f.publication_id offset 0) p
        where f.organization_id = o.id and f.findings <> '[]' and f.looked_at < now.at - again
          and f.due_at > now.at and f.due_at <= now.at + interval '24 hours'
          and p.state = 'scheduled' and p.version = f.version
          and not (f.looked_at < p.due_at - interval '1 hour' and p.due_at <= now.at + interval '1 hour')
        order by f.due_at limit at_most)) head) waiting
  order by waiting.repeated, waiting.turn, random() limit at_most
$$;
"""


def upgrade() -> None:
    op.execute(LOOKS)
