"""Nobody waits for ever to be told: what may not be read in time is asked of a person, and a held comment fails."""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

GRANTS = "grant select (waits_since) on masthead.live_work to masthead_claim"

FUNCTIONS = """
-- As in 0016, but that a person is asked 14 minutes after a send was over at the latest: a network may ask for silence
-- until midnight, or be in trouble for hours, and within 15 minutes everything is final or with a person. What is asked
-- then is read when the network may be asked, as any other.
create or replace function masthead.claim_checks(at_most int, lease interval)
  returns table(organization_id uuid, publication_id uuid, epoch bigint)
  language plpgsql security definer set search_path = masthead, pg_temp set lock_timeout = '250ms' as $$
declare
  moment timestamptz := clock_timestamp();
  due record;
  later timestamptz;
  told_at timestamptz;
begin
  perform set_config('app.actor', 'program:checker', true);
  for due in
    select q.organization_id, q.id, q.account_id, q.state from publication q
    where q.state in ('unknown','needs_human') and q.next_action_at <= moment
    order by q.state = 'needs_human', q.next_action_at limit at_most for update skip locked
  loop
    select call_after(a.organization_id, a.id, a.provider, a.network, 'read', true) into later
      from account a where a.organization_id = due.organization_id and a.id = due.account_id;
    if later is null then
      update publication p set next_action_at = clock_timestamp() + lease
        where p.organization_id = due.organization_id and p.id = due.id
        returning p.epoch into epoch;
      organization_id := due.organization_id;
      publication_id := due.id;
      return next;
      continue;
    end if;
    select max(t.send_deadline) + interval '14 minutes' into told_at from attempt t
      where t.organization_id = due.organization_id and t.publication_id = due.id;
    if due.state = 'unknown' and told_at <= moment then
      perform set_config('app.why',
        '{"because":"The account may not be asked at the moment, so nobody could tell yet whether it is live."}', true);
      update publication p set state = 'needs_human', needs = 'outcome', next_action_at = later
        where p.organization_id = due.organization_id and p.id = due.id;
    else
      update publication p
        set next_action_at = case when due.state = 'unknown' then least(later, told_at) else later end
        where p.organization_id = due.organization_id and p.id = due.id;
    end if;
  end loop;
end$$;

-- As in 0030, but that what a pause or an account has held for a day comes to the program, which ends it.
create or replace function masthead.claim_live(at_most int, lease interval, first_read interval)
  returns table(organization_id uuid, work_id uuid, epoch bigint)
  language plpgsql security definer set search_path = masthead, pg_temp set lock_timeout = '250ms' as $$
declare
  moment timestamptz := clock_timestamp();
  due record;
  later timestamptz;
begin
  perform set_config('app.actor', 'program:live', true);
  for due in
    select w.organization_id, w.id, w.publication_id, w.kind, w.state, w.send_deadline, w.waits_since from live_work w
    left join (select b.organization_id, count(*) as calls from live_work b
      where b.send_deadline > moment - interval '1 minute' group by b.organization_id) begun
      on begun.organization_id = w.organization_id
    where w.state in ('waiting','sending','checking') and w.next_action_at <= moment
    order by coalesce(begun.calls, 0), w.next_action_at limit at_most for update of w skip locked
  loop
    if due.state = 'sending' then
      perform set_config('app.why', '{"because":"The program that was doing it went away."}', true);
      update live_work w set state = case when due.kind = 'comment' then 'checking' else 'waiting' end,
          next_action_at = greatest(moment, due.send_deadline) + first_read
        where w.organization_id = due.organization_id and w.id = due.id;
      continue;
    end if;
    select greatest(
        case when due.state = 'waiting' and due.waits_since > moment - interval '1 day'
            and (a.state <> 'active' or exists (select 1 from pause x
              where x.organization_id = a.organization_id and x.ended_at is null
                and (x.scope = 'organization' or x.provider = a.provider or x.account_id = a.id)))
          then moment + interval '15 seconds' end,
        call_after(a.organization_id, a.id, a.provider, a.network,
          case when due.state = 'waiting' then 'live' else 'read' end, due.state = 'checking' or due.kind <> 'comment'))
      into later
      from publication p join account a on a.organization_id = p.organization_id and a.id = p.account_id
      where p.organization_id = due.organization_id and p.id = due.publication_id;
    update live_work w set next_action_at = coalesce(later, moment + lease),
        epoch = w.epoch + case when later is null then 1 else 0 end
      where w.organization_id = due.organization_id and w.id = due.id
      returning w.epoch into epoch;
    continue when later is not null;
    organization_id := due.organization_id;
    work_id := due.id;
    return next;
  end loop;
end$$;
"""


def upgrade() -> None:
    op.execute(GRANTS)
    op.execute(FUNCTIONS)
