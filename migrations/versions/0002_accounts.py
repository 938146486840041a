"""Connections, accounts, credentials and consents under way."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SQL = """
create table masthead.connection(
  organization_id uuid not null references masthead.organization(id),
  id uuid not null,
  provider text not null,
  provider_user_id text not null,
  name text not null,
  state text not null check (state in ('pending','active','broken','revoked')),
  scopes text[] not null default '{}',
  declined text[] not null default '{}',
  connected_by uuid not null,
  choose_until timestamptz,
  give_back_at timestamptz,
  expires_at timestamptz,
  data_access_expires_at timestamptz,
  last_error jsonb,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (organization_id, id),
  foreign key (organization_id, connected_by) references masthead.member(organization_id, id),
  constraint pending_has_end check ((state = 'pending') = (choose_until is not null)));
create unique index connection_one_per_grant on masthead.connection(organization_id, provider, provider_user_id)
  where state in ('active','broken');
create index connection_pending on masthead.connection(choose_until) where state = 'pending';
create index connection_give_back on masthead.connection(give_back_at) where give_back_at is not null;
create index connection_grant on masthead.connection(provider, provider_user_id) where state <> 'revoked';

create table masthead.account(
  organization_id uuid not null references masthead.organization(id),
  id uuid not null,
  connection_id uuid not null,
  provider text not null,
  network text not null,
  provider_account_id text not null,
  name text not null,
  url text,
  picture_url text,
  state text not null check (state in ('active','paused','auth_broken','disabled')),
  state_reason text,
  window_s int not null default 1800 check (window_s between 300 and 86400),
  next_send_at timestamptz,
  usage jsonb not null default '{}',
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (organization_id, id),
  unique (organization_id, network, provider_account_id),
  foreign key (organization_id, connection_id) references masthead.connection(organization_id, id));
create index account_connection on masthead.account(organization_id, connection_id);
-- One live organization per account in an installation (docs/decisions/0003): the one unique rule across organizations.
create unique index account_one_owner on masthead.account(network, provider_account_id) where state <> 'disabled';

create table masthead.credential(
  organization_id uuid not null references masthead.organization(id),
  id uuid not null,
  connection_id uuid not null,
  account_id uuid,
  purpose text not null,
  state text not null default 'current' check (state in ('current','previous','revoked')),
  key_id text not null,
  wrapped_key bytea not null,
  nonce bytea not null check (octet_length(nonce) = 12),
  ciphertext bytea not null,
  expires_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  primary key (organization_id, id),
  foreign key (organization_id, connection_id) references masthead.connection(organization_id, id),
  foreign key (organization_id, account_id) references masthead.account(organization_id, id));
create unique index credential_current on masthead.credential
  (organization_id, connection_id, coalesce(account_id, '00000000-0000-0000-0000-000000000000'), purpose)
  where state = 'current';
create index credential_key on masthead.credential(key_id);

create table masthead.consent(
  organization_id uuid not null references masthead.organization(id),
  id uuid not null,
  state_sha256 bytea not null unique check (octet_length(state_sha256) = 32),
  intent_sha256 bytea not null unique check (octet_length(intent_sha256) = 32),
  session_id uuid not null,
  person_id uuid not null,
  member_id uuid not null,
  provider text not null,
  scopes text[] not null,
  redirect_uri text not null,
  code_challenge text,
  connection_id uuid,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  used_at timestamptz,
  outcome text,
  primary key (organization_id, id),
  foreign key (organization_id, member_id) references masthead.member(organization_id, id),
  foreign key (organization_id, connection_id) references masthead.connection(organization_id, id));
create index consent_recent on masthead.consent(person_id, created_at);
"""


def upgrade() -> None:
    op.execute(SQL)
