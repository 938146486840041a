"""The wall between organizations: row-level security, least grants, and definer functions that return ids only.

`masthead_claim` (no login, owns no table) owns the functions that must look across organizations. It has policies and
grants of its own for exactly the tables those functions and the publication triggers touch (MEASURED 2).
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

POLICIES = """
do $$declare t text; begin
  for t in select c.relname from pg_attribute a join pg_class c on c.oid = a.attrelid
           where c.relnamespace = 'masthead'::regnamespace and c.relkind = 'r'
             and a.attname = 'organization_id' and not a.attisdropped
  loop
    execute format('alter table masthead.%I enable row level security', t);
    execute format('alter table masthead.%I force row level security', t);
    execute format('create policy own_organization on masthead.%I using (organization_id = masthead.ctx_organization())'
                   ' with check (organization_id = masthead.ctx_organization())', t);
  end loop;
end$$;
alter table masthead.organization enable row level security;
alter table masthead.organization force row level security;
create policy own_organization on masthead.organization
  using (id = masthead.ctx_organization()) with check (id = masthead.ctx_organization());

-- People belong to no organization: one sees the people of its members, and whoever signs in sees themselves.
alter table masthead.person enable row level security;
alter table masthead.person force row level security;
create policy own_people on masthead.person
  using (id = masthead.ctx_person() or exists (select 1 from masthead.member m where m.person_id = person.id))
  with check (id = masthead.ctx_person());
alter table masthead.console_session enable row level security;
alter table masthead.console_session force row level security;
create policy own_sessions on masthead.console_session
  using (person_id = masthead.ctx_person()) with check (person_id = masthead.ctx_person());

create policy claim on masthead.person for select to masthead_claim using (true);
create policy claim on masthead.console_session for select to masthead_claim using (true);
create policy claim on masthead.publication to masthead_claim using (true) with check (true);
create policy claim on masthead.publication_event for insert to masthead_claim with check (true);
create policy claim on masthead.publication_link to masthead_claim using (true) with check (true);
create policy claim on masthead.attempt to masthead_claim using (true) with check (true);
create policy claim on masthead.account to masthead_claim using (true) with check (true);
create policy claim on masthead.organization for select to masthead_claim using (true);
create policy claim on masthead.member for select to masthead_claim using (true);
create policy claim on masthead.invitation for select to masthead_claim using (true);
create policy claim on masthead.consent for select to masthead_claim using (true);
create policy claim on masthead.connection for select to masthead_claim using (true);
"""

GRANTS = """
revoke all on all functions in schema masthead from public;
do $$begin  -- a temporary table or type of a caller's own has no business here
  execute format('revoke temporary on database %I from public', current_database());
end$$;
grant usage on schema masthead to masthead_web, masthead_worker, masthead_dispatch, masthead_claim;
grant execute on function masthead.ctx_organization(), masthead.ctx_person()
  to masthead_web, masthead_worker, masthead_dispatch, masthead_claim;
grant execute on function masthead.enter(uuid, text, text) to masthead_web, masthead_worker, masthead_dispatch;

grant select, insert on masthead.organization, masthead.person, masthead.console_session, masthead.member,
  masthead.invitation to masthead_web;
-- What names a row, a person, a session or an invitation is written once.
grant update (name, timezone, self_approval, approval_days, publish_paused, pause_reason)
  on masthead.organization to masthead_web;
grant update (email, email_verified, name, timezone, sessions_valid_from) on masthead.person to masthead_web;
grant update (chosen_organization, last_seen_at, revoked_at) on masthead.console_session to masthead_web;
grant update (role, disabled_at, last_seen_at) on masthead.member to masthead_web;
grant update (token_sha256, role, expires_at, accepted_at, accepted_by) on masthead.invitation to masthead_web;
grant update (result) on masthead.command_receipt to masthead_web;

grant select, insert, update on masthead.connection, masthead.account, masthead.credential, masthead.post,
  masthead.publication_link to masthead_web;
grant select, insert on masthead.consent, masthead.publication to masthead_web;
grant update (used_at, outcome, connection_id) on masthead.consent to masthead_web;
-- Epoch and what a publication is stay out of people's commands; its bytes and approval out of the senders'.
grant update (payload, payload_sha256, approved_payload, approved_sha256, approved_at, approved_by, approved_until,
  self_approved, due_at, not_after, state, needs, lease_owner, lease_until, attempt_count, next_action_at,
  provider_post_id, proof, published_at, last_error, correlation_id, removed_at) on masthead.publication to masthead_web;
grant select, insert on masthead.post_version, masthead.review_comment, masthead.audit_event, masthead.command_receipt,
  masthead.publication_event to masthead_web;
grant select on masthead.publication_transition, masthead.ticker_heartbeat to masthead_web;
grant select, insert on masthead.reconcile_read to masthead_web;
grant select on masthead.attempt to masthead_web;
grant update (state, closed_at, verdict_by, message, provider_ref) on masthead.attempt to masthead_web;

grant select on masthead.organization, masthead.person, masthead.member, masthead.post, masthead.post_version,
  masthead.publication_transition to masthead_worker;
grant select, insert, update on masthead.connection, masthead.account, masthead.credential,
  masthead.publication_link, masthead.ticker_heartbeat to masthead_worker;
grant select on masthead.publication to masthead_worker;
grant update (state, needs, lease_owner, lease_until, attempt_count, next_action_at, provider_post_id, proof,
  published_at, last_error, correlation_id) on masthead.publication to masthead_worker;
grant select, insert on masthead.attempt to masthead_worker;
grant update (state, closed_at, verdict_by, http_status, provider_code, provider_trace_id, message, provider_ref)
  on masthead.attempt to masthead_worker;
grant select, insert on masthead.reconcile_read, masthead.publication_event, masthead.audit_event to masthead_worker;

grant select, insert, update on masthead.ticker_heartbeat to masthead_dispatch;

grant select on masthead.organization, masthead.member, masthead.invitation, masthead.consent, masthead.connection,
  masthead.publication_transition to masthead_claim;
grant select (id, issuer, subject) on masthead.person to masthead_claim;
grant select (id, key_sha256, person_id) on masthead.console_session to masthead_claim;
grant select, update on masthead.publication, masthead.attempt, masthead.publication_link, masthead.account
  to masthead_claim;
grant insert on masthead.publication_event to masthead_claim;
"""

FUNCTIONS = """
-- Begins an organization's transaction. False, and no organization set, when the actor is a person who is no active
-- member of it (any more): so whoever is disabled is refused in their next transaction, whatever a page still believes.
create function masthead.enter(organization uuid, actor text, correlation text) returns boolean
  language plpgsql set search_path = masthead, pg_temp as $$begin
  perform set_config('app.organization_id', organization::text, true), set_config('app.actor', actor, true),
    set_config('app.correlation_id', correlation, true), set_config('app.person_id', '', true);
  if actor not like 'person:%' then
    return true;
  end if;
  if exists (select 1 from member m join person p on p.id = m.person_id
             where m.organization_id = organization and m.person_id = substr(actor, 8)::uuid
               and m.disabled_at is null and p.disabled_at is null) then
    return true;
  end if;
  perform set_config('app.organization_id', '', true);
  return false;
end$$;

-- Who signs in, by what their sign-in service calls them.
create function masthead.person_of(by_issuer text, by_subject text) returns uuid
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select p.id from person p where p.issuer = by_issuer and p.subject = by_subject
$$;

create function masthead.session_of(key bytea) returns table(session_id uuid, person_id uuid)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select s.id, s.person_id from console_session s where s.key_sha256 = key
$$;

-- Ids of the organizations in which a person is an active member; names are read inside each organization.
create function masthead.memberships_of(person uuid) returns table(organization_id uuid)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select m.organization_id from member m where m.person_id = person and m.disabled_at is null
$$;

create function masthead.invitation_of(token bytea) returns table(organization_id uuid, invitation_id uuid)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select i.organization_id, i.id from invitation i where i.token_sha256 = token
$$;

create function masthead.consent_of(state bytea) returns table(organization_id uuid, consent_id uuid)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select c.organization_id, c.id from consent c where c.state_sha256 = state
$$;

-- Grants to give back at their network: the choice was not made in time, or an earlier try failed (PRODUCT 4).
create function masthead.overdue_choices(at_most int) returns table(organization_id uuid, connection_id uuid)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select c.organization_id, c.id from connection c
  where (c.state = 'pending' and c.choose_until < clock_timestamp())
     or (c.give_back_at is not null and c.give_back_at < clock_timestamp())
  order by coalesce(c.give_back_at, c.choose_until) limit at_most
$$;

-- Whether another live connection, of whatever organization, stands on the same person's grant: revoking a grant at the
-- network ends all of them.
create function masthead.grant_in_use(of_provider text, of_user text, besides uuid) returns boolean
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select exists (select 1 from connection c where c.provider = of_provider and c.provider_user_id = of_user
    and c.id <> besides and (c.state in ('active','broken')
      or (c.state = 'pending' and c.choose_until > clock_timestamp())))
$$;

-- Of some accounts of a network, the ids of those that another organization here has connected; not which one.
create function masthead.taken_elsewhere(of_network text, of_accounts text[]) returns table(provider_account_id text)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select a.provider_account_id from account a
  where a.network = of_network and a.provider_account_id = any(of_accounts) and a.state <> 'disabled'
    and a.organization_id is distinct from ctx_organization()
$$;

-- The live row of an account, for the operator's `masthead account release`.
create function masthead.account_owner(of_network text, of_account text) returns table(organization_id uuid, account_id uuid)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select a.organization_id, a.id from account a
  where a.network = of_network and a.provider_account_id = of_account and a.state <> 'disabled'
$$;

-- How often a person went to a consent page lately, over all their organizations (PRODUCT 4: 10 a minute).
create function masthead.connect_starts(of_person uuid, within interval) returns bigint
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select count(*) from consent c where c.person_id = of_person and c.created_at > clock_timestamp() - within
$$;

-- The next instant after now at which a publication or link becomes due; null when nothing waits. What is due already
-- is `work_waiting`'s business: a row that waits for a paused account must not keep the dispatcher from sleeping.
create function masthead.next_due() returns timestamptz
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select min(at) from (
    (select due_at as at from publication where state = 'scheduled' and due_at > clock_timestamp()
      order by due_at limit 1)
    union all (select min(next_action_at) from publication where state = 'scheduled' and next_action_at > clock_timestamp())
    union all (select min(next_action_at) from publication where state = 'unknown' and next_action_at > clock_timestamp())
    union all (select min(next_try_at) from publication_link where state = 'pending' and next_try_at > clock_timestamp())
  ) all_of_it
$$;

-- Whether a sender, or a finder of links, would find something to do now. A hint for nobody does no harm, so this asks
-- less than claim_due does.
create function masthead.work_waiting() returns table(sends boolean, links boolean)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select exists (
      select 1 from publication p
      join organization o on o.id = p.organization_id
      join account a on a.organization_id = p.organization_id and a.id = p.account_id
      where p.state = 'scheduled' and p.due_at <= clock_timestamp() and p.not_after > clock_timestamp()
        and (p.next_action_at is null or p.next_action_at <= clock_timestamp())
        and a.state = 'active' and not o.publish_paused)
    or exists (select 1 from publication p where p.state = 'unknown' and p.next_action_at <= clock_timestamp()),
    exists (select 1 from publication_link l where l.state = 'pending' and l.next_try_at <= clock_timestamp())
$$;

-- How long the oldest publication that could go out has been waiting, for the alarm: liveness of processes proves nothing.
create function masthead.oldest_due() returns interval
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select clock_timestamp() - min(greatest(p.due_at, p.next_action_at)) from publication p
  join organization o on o.id = p.organization_id
  join account a on a.organization_id = p.organization_id and a.id = p.account_id
  where p.state = 'scheduled' and p.due_at <= clock_timestamp() and p.not_after > clock_timestamp()
    and (p.next_action_at is null or p.next_action_at <= clock_timestamp())
    and a.state = 'active' and not o.publish_paused
$$;

-- RELIABILITY 9.1 tick: scheduled -> queued with a new epoch (PRODUCT 5, 6, 7a).
--   Fair: what an organization already has in flight counts before its next row, so that ten thousand rows of one
--   can't keep another's single row waiting.
--   Per account at most one of a backlog per `backlog_spacing`, and one of equal twins at a time.
--   The list of candidates is read without locks; each row is then locked (or skipped) and asked again, because a
--   person may have moved its slot or a twin may have been claimed in between.
--   Nothing waits for a lock longer than a moment: a sender that hangs in its transaction holds up its rows alone.
create function masthead.claim_due(at_most int, owner text, lease interval,
    backlog_age interval, backlog_spacing interval, twin_spacing interval)
  returns table(organization_id uuid, publication_id uuid, epoch bigint)
  language plpgsql security definer set search_path = masthead, pg_temp set lock_timeout = '250ms' as $$
declare
  moment timestamptz := clock_timestamp();
  candidate record;
  claimed int := 0;
begin
  perform set_config('app.actor', 'program:sender', true);
  for candidate in
    select o.id as organization_id, due.id, due.account_id, due.due_at, due.payload_sha256
    from organization o
    left join (select f.organization_id, count(*) as busy from publication f
               where f.state in ('queued','claimed','sending') group by f.organization_id) flight
      on flight.organization_id = o.id
    cross join lateral (
      select q.id, q.account_id, q.due_at, q.payload_sha256, row_number() over (order by q.due_at, q.id) as turn
      from publication q
      join account a on a.organization_id = q.organization_id and a.id = q.account_id
      where q.organization_id = o.id and q.state = 'scheduled' and q.due_at <= moment
        and (q.next_action_at is null or q.next_action_at <= moment)
        and q.not_after > moment
        and q.payload_sha256 = q.approved_sha256 and q.approved_until > moment
        and a.state = 'active'
        and q.due_at > coalesce(greatest(a.resumed_at, o.resumed_at), '-infinity')
        and (a.next_send_at is null or a.next_send_at <= moment or q.due_at > moment - backlog_age)
        and not exists (select 1 from publication t where t.account_id = q.account_id
                        and t.payload_sha256 = q.payload_sha256 and t.id <> q.id
                        and (t.state in ('queued','claimed','sending','unknown')
                             or (t.state = 'published' and t.published_at > moment - twin_spacing)))
      order by q.due_at, q.id
      limit at_most * 4) due
    where not o.publish_paused
    order by coalesce(flight.busy, 0) + due.turn, due.due_at
    limit at_most * 4
  loop
    exit when claimed >= at_most;
    perform 1 from publication p
      where p.organization_id = candidate.organization_id and p.id = candidate.id
        and p.state = 'scheduled' and p.due_at <= moment and (p.next_action_at is null or p.next_action_at <= moment)
        and p.not_after > moment and p.payload_sha256 = p.approved_sha256 and p.approved_until > moment
        and not exists (select 1 from publication t where t.account_id = p.account_id
                        and t.payload_sha256 = p.payload_sha256 and t.id <> p.id
                        and (t.state in ('queued','claimed','sending','unknown')
                             or (t.state = 'published' and t.published_at > moment - twin_spacing)))
      for update of p skip locked;
    if not found then
      continue;
    end if;
    begin
      if candidate.due_at < moment - backlog_age then
        update account a set next_send_at = moment + backlog_spacing
          where a.organization_id = candidate.organization_id and a.id = candidate.account_id
            and (a.next_send_at is null or a.next_send_at <= moment);
        if not found then
          continue;
        end if;
      end if;
      update publication p set state = 'queued', epoch = p.epoch + 1, lease_owner = owner,
          lease_until = clock_timestamp() + lease, next_action_at = null
        where p.organization_id = candidate.organization_id and p.id = candidate.id
        returning p.epoch into epoch;
    exception
      when unique_violation or lock_not_available or deadlock_detected then
        continue;  -- a twin or the account is in another sender's hands; the next claim sees what came of it
      when others then
        raise warning 'publication % can not be claimed: %', candidate.id, sqlerrm;
        continue;
    end;
    organization_id := candidate.organization_id;
    publication_id := candidate.id;
    claimed := claimed + 1;
    return next;
  end loop;
end$$;

-- Publications whose outcome is to be read back; the lease keeps two senders from reading the same one.
create function masthead.claim_checks(at_most int, lease interval)
  returns table(organization_id uuid, publication_id uuid, epoch bigint)
  language sql security definer set search_path = masthead, pg_temp as $$
  update publication p set next_action_at = clock_timestamp() + lease
  where p.id in (
    select q.id from publication q where q.state = 'unknown' and q.next_action_at <= clock_timestamp()
    order by q.next_action_at limit at_most for update skip locked)
  returning p.organization_id, p.id, p.epoch
$$;

create function masthead.claim_links(at_most int, lease interval)
  returns table(organization_id uuid, publication_id uuid)
  language sql security definer set search_path = masthead, pg_temp as $$
  update publication_link l set next_try_at = clock_timestamp() + lease
  where (l.organization_id, l.publication_id) in (
    select k.organization_id, k.publication_id from publication_link k
    where k.state = 'pending' and k.next_try_at <= clock_timestamp()
    order by k.next_try_at limit at_most for update skip locked)
  returning l.organization_id, l.publication_id
$$;

-- RELIABILITY 9.1 sweeper, PRODUCT 6 and 7a: lapsed leases, late posts, slots that passed without approval.
-- Row by row, so that one bad row never rolls back another; each is locked (or skipped) and asked again before it moves.
-- `sending` never goes back by itself: what was sent can't be told from what was not. Returns what moved, as ids.
create function masthead.sweep(first_read interval, retry interval)
  returns table(organization_id uuid, publication_id uuid, to_state text)
  language plpgsql security definer set search_path = masthead, pg_temp set lock_timeout = '250ms' as $$
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
      join organization o on o.id = p.organization_id
      join account a on a.organization_id = p.organization_id and a.id = p.account_id
      where p.state = 'scheduled' and p.due_at <= moment
        and (p.not_after <= moment or p.approved_until <= moment
             or p.due_at <= coalesce(greatest(a.resumed_at, o.resumed_at), '-infinity'))
      order by p.due_at limit 500)
    union all
    (select p.organization_id, p.id from publication p
      where p.state = 'in_review' and p.due_at <= moment order by p.due_at limit 500)
  loop
    begin
      select p.state, p.approved_until, p.not_after into lapsed from publication p
        where p.organization_id = candidate.organization_id and p.id = candidate.id
          and (case when p.state in ('queued','claimed','sending') then p.lease_until < moment
                    when p.state in ('scheduled','in_review') then p.due_at <= moment
                    else false end)
        for update skip locked;
      if not found then
        continue;
      end if;
      if lapsed.state = 'sending' then
        perform set_config('app.why', '{"because":"The program that was sending it went away."}', true);
        update attempt a set state = 'unknown', closed_at = moment, message = 'no outcome was recorded'
          where a.organization_id = candidate.organization_id and a.publication_id = candidate.id and a.state = 'open';
        update publication p set state = 'unknown', lease_owner = null, lease_until = null,
            next_action_at = greatest(moment, coalesce((select max(a.send_deadline) from attempt a
              where a.organization_id = p.organization_id and a.publication_id = p.id), moment) + first_read)
          where p.organization_id = candidate.organization_id and p.id = candidate.id;
        to_state := 'unknown';
      elsif lapsed.state in ('queued','claimed') then
        perform set_config('app.why', '{"because":"The program that held it went away before sending."}', true);
        update publication p set state = 'scheduled', lease_owner = null, lease_until = null,
            next_action_at = moment + retry
          where p.organization_id = candidate.organization_id and p.id = candidate.id;
        to_state := 'scheduled';
      elsif lapsed.state = 'in_review' or lapsed.approved_until <= moment then
        perform set_config('app.why', '{"because":"Its time came without an approval."}', true);
        update publication p set state = 'needs_human', needs = 'approval', next_action_at = null
          where p.organization_id = candidate.organization_id and p.id = candidate.id;
        to_state := 'needs_human';
      else
        perform set_config('app.why', case when lapsed.not_after <= moment
            then '{"because":"Its window closed before it could be sent."}'
            else '{"because":"It became due while sending was paused."}' end, true);
        update publication p set state = 'needs_human', needs = 'late', next_action_at = null
          where p.organization_id = candidate.organization_id and p.id = candidate.id;
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

OWNED = (
    ("person_of(text,text)", "masthead_web"),
    ("session_of(bytea)", "masthead_web"),
    ("memberships_of(uuid)", "masthead_web"),
    ("invitation_of(bytea)", "masthead_web"),
    ("consent_of(bytea)", "masthead_web"),
    ("overdue_choices(int)", "masthead_worker"),
    ("grant_in_use(text,text,uuid)", "masthead_web, masthead_worker"),
    ("taken_elsewhere(text,text[])", "masthead_web"),
    ("account_owner(text,text)", "masthead_worker"),
    ("connect_starts(uuid,interval)", "masthead_web"),
    ("next_due()", "masthead_dispatch, masthead_worker"),
    ("work_waiting()", "masthead_dispatch, masthead_worker"),
    ("oldest_due()", "masthead_web, masthead_dispatch, masthead_worker"),
    ("claim_due(int,text,interval,interval,interval,interval)", "masthead_worker"),
    ("claim_checks(int,interval)", "masthead_worker"),
    ("claim_links(int,interval)", "masthead_worker"),
    ("sweep(interval,interval)", "masthead_dispatch, masthead_worker"),
)


def upgrade() -> None:
    op.execute(POLICIES)
    op.execute(FUNCTIONS)
    op.execute(GRANTS)
    op.execute("grant create on schema masthead to masthead_claim")
    for signature, callers in OWNED:
        op.execute(f"alter function masthead.{signature} owner to masthead_claim")
        op.execute(f"revoke all on function masthead.{signature} from public")
        op.execute(f"grant execute on function masthead.{signature} to {callers}")
    op.execute("revoke create on schema masthead from masthead_claim")
