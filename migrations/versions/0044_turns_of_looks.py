"""Addresses are looked for, and posts looked at ahead of their slots, in turns by organization."""

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

INDEX = """
create index publication_link_sought on masthead.publication_link(organization_id, next_try_at, publication_id)
  where state = 'pending';
"""

LINKS = """
-- As in 0015, but that organizations take turns: in each turn each has one, its oldest, and who of them is first is drawn
-- by lot. Of each a few more are looked at than may be given, for those that may not be asked for now and are put off.
-- `enable_sort` and the lookups by one key, as in 0041 and 0042: so that a claim costs what it returns under every plan.
create or replace function masthead.claim_links(at_most int, lease interval)
  returns table(organization_id uuid, publication_id uuid)
  language plpgsql security definer set search_path = masthead, pg_temp set lock_timeout = '250ms'
  set enable_seqscan = off set enable_sort = off
  set enable_incremental_sort = off as $$
declare
  moment timestamptz := clock_timestamp();
  claimed int := 0;
  due record;
  chosen record;
  later timestamptz;
begin
  for due in
    select waiting.organization_id, waiting.publication_id from (
      select o.id as organization_id, head.publication_id,
        row_number() over (partition by o.id order by head.next_try_at, head.publication_id) as turn
      from organization o
      cross join lateral (select k.publication_id, k.next_try_at from publication_link k
        where k.organization_id = o.id and k.state = 'pending' and k.next_try_at <= moment
        order by k.next_try_at, k.publication_id limit greatest(at_most, 20)) head) waiting
    order by waiting.turn, random()
  loop
    exit when claimed >= at_most;
    select k.state, k.next_try_at into chosen from publication_link k
      where k.organization_id = due.organization_id and k.publication_id = due.publication_id for update skip locked;
    continue when not found or chosen.state <> 'pending' or chosen.next_try_at > moment;
    select call_after(a.organization_id, a.id, a.provider, a.network, 'read', false) into later
      from account a where a.organization_id = due.organization_id
        and a.id = (select q.account_id from publication q where q.id = due.publication_id);
    update publication_link k set next_try_at = coalesce(later, clock_timestamp() + lease)
      where k.organization_id = due.organization_id and k.publication_id = due.publication_id;
    continue when later is not null;
    organization_id := due.organization_id;
    publication_id := due.publication_id;
    claimed := claimed + 1;
    return next;
  end loop;
end$$;
"""

LOOKS = """
-- As in 0018, but that what was not looked at yet, as it is or since it is near, comes before what is threatened and
-- looked at again; and that of either organizations take turns: in each turn each has one, its soonest, and who of them
-- is first is drawn by lot. No more is read of each than may be given, but what was looked at already: as in 0041.
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
        left join preflight f on f.organization_id = p.organization_id and f.publication_id = p.id
        where p.organization_id = o.id and p.state = 'scheduled'
          and p.due_at > now.at and p.due_at <= now.at + interval '24 hours'
          and (f.publication_id is null or f.version <> p.version
            or (f.looked_at < p.due_at - interval '1 hour' and p.due_at <= now.at + interval '1 hour'))
        order by p.due_at, p.id limit at_most)
      union all
      (select p.id, f.due_at, true from preflight f
        join publication p on p.organization_id = f.organization_id and p.id = f.publication_id
        where f.organization_id = o.id and f.findings <> '[]' and f.looked_at < now.at - again
          and f.due_at > now.at and f.due_at <= now.at + interval '24 hours'
          and p.state = 'scheduled' and p.version = f.version
          and not (f.looked_at < p.due_at - interval '1 hour' and p.due_at <= now.at + interval '1 hour')
        order by f.due_at limit at_most)) head) waiting
  order by waiting.repeated, waiting.turn, random() limit at_most
$$;
"""


def upgrade() -> None:
    op.execute(INDEX)
    op.execute(LINKS)
    op.execute(LOOKS)
