"""No organization's files keep another's waiting: they take turns within one claim, and fetch one at a time."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

FUNCTIONS = """
-- As in 0020. What is claimed together is shared out too: each further file of an organization counts as one in work.
-- A fetch takes as long as the other side likes, minutes each; an organization has one of those in work and no more.
create or replace function masthead.claim_uploads(at_most int, lease interval)
  returns table(organization_id uuid, upload_id uuid, epoch bigint)
  language sql security definer set search_path = masthead, pg_temp as $$
  with waiting as (
    select w.organization_id, w.id, w.queued_at, w.address is not null as fetched,
      row_number() over (partition by w.organization_id order by w.queued_at, w.id) as turn,
      row_number() over (partition by w.organization_id, w.address is null order by w.queued_at, w.id) as of_its_kind
    from upload w
    where w.queued_at is not null and w.finished_at is null
      and (w.lease_until is null or w.lease_until <= clock_timestamp())),
  at_work as (
    select o.organization_id, count(*) as files, count(o.address) as fetches from upload o
    where o.queued_at is not null and o.finished_at is null and o.lease_until > clock_timestamp()
    group by o.organization_id),
  chosen as (
    select u.organization_id, u.id from waiting w
    join upload u on u.organization_id = w.organization_id and u.id = w.id
    left join at_work a on a.organization_id = w.organization_id
    where u.finished_at is null and (u.lease_until is null or u.lease_until <= clock_timestamp())
      and (not w.fetched or (w.of_its_kind = 1 and coalesce(a.fetches, 0) = 0))
    order by coalesce(a.files, 0) + w.turn, w.queued_at
    limit at_most for update of u skip locked)
  update upload u set epoch = u.epoch + 1, tries = u.tries + 1, lease_until = clock_timestamp() + lease
  from chosen c where u.organization_id = c.organization_id and u.id = c.id
  returning u.organization_id, u.id, u.epoch
$$;
"""


def upgrade() -> None:
    op.execute(FUNCTIONS)
