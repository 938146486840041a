"""The claim of what is to be read asks the person too: tickers that are older than this schema don't."""

from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

CHECKS = """
-- As in 0046, but that a person is asked first, as it was until then. A program from before 0046 goes on beside this
-- schema and calls no `ask_in_time`: its sender counts on the claim for that. What is put off below until `told_by` would
-- be put off into the past, again and again, while nobody asks.
create or replace function masthead.claim_checks(at_most int, lease interval)
  returns table(organization_id uuid, publication_id uuid, epoch bigint)
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
  perform ask_in_time(500);
  perform set_config('app.actor', 'program:checker', true);
  for due in
    select waiting.id from (
      select head.id, head.state, row_number() over (partition by o.id, head.state order by head.next_action_at) as turn
      from organization o
      cross join lateral (
        (select q.id, q.state, q.next_action_at from publication q
          where q.organization_id = o.id and q.state = 'unknown' and q.next_action_at <= moment
          order by q.next_action_at, q.id limit at_most)
        union all
        (select q.id, q.state, q.next_action_at from publication q
          where q.organization_id = o.id and q.state = 'needs_human' and q.next_action_at <= moment
          order by q.next_action_at, q.id limit at_most)) head) waiting
    order by waiting.state = 'needs_human', waiting.turn, random()
  loop
    exit when claimed >= at_most;
    -- By its id alone: with more to go by, Postgres may choose an index that leads through all that is unclear.
    select q.state, q.told_by, q.next_action_at, q.organization_id, q.account_id into chosen
      from publication q where q.id = due.id for update skip locked;
    continue when not found or chosen.state not in ('unknown','needs_human')
      or chosen.next_action_at is null or chosen.next_action_at > moment;
    select call_after(a.organization_id, a.id, a.provider, a.network, 'read', true) into later
      from account a where a.organization_id = chosen.organization_id and a.id = chosen.account_id;
    update publication p set next_action_at = case
        when later is null then clock_timestamp() + lease
        when chosen.state = 'unknown' then least(later, chosen.told_by)
        else later end
      where p.id = due.id
      returning p.organization_id, p.id, p.epoch into organization_id, publication_id, epoch;
    continue when later is not null;
    claimed := claimed + 1;
    return next;
  end loop;
end$$;
"""


def upgrade() -> None:
    op.execute(CHECKS)
