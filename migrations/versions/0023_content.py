"""Several files for a post and for single accounts; form of post, options, cover and first comment."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TABLES = """
-- One list for the post itself (account_id null) and one for each account with files of its own. Rows stay: a file that
-- was taken off has no place.
create table masthead.post_media(
  organization_id uuid not null references masthead.organization(id),
  id uuid not null,
  post_id uuid not null,
  account_id uuid,
  media_id uuid not null,
  place smallint check (place >= 0),
  alt text not null default '' check (length(alt) <= 5000),
  primary key (organization_id, id),
  constraint post_media_once unique nulls not distinct (organization_id, post_id, account_id, media_id),
  foreign key (organization_id, post_id) references masthead.post(organization_id, id),
  foreign key (organization_id, account_id) references masthead.account(organization_id, id),
  foreign key (organization_id, media_id) references masthead.media(organization_id, id));
create index post_media_of on masthead.post_media(organization_id, media_id) where place is not null;

alter table masthead.post
  add column cover_id uuid,
  add column format text,
  add column options jsonb not null default '{}' check (jsonb_typeof(options) = 'object'),
  add column comment text not null default '' check (length(comment) <= 100000),
  add foreign key (organization_id, cover_id) references masthead.media(organization_id, id);

-- Null means: as the post has it. `own_files`: its files are its own list, which may be empty.
alter table masthead.post_variant
  add column own_files boolean not null default false,
  add column cover_id uuid,
  add column format text,
  add column options jsonb not null default '{}' check (jsonb_typeof(options) = 'object'),
  add column comment text check (length(comment) <= 100000),
  add foreign key (organization_id, cover_id) references masthead.media(organization_id, id);

-- Everything that was submitted besides text and link: {files, cover, format, options, comment, variants}.
alter table masthead.post_version add column besides jsonb not null default '{"variants": {}}';
"""

# The owner is no superuser everywhere, and a forced policy would hide every row from it: nothing would be moved, and the
# old columns dropped.
OPEN = """
alter table masthead.post no force row level security;
alter table masthead.post_variant no force row level security;
alter table masthead.post_version no force row level security;
"""

MOVE = """
insert into masthead.post_media(organization_id, id, post_id, media_id, place, alt)
select organization_id, gen_random_uuid(), id, media_id, 0, alt from masthead.post where media_id is not null;

-- An account with an image of its own, or with the post's image and another description, has a list of its own.
insert into masthead.post_media(organization_id, id, post_id, account_id, media_id, place, alt)
select v.organization_id, gen_random_uuid(), v.post_id, v.account_id, coalesce(v.media_id, t.media_id), 0,
  coalesce(v.alt, '')
from masthead.post_variant v
join masthead.post t on t.organization_id = v.organization_id and t.id = v.post_id
where v.media_id is not null or (v.media = 'inherit' and v.alt is not null and t.media_id is not null);

update masthead.post_variant v set own_files = true
where v.media_id is not null or v.media = 'none' or exists (select 1 from masthead.post_media m
  where m.organization_id = v.organization_id and m.post_id = v.post_id and m.account_id = v.account_id);

update masthead.post_version v set besides = jsonb_build_object(
  'files', case when v.media_id is null then '[]'::jsonb
    else jsonb_build_array(jsonb_build_object('media', v.media_id, 'alt', v.alt)) end,
  'variants', (select coalesce(jsonb_object_agg(own.key, jsonb_strip_nulls(jsonb_build_object(
      'text', own.value -> 'text',
      'files', case
        when own.value ->> 'media' = 'none' then '[]'::jsonb
        when own.value ->> 'media' <> 'inherit' then jsonb_build_array(jsonb_build_object(
          'media', own.value ->> 'media', 'alt', coalesce(own.value ->> 'alt', '')))
        when own.value ->> 'alt' is not null and v.media_id is not null then jsonb_build_array(jsonb_build_object(
          'media', v.media_id, 'alt', own.value ->> 'alt')) end))), '{}')
    from jsonb_each(v.variants) own))
where v.media_id is not null or v.variants <> '{}';
"""

CLOSE = """
alter table masthead.post drop column media_id, drop column alt;
alter table masthead.post_variant drop column media, drop column media_id, drop column alt;
alter table masthead.post_version drop column media_id, drop column alt, drop column variants,
  alter column besides drop default;
alter table masthead.post force row level security;
alter table masthead.post_variant force row level security;
alter table masthead.post_version force row level security;

alter table masthead.post_media enable row level security;
alter table masthead.post_media force row level security;
create policy own_organization on masthead.post_media
  using (organization_id = masthead.ctx_organization()) with check (organization_id = masthead.ctx_organization());
grant select, insert, update on masthead.post_media to masthead_web;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(OPEN)
    op.execute(MOVE)
    op.execute(CLOSE)
