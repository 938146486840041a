"""Posts, the versions that were submitted, review comments, and publications with their state machine."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SQL = """
create table masthead.post(
  organization_id uuid not null references masthead.organization(id),
  id uuid not null,
  author_id uuid not null,
  text text not null default '' check (length(text) <= 100000),
  link text check (length(link) <= 2000),
  slot_at timestamptz,
  revision int not null default 1,
  submitted_version int not null default 0,
  submitted_by uuid,
  submitted_at timestamptz,
  reviewer_id uuid,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  updated_by uuid not null,
  deleted_at timestamptz,
  primary key (organization_id, id),
  foreign key (organization_id, author_id) references masthead.member(organization_id, id),
  foreign key (organization_id, submitted_by) references masthead.member(organization_id, id),
  foreign key (organization_id, reviewer_id) references masthead.member(organization_id, id),
  foreign key (organization_id, updated_by) references masthead.member(organization_id, id));
create index post_recent on masthead.post(organization_id, created_at desc, id desc);
create index post_listing on masthead.post(organization_id, (coalesce(slot_at, created_at)) desc, id desc)
  where deleted_at is null;

create table masthead.post_version(
  organization_id uuid not null references masthead.organization(id),
  post_id uuid not null,
  version int not null,
  text text not null,
  link text,
  submitted_by uuid not null,
  at timestamptz not null default clock_timestamp(),
  primary key (organization_id, post_id, version),
  foreign key (organization_id, post_id) references masthead.post(organization_id, id),
  foreign key (organization_id, submitted_by) references masthead.member(organization_id, id));

create table masthead.review_comment(
  organization_id uuid not null references masthead.organization(id),
  id uuid not null,
  post_id uuid not null,
  version int not null,
  kind text not null check (kind in ('comment','changes_requested','approved','withdrawn')),
  text text not null default '' check (length(text) <= 5000),
  author_id uuid not null,
  at timestamptz not null default clock_timestamp(),
  primary key (organization_id, id),
  foreign key (organization_id, post_id) references masthead.post(organization_id, id),
  foreign key (organization_id, author_id) references masthead.member(organization_id, id),
  constraint changes_say_what check (kind <> 'changes_requested' or length(trim(text)) > 0));
create index review_comment_post on masthead.review_comment(organization_id, post_id, at);

create table masthead.publication(
  organization_id uuid not null references masthead.organization(id),
  id uuid not null,
  post_id uuid not null,
  account_id uuid not null,
  occurrence int not null default 1 check (occurrence >= 1),
  intent_key text not null,
  payload jsonb not null,
  payload_sha256 bytea not null check (octet_length(payload_sha256) = 32),
  approved_payload jsonb,
  approved_sha256 bytea check (octet_length(approved_sha256) = 32),
  approved_at timestamptz,
  approved_by uuid,
  approved_until timestamptz,
  self_approved boolean not null default false,
  due_at timestamptz,
  not_after timestamptz,
  state text not null default 'draft' check (state in ('draft','in_review','changes_requested','approved','scheduled',
    'queued','claimed','sending','unknown','needs_human','published','failed','cancelled')),
  needs text check (needs in ('outcome','late','approval')),
  epoch bigint not null default 0,
  lease_owner text,
  lease_until timestamptz,
  attempt_count int not null default 0,
  next_action_at timestamptz,
  provider_post_id text,
  proof jsonb,
  published_at timestamptz,
  last_error jsonb,
  correlation_id text not null default '',
  version bigint not null default 0,
  removed_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (organization_id, id),
  unique (id),
  unique (organization_id, intent_key),
  unique (organization_id, account_id, provider_post_id),
  foreign key (organization_id, post_id) references masthead.post(organization_id, id),
  foreign key (organization_id, account_id) references masthead.account(organization_id, id),
  foreign key (organization_id, approved_by) references masthead.member(organization_id, id),
  constraint approved_bytes check (state in ('draft','in_review','changes_requested','needs_human','failed','cancelled')
    or coalesce(payload_sha256 = approved_sha256, false)),
  constraint approval_is_whole check ((approved_sha256 is null) = (approved_payload is null)
    and (approved_sha256 is null) = (approved_until is null)),
  constraint scheduled_has_time check (state not in ('scheduled','queued','claimed','sending') or due_at is not null),
  constraint window_follows_slot check ((due_at is null) = (not_after is null)),
  constraint published_has_proof check (state <> 'published' or provider_post_id is not null or proof is not null),
  constraint id_only_when_published check (provider_post_id is null or state = 'published'),
  constraint needs_says_what check ((state = 'needs_human') = (needs is not null)),
  constraint lease_when_held check (state not in ('queued','claimed','sending') or lease_until is not null),
  constraint removed_only_as_draft check (removed_at is null or state = 'draft'));
create index publication_due on masthead.publication(due_at) where state = 'scheduled';
create index publication_asked on masthead.publication(due_at) where state = 'in_review' and due_at is not null;
create index publication_leased on masthead.publication(lease_until) where state in ('queued','claimed','sending');
create index publication_unknown on masthead.publication(next_action_at) where state in ('unknown','needs_human');
create index publication_post on masthead.publication(organization_id, post_id);
create index publication_account on masthead.publication(organization_id, account_id, due_at desc);
create index publication_state on masthead.publication(organization_id, state, due_at, id);
create index publication_slot on masthead.publication(organization_id, due_at) where due_at is not null;
create index publication_twins on masthead.publication(account_id, payload_sha256)
  where state in ('queued','claimed','sending','unknown','published');

-- by_web: whether a person's command may do it; the rest belongs to the senders alone.
create table masthead.publication_transition(
  from_state text not null, to_state text not null, by_web boolean not null, primary key (from_state, to_state));
insert into masthead.publication_transition values
 ('draft','in_review',true),('draft','cancelled',true),
 ('in_review','draft',true),('in_review','changes_requested',true),('in_review','approved',true),
 ('in_review','scheduled',true),('in_review','needs_human',false),('in_review','cancelled',true),
 ('changes_requested','draft',true),('changes_requested','in_review',true),('changes_requested','cancelled',true),
 ('approved','draft',true),('approved','scheduled',true),('approved','cancelled',true),
 ('scheduled','draft',true),('scheduled','approved',true),('scheduled','cancelled',true),
 ('scheduled','queued',false),('scheduled','failed',false),('scheduled','needs_human',false),
 ('queued','claimed',false),('queued','scheduled',false),
 ('claimed','sending',false),('claimed','scheduled',false),('claimed','failed',false),
 ('sending','published',false),('sending','failed',false),('sending','scheduled',false),('sending','unknown',false),
 ('unknown','published',false),('unknown','scheduled',false),('unknown','failed',false),('unknown','needs_human',false),
 ('needs_human','published',true),('needs_human','scheduled',true),('needs_human','draft',true),
 ('needs_human','in_review',true),('needs_human','failed',true),('needs_human','cancelled',true);

create table masthead.publication_event(
  organization_id uuid not null references masthead.organization(id),
  id bigint generated always as identity,
  publication_id uuid not null,
  at timestamptz not null default clock_timestamp(),
  from_state text,
  to_state text not null,
  epoch bigint not null,
  actor text not null,
  correlation_id text not null default '',
  why jsonb,
  primary key (organization_id, id),
  foreign key (organization_id, publication_id) references masthead.publication(organization_id, id));
create index publication_event_of on masthead.publication_event(organization_id, publication_id, id);
"""


def upgrade() -> None:
    op.execute(SQL)
