"""What is done to live posts takes turns by organization."""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

INDEX = """
create index live_work_begun on masthead.live_work(send_deadline) include (organization_id)
  where send_deadline is not null;
"""

FUNCTIONS = """
-- As in 0026, first for the organization for which the fewest calls were begun in the last minute: a thousand first
-- comments of one keep nobody else's waiting.
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
    select w.organization_id, w.id, w.publication_id, w.kind, w.state, w.send_deadline from live_work w
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
        case when due.state = 'waiting' and (a.state <> 'active' or exists (select 1 from pause x
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
    op.execute(INDEX)
    op.execute(FUNCTIONS)
