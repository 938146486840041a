"""A sweep asks the whole again of each row that it locks, and reads by indexes.

Two sweeps may list the same rows. What the first had put back on the schedule, because whoever held it was gone, the
second took for what had come due under a pause: it only asked whether its time had come, and gave it to a person.

`enable_seqscan`: as 0039, for the plans that a program keeps from when there were few rows. By such a plan any index that
begins with the organization is as good as the one of the key, so a row is looked up by its id alone, for which there is
one index.
"""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

# Of a scheduled publication `p`: its time has come, and it may not be sent by itself any more.
LATE = """p.due_at <= moment
        and (p.not_after <= moment or p.approved_until <= moment
             or exists (select 1 from account a where a.organization_id = p.organization_id and a.id = p.account_id
               and exists (select 1 from pause x where x.organization_id = a.organization_id
                 and x.ended_at >= p.due_at
                 and (x.scope = 'organization' or x.provider = a.provider or x.account_id = a.id))
               and not exists (select 1 from pause x where x.organization_id = a.organization_id
                 and x.ended_at is null
                 and (x.scope = 'organization' or x.provider = a.provider or x.account_id = a.id))))"""

FUNCTION = f"""
-- As in 0021, but that a row is moved only for what a row is listed for, and looked up by its id.
create or replace function masthead.sweep(first_read interval, retry interval)
  returns table(organization_id uuid, publication_id uuid, to_state text)
  language plpgsql security definer set search_path = masthead, pg_temp set lock_timeout = '250ms'
  set enable_seqscan = off as $$
declare
  moment timestamptz := clock_timestamp();
  candidate record;
  lapsed record;
begin
  perform set_config('app.actor', 'program:sweeper', true);
  for candidate in
    (select p.organization_id, p.id from publication p
      where p.state in ('queued','claimed','sending') and p.lease_until < moment order by p.lease_until limit 500)
    union all
    (select p.organization_id, p.id from publication p
      where p.state = 'scheduled' and {LATE}
      order by p.due_at limit 500)
    union all
    (select p.organization_id, p.id from publication p
      where p.state = 'in_review' and p.due_at <= moment order by p.due_at limit 500)
  loop
    begin
      select p.state, p.approved_until, p.not_after into lapsed from publication p
        where p.id = candidate.id
          and (case when p.state in ('queued','claimed','sending') then p.lease_until < moment
                    when p.state = 'scheduled' then {LATE}
                    when p.state = 'in_review' then p.due_at <= moment
                    else false end)
        for update skip locked;
      if not found then
        continue;
      end if;
      if lapsed.state = 'sending' then
        perform set_config('app.why', '{{"because":"The program that was sending it went away."}}', true);
        update attempt a set state = 'unknown', closed_at = moment, message = 'no outcome was recorded'
          where a.organization_id = candidate.organization_id and a.publication_id = candidate.id and a.state = 'open';
        update publication p set state = 'unknown', lease_owner = null, lease_until = null,
            next_action_at = greatest(moment, coalesce((select max(a.send_deadline) from attempt a
              where a.organization_id = p.organization_id and a.publication_id = p.id), moment) + first_read)
          where p.id = candidate.id;
        to_state := 'unknown';
      elsif lapsed.state in ('queued','claimed') then
        perform set_config('app.why', '{{"because":"The program that held it went away before sending."}}', true);
        update publication p set state = 'scheduled', lease_owner = null, lease_until = null,
            next_action_at = moment + retry
          where p.id = candidate.id;
        to_state := 'scheduled';
      elsif lapsed.state = 'in_review' or lapsed.approved_until <= moment then
        perform set_config('app.why', '{{"because":"Its time came without an approval."}}', true);
        update publication p set state = 'needs_human', needs = 'approval', next_action_at = null
          where p.id = candidate.id;
        to_state := 'needs_human';
      else
        perform set_config('app.why', case when lapsed.not_after <= moment
            then '{{"because":"Its window closed before it could be sent."}}'
            else '{{"because":"It became due while sending was paused."}}' end, true);
        update publication p set state = 'needs_human', needs = 'late', next_action_at = null
          where p.id = candidate.id;
        to_state := 'needs_human';
      end if;
    exception
      when lock_not_available or deadlock_detected then
        continue;
      when others then
        raise warning 'publication % can not be swept: %', candidate.id, sqlerrm;
        continue;
    end;
    organization_id := candidate.organization_id;
    publication_id := candidate.id;
    return next;
  end loop;
end$$;
"""


def upgrade() -> None:
    op.execute(FUNCTION)
