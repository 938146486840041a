"""What single accounts get instead of the post's own text and image, the image's description, and both in versions."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SQL = """
alter table masthead.post
  add column media_id uuid,
  add column alt text not null default '' check (length(alt) <= 5000),
  add foreign key (organization_id, media_id) references masthead.media(organization_id, id);

-- Null means: as the post has it. `media_id` is the account's own image; without one, `media` says which.
create table masthead.post_variant(
  organization_id uuid not null references masthead.organization(id),
  post_id uuid not null,
  account_id uuid not null,
  text text check (length(text) <= 100000),
  media text not null default 'inherit' check (media in ('inherit','none')),
  media_id uuid,
  alt text check (length(alt) <= 5000),
  primary key (organization_id, post_id, account_id),
  foreign key (organization_id, post_id) references masthead.post(organization_id, id),
  foreign key (organization_id, account_id) references masthead.account(organization_id, id),
  foreign key (organization_id, media_id) references masthead.media(organization_id, id));

-- `variants`: account -> {text, media, alt} as they were submitted.
alter table masthead.post_version
  add column media_id uuid,
  add column alt text not null default '',
  add column variants jsonb not null default '{}',
  add foreign key (organization_id, media_id) references masthead.media(organization_id, id);

alter table masthead.post_variant enable row level security;
alter table masthead.post_variant force row level security;
create policy own_organization on masthead.post_variant
  using (organization_id = masthead.ctx_organization()) with check (organization_id = masthead.ctx_organization());
grant select, insert, update on masthead.post_variant to masthead_web;
"""


def upgrade() -> None:
    op.execute(SQL)
