"""Attempts, reads and links of publications, and the trigger that holds the state machine (RELIABILITY 9.1)."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SQL = """
create table masthead.attempt(
  organization_id uuid not null references masthead.organization(id),
  id bigint generated always as identity,
  publication_id uuid not null,
  step text not null check (step in ('upload','container','post','publish')),
  epoch bigint not null,
  state text not null default 'open'
    check (state in ('open','accepted','rejected','not_sent','unknown','proven_absent','superseded')),
  request_sha256 bytea not null check (octet_length(request_sha256) = 32),
  provider_ref text,
  http_status int,
  provider_code text,
  provider_trace_id text,
  message text,
  correlation_id text not null default '',
  opened_at timestamptz not null default clock_timestamp(),
  send_deadline timestamptz not null,
  closed_at timestamptz,
  verdict_by text,
  primary key (organization_id, id),
  foreign key (organization_id, publication_id) references masthead.publication(organization_id, id),
  constraint open_is_not_closed check ((state = 'open') = (closed_at is null)));
create unique index attempt_one_unresolved on masthead.attempt(publication_id)
  where step in ('post','publish') and state in ('open','unknown');
create unique index attempt_one_accepted on masthead.attempt(publication_id)
  where step in ('post','publish') and state = 'accepted';
create index attempt_of on masthead.attempt(organization_id, publication_id, id);

create table masthead.reconcile_read(
  organization_id uuid not null references masthead.organization(id),
  id bigint generated always as identity,
  publication_id uuid not null,
  attempt_id bigint not null,
  at timestamptz not null default clock_timestamp(),
  complete boolean not null,
  matches int not null,
  evidence jsonb not null,
  primary key (organization_id, id),
  foreign key (organization_id, publication_id) references masthead.publication(organization_id, id),
  foreign key (organization_id, attempt_id) references masthead.attempt(organization_id, id));
create index reconcile_read_of on masthead.reconcile_read(organization_id, publication_id, id);

create table masthead.publication_link(
  organization_id uuid not null references masthead.organization(id),
  publication_id uuid not null,
  state text not null default 'pending' check (state in ('pending','found','missing')),
  url text,
  tries int not null default 0,
  next_try_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (organization_id, publication_id),
  foreign key (organization_id, publication_id) references masthead.publication(organization_id, id),
  constraint found_has_url check ((state = 'found') = (url is not null)));
create index publication_link_due on masthead.publication_link(next_try_at) where state = 'pending';

create index publication_retry on masthead.publication(next_action_at)
  where state = 'scheduled' and next_action_at is not null;
-- Equal twins on one account are sent one after the other (PRODUCT 5), or nobody could tell their posts apart.
create unique index publication_one_twin_in_flight on masthead.publication(account_id, payload_sha256)
  where state in ('queued','claimed','sending','unknown');

-- What became due while sending was paused is late when it is resumed, whatever its window (PRODUCT 6).
alter table masthead.account add column resumed_at timestamptz;
alter table masthead.organization add column resumed_at timestamptz;
create function masthead.resumed() returns trigger language plpgsql set search_path = masthead, pg_temp as $$begin
  new.resumed_at := clock_timestamp();
  return new;
end$$;
create trigger account_resumed before update of state on masthead.account
  for each row when (old.state = 'paused' and new.state = 'active') execute function masthead.resumed();
create trigger organization_resumed before update of publish_paused on masthead.organization
  for each row when (old.publish_paused and not new.publish_paused) execute function masthead.resumed();

create function masthead.publication_born() returns trigger language plpgsql set search_path = masthead, pg_temp as $$begin
  if new.state not in ('draft','scheduled') then
    raise exception 'a publication starts as draft or scheduled, not %', new.state using errcode = 'check_violation';
  end if;
  return new;
end$$;
create trigger publication_born before insert on masthead.publication
  for each row execute function masthead.publication_born();

create function masthead.publication_noted() returns trigger language plpgsql set search_path = masthead, pg_temp as $$begin
  insert into publication_event(organization_id, publication_id, from_state, to_state, epoch, actor, correlation_id)
  values (new.organization_id, new.id, null, new.state, new.epoch,
    coalesce(nullif(current_setting('app.actor', true), ''), session_user),
    coalesce(nullif(current_setting('app.correlation_id', true), ''), new.correlation_id));
  return null;
end$$;
create trigger publication_noted after insert on masthead.publication
  for each row execute function masthead.publication_noted();

create function masthead.publication_guard() returns trigger language plpgsql set search_path = masthead, pg_temp as $$begin
  if new.organization_id <> old.organization_id or new.id <> old.id or new.post_id <> old.post_id
     or new.account_id <> old.account_id or new.intent_key <> old.intent_key then
    raise exception 'a publication keeps its post, account and intent' using errcode = 'check_violation';
  end if;
  if new.payload_sha256 is distinct from old.payload_sha256
     and not (old.state in ('draft','in_review','changes_requested','approved','scheduled','needs_human')
              and new.state in ('draft','in_review')) then
    raise exception 'the bytes of a publication in state % are fixed', old.state using errcode = 'check_violation';
  end if;
  if new.state is distinct from old.state then
    if not exists (select 1 from publication_transition where from_state = old.state and to_state = new.state
                   and (by_web or not pg_has_role('masthead_web', 'member')
                        or pg_has_role('masthead_worker', 'member'))) then
      raise exception 'illegal transition % -> %', old.state, new.state using errcode = 'check_violation';
    end if;
    if new.state in ('draft','in_review','changes_requested','approved','scheduled','queued','claimed','cancelled')
       and exists (select 1 from attempt where organization_id = new.organization_id and publication_id = new.id
                   and step in ('post','publish') and state in ('open','unknown')) then
      raise exception 'unresolved attempt' using errcode = 'check_violation';
    end if;
    if new.state not in ('published') and exists (select 1 from attempt where organization_id = new.organization_id
         and publication_id = new.id and step in ('post','publish') and state = 'accepted') then
      raise exception 'already accepted by the network' using errcode = 'check_violation';
    end if;
    insert into publication_event(organization_id, publication_id, from_state, to_state, epoch, actor, correlation_id, why)
    values (new.organization_id, new.id, old.state, new.state, new.epoch,
      coalesce(nullif(current_setting('app.actor', true), ''), session_user),
      coalesce(nullif(current_setting('app.correlation_id', true), ''), new.correlation_id),
      nullif(current_setting('app.why', true), '')::jsonb);
    perform set_config('app.why', '', true);
  end if;
  if new.epoch < old.epoch then
    raise exception 'epoch went back' using errcode = 'check_violation';
  end if;
  new.version := old.version + 1;
  new.updated_at := clock_timestamp();
  return new;
end$$;
create trigger publication_guard before update on masthead.publication
  for each row execute function masthead.publication_guard();

create function masthead.attempt_guard() returns trigger language plpgsql set search_path = masthead, pg_temp as $$begin
  if old.state not in ('open','unknown') then
    raise exception 'attempt % is closed as %', old.id, old.state using errcode = 'check_violation';
  end if;
  if new.publication_id <> old.publication_id or new.request_sha256 <> old.request_sha256 or new.epoch <> old.epoch then
    raise exception 'an attempt keeps its publication, epoch and request' using errcode = 'check_violation';
  end if;
  return new;
end$$;
create trigger attempt_guard before update on masthead.attempt
  for each row execute function masthead.attempt_guard();

-- NOTIFY says only "look again": the dispatcher reads the rows itself (MEASURED 5).
create function masthead.publication_wake() returns trigger language plpgsql set search_path = masthead, pg_temp as $$begin
  perform pg_notify('masthead_publication', '');
  return null;
end$$;
create trigger publication_wake_insert after insert on masthead.publication
  for each row when (new.state = 'scheduled') execute function masthead.publication_wake();
create trigger publication_wake_update after update on masthead.publication
  for each row when (new.state in ('scheduled','in_review','unknown')
    and (new.state <> old.state or new.due_at is distinct from old.due_at
         or new.next_action_at is distinct from old.next_action_at))
  execute function masthead.publication_wake();
"""


def upgrade() -> None:
    op.execute(SQL)
