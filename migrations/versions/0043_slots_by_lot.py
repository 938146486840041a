"""Of organizations with equally few in flight none is first by what it has waiting: lots are drawn at every claim."""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

SENDS = """
-- As in 0041, but that of organizations with equally few in flight the first is drawn by lot. By age it was the one with
-- the oldest due row, even one that can't be claimed; and while calls of an app are spread, one claim has all the room
-- there is, so that was the same organization at every gap.
create or replace function masthead.claim_due(at_most int, owner text, lease interval,
    backlog_age interval, backlog_spacing interval, twin_spacing interval, most_of_one int default null)
  returns table(organization_id uuid, publication_id uuid, epoch bigint)
  language plpgsql security definer set search_path = masthead, pg_temp set lock_timeout = '250ms'
  set enable_seqscan = off set enable_sort = off as $$
declare
  moment timestamptz := clock_timestamp();
  waiting uuid[];  -- organizations with something due, those with the least in flight first, as lots are drawn
  flying bigint[];  -- how much that is, for each
  owners bigint[];  -- and how much of that this owner has
  has bigint;
  taken uuid[] := '{}';  -- whose each claim of this call is
  turn bigint;
  candidate record;
  claimed int := 0;
  done uuid[] := '{}';  -- organizations with nothing more to claim,
  shut uuid[] := '{}';  -- accounts that let nothing more out,
  tried uuid[] := '{}';  -- and rows that were looked at, in this call
begin
  perform set_config('app.actor', 'program:sender', true);
  if (select count(*) from (select 1 from organization limit 2) any_two) < 2 then
    most_of_one := null;
  end if;
  with those as materialized (
    select o.id, coalesce(flight.busy, 0) as busy, coalesce(flight.owners, 0) as owners, random() as lot
    from organization o
    cross join lateral (select 1 from publication q where q.organization_id = o.id and q.state = 'scheduled'
      and q.due_at <= moment order by q.due_at limit 1) any_due
    left join (select f.organization_id, count(*) as busy,
                 count(*) filter (where f.lease_owner = owner) as owners from publication f
               where f.state in ('queued','claimed','sending') group by f.organization_id) flight
      on flight.organization_id = o.id
    where not exists (select 1 from pause x
      where x.organization_id = o.id and x.scope = 'organization' and x.ended_at is null))
  select array_agg(w.id order by w.busy, w.lot), array_agg(w.busy order by w.busy, w.lot),
      array_agg(w.owners order by w.busy, w.lot)
    into waiting, flying, owners from those w;
  turn := flying[1];
  while claimed < at_most and cardinality(done) < cardinality(waiting) loop
    for organization_id, has in
      select w.id, w.owners from unnest(waiting, flying, owners) with ordinality w(id, busy, owners, place)
      where w.busy <= turn and w.id <> all(done) order by w.place
    loop
      exit when claimed >= at_most;
      if has + coalesce(cardinality(array_positions(taken, claim_due.organization_id)), 0) >= most_of_one then
        done := done || claim_due.organization_id;
        continue;
      end if;
      select a.id as account_id, a.provider, a.network, head.id, head.due_at into candidate
        from organization o
        join account a on a.organization_id = o.id
        cross join lateral (select coalesce(greatest(
          (select max(x.ended_at) from pause x
            where x.organization_id = a.organization_id and x.ended_at > moment - interval '1 day'
              and (x.scope = 'organization' or x.provider = a.provider or x.account_id = a.id)),
          case when a.next_send_at > moment then moment - backlog_age end), '-infinity') as at) after
        cross join lateral (
          select q.id, q.due_at, greatest(q.due_at, q.next_action_at) as ready_at from publication q
          where q.organization_id = a.organization_id and q.account_id = a.id and q.state = 'scheduled'
            and greatest(q.due_at, q.next_action_at) <= moment
            and greatest(q.due_at, q.next_action_at) > after.at and q.due_at > after.at
            and q.not_after > moment and q.payload_sha256 = q.approved_sha256 and q.approved_until > moment
            and q.id <> all(tried)
            and not exists (select 1 from publication t where t.account_id = q.account_id
                            and t.payload_sha256 = q.payload_sha256 and t.id <> q.id
                            and t.state in ('queued','claimed','sending','unknown','published')
                            and (t.state <> 'published' or t.published_at > moment - twin_spacing))
          order by greatest(q.due_at, q.next_action_at) limit 1) head
        where o.id = claim_due.organization_id and a.state = 'active' and a.id <> all(shut)
          and not exists (select 1 from pause x where x.organization_id = a.organization_id and x.ended_at is null
            and (x.scope = 'organization' or x.provider = a.provider or x.account_id = a.id))
          and not exists (select 1 from account_budget b where b.organization_id = a.organization_id
                          and b.account_id = a.id
                          and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, moment))
          and not exists (select 1 from app_budget b where b.provider = a.provider and b.network in ('', a.network)
                          and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, moment))
        order by head.ready_at, head.id limit 1;
      if not found then
        done := done || claim_due.organization_id;
        continue;
      end if;
      tried := tried || candidate.id;
      -- By its id alone: with more to go by, a plan made while the table was small walks through all that is due.
      perform 1 from publication p
        where p.id = candidate.id and p.state = 'scheduled' and greatest(p.due_at, p.next_action_at) <= moment
          and p.not_after > moment and p.payload_sha256 = p.approved_sha256 and p.approved_until > moment
          and not exists (select 1 from publication t where t.account_id = p.account_id
                          and t.payload_sha256 = p.payload_sha256 and t.id <> p.id
                          and t.state in ('queued','claimed','sending','unknown','published')
                          and (t.state <> 'published' or t.published_at > moment - twin_spacing))
        for update of p skip locked;
      if not found then
        continue;
      end if;
      begin
        if candidate.due_at < moment - backlog_age then
          update account a set next_send_at = moment + backlog_spacing
            where a.organization_id = claim_due.organization_id and a.id = candidate.account_id
              and (a.next_send_at is null or a.next_send_at <= moment);
          if not found then
            shut := shut || candidate.account_id;
            continue;
          end if;
        end if;
        -- Held first, so that two claims can't both find room; a row that is waited for is seen as it is then.
        perform 1 from account_budget b where b.organization_id = claim_due.organization_id
          and b.account_id = candidate.account_id and b.gap > '0' order by b.route for update;
        perform 1 from app_budget b where b.provider = candidate.provider and b.network in ('', candidate.network)
          and b.gap > '0' order by b.network, b.route for update;
        if exists (select 1 from account_budget b where b.organization_id = claim_due.organization_id
                     and b.account_id = candidate.account_id
                     and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, moment))
          or exists (select 1 from app_budget b where b.provider = candidate.provider
                     and b.network in ('', candidate.network)
                     and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, moment)) then
          shut := shut || candidate.account_id;
          continue;
        end if;
        update account_budget b set next_call_at = moment + b.gap
          where b.organization_id = claim_due.organization_id and b.account_id = candidate.account_id and b.gap > '0'
            and not coalesce(b.held_until > moment, false);
        update app_budget b set next_call_at = moment + b.gap
          where b.provider = candidate.provider and b.network in ('', candidate.network) and b.gap > '0'
            and not coalesce(b.held_until > moment, false);
        update publication p set state = 'queued', epoch = p.epoch + 1, lease_owner = owner,
            lease_until = clock_timestamp() + lease, next_action_at = null
          where p.id = candidate.id
          returning p.epoch into epoch;
      exception
        when unique_violation then
          continue;  -- a twin is in another sender's hands; the next claim sees what came of it
        when lock_not_available or deadlock_detected then
          shut := shut || candidate.account_id;  -- so is the account
          continue;
        when others then
          raise warning 'publication % can not be claimed: %', candidate.id, sqlerrm;
          continue;
      end;
      publication_id := candidate.id;
      claimed := claimed + 1;
      taken := taken || claim_due.organization_id;
      return next;
    end loop;
    turn := turn + 1;
  end loop;
end$$;
"""


def upgrade() -> None:
    op.execute(SENDS)
