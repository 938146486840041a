"""Organizations, people, members, invitations, sessions, audit and the receipts of commands."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = """
-- Bodies in the standard's form are parsed here and now: no search_path of a caller can change what they mean.
create function masthead.ctx_organization() returns uuid language sql stable parallel safe
  return nullif(current_setting('app.organization_id', true), '')::uuid;
comment on function masthead.ctx_organization is 'The organization of this transaction; null outside one, so that no row matches.';
create function masthead.ctx_person() returns uuid language sql stable parallel safe
  return nullif(current_setting('app.person_id', true), '')::uuid;
comment on function masthead.ctx_person is 'The person who is signing in or out in this transaction; null in all others.';

create table masthead.organization(
  id uuid primary key,
  name text not null check (length(name) between 1 and 120),
  timezone text not null,
  self_approval boolean not null default false,
  approval_days int not null default 30 check (approval_days between 1 and 365),
  publish_paused boolean not null default false,
  pause_reason text,
  created_at timestamptz not null default clock_timestamp());

create table masthead.person(
  id uuid primary key,
  issuer text not null,
  subject text not null,
  email text not null,
  email_verified boolean not null default false,
  name text not null,
  timezone text,
  disabled_at timestamptz,
  sessions_valid_from timestamptz not null default 'epoch',
  created_at timestamptz not null default clock_timestamp(),
  unique (issuer, subject));

create table masthead.console_session(
  id uuid primary key,
  key_sha256 bytea not null unique check (octet_length(key_sha256) = 32),
  person_id uuid not null references masthead.person(id),
  chosen_organization uuid references masthead.organization(id),
  signed_in_at timestamptz not null,
  expires_at timestamptz not null,
  last_seen_at timestamptz not null default clock_timestamp(),
  revoked_at timestamptz);
create index console_session_person on masthead.console_session(person_id) where revoked_at is null;

create table masthead.member(
  organization_id uuid not null references masthead.organization(id),
  id uuid not null,
  person_id uuid not null references masthead.person(id),
  role text not null check (role in ('viewer','editor','approver','admin')),
  disabled_at timestamptz,
  last_seen_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  primary key (organization_id, id),
  unique (organization_id, person_id));
create index member_person on masthead.member(person_id);

create table masthead.invitation(
  organization_id uuid not null references masthead.organization(id),
  id uuid not null,
  token_sha256 bytea not null unique check (octet_length(token_sha256) = 32),
  email text not null,
  role text not null check (role in ('viewer','editor','approver','admin')),
  invited_by uuid,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by uuid references masthead.person(id),
  primary key (organization_id, id),
  foreign key (organization_id, invited_by) references masthead.member(organization_id, id));

create table masthead.audit_event(
  organization_id uuid not null references masthead.organization(id),
  id bigint generated always as identity,
  at timestamptz not null default clock_timestamp(),
  actor text not null,
  action text not null,
  subject_kind text not null,
  subject_id text not null,
  before jsonb,
  after jsonb,
  correlation_id text not null,
  primary key (organization_id, id));
create index audit_event_at on masthead.audit_event(organization_id, at desc, id desc);
create index audit_event_subject on masthead.audit_event(organization_id, subject_kind, subject_id, id);

create table masthead.command_receipt(
  organization_id uuid not null references masthead.organization(id),
  action_id uuid not null,
  command text not null,
  result jsonb,
  at timestamptz not null default clock_timestamp(),
  primary key (organization_id, action_id));

create table masthead.ticker_heartbeat(
  name text primary key,
  at timestamptz not null default clock_timestamp());
"""


def upgrade() -> None:
    op.execute(SQL)
