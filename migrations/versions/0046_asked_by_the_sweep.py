"""Whoever watches the clock asks the person in time, not the sender: it may be the sender that is gone."""

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

ASKING = """
-- What a sender did until 0042 while it claimed what is to be read. Each row is locked, asked again and moved for itself,
-- as `sweep` does it, so that one that can't be moved keeps no other.
create function masthead.ask_in_time(at_most int)
  returns table(organization_id uuid, publication_id uuid, to_state text)
  language plpgsql security definer set search_path = masthead, pg_temp set lock_timeout = '250ms'
  set enable_seqscan = off as $$
declare
  moment timestamptz := clock_timestamp();
  due record;
  later timestamptz;
begin
  perform set_config('app.actor', 'program:sweeper', true);
  for due in
    select q.organization_id, q.id, q.account_id from publication q
    where q.state = 'unknown' and q.told_by <= moment order by q.told_by limit at_most
  loop
    begin
      perform 1 from publication q where q.id = due.id and q.state = 'unknown' and q.told_by <= moment
        for update skip locked;
      if not found then
        continue;
      end if;
      select call_after(a.organization_id, a.id, a.provider, a.network, 'read', true) into later
        from account a where a.organization_id = due.organization_id and a.id = due.account_id;
      perform set_config('app.why', case when later is null
          then '{"because":"It could not be read in time, so nobody can tell yet whether it is live."}'
          else '{"because":"The account may not be asked at the moment, so nobody could tell yet whether it is live."}'
        end, true);
      update publication p
        set state = 'needs_human', needs = 'outcome', next_action_at = coalesce(later, p.next_action_at)
        where p.id = due.id;
    exception
      when lock_not_available or deadlock_detected then
        continue;
      when others then
        raise warning 'nobody can be asked about publication %: %', due.id, sqlerrm;
        continue;
    end;
    organization_id := due.organization_id;
    publication_id := due.id;
    to_state := 'needs_human';
    return next;
  end loop;
end$$;

-- As in 0042, but that nobody is asked here.
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

ASK = "masthead.ask_in_time(int)"


def upgrade() -> None:
    op.execute(ASKING)
    op.execute("grant create on schema masthead to masthead_claim")
    op.execute(f"alter function {ASK} owner to masthead_claim")
    op.execute("revoke create on schema masthead from masthead_claim")
    op.execute(f"revoke all on function {ASK} from public")
    op.execute(f"grant execute on function {ASK} to masthead_dispatch, masthead_worker")
