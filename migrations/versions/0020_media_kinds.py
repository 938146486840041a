"""Videos and documents beside images, what stands for them in lists, and work on them that takes long."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

MIMES = ", ".join(
    f"'{mime}'"
    for mime in (
        "image/jpeg",
        "image/png",
        "video/mp4",
        "video/quicktime",
        "application/pdf",
        "application/msword",
        "application/vnd.ms-powerpoint",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    )
)

# `poster` stands for a video, `thumbnail` for any file in lists: JPEGs, by their SHA-256. `alt` and `rights` are what
# people say of a file in the library; `revision` moves with each change of them.
TABLES = f"""
alter table masthead.media
  add column kind text not null default 'image' check (kind in ('image','video','document')),
  add column duration_ms int not null default 0,
  add column codec text not null default '',
  add column audio_codec text not null default '',
  add column frame_rate double precision not null default 0,
  add column bit_rate bigint not null default 0,
  add column pages int not null default 0,
  add column poster_sha256 bytea check (octet_length(poster_sha256) = 32),
  add column poster_width int not null default 0,
  add column poster_height int not null default 0,
  add column poster_size int not null default 0,
  add column thumbnail_sha256 bytea check (octet_length(thumbnail_sha256) = 32),
  add column alt text not null default '',
  add column rights text not null default '',
  add column revision int not null default 1,
  add column deleted_at timestamptz,
  drop constraint media_mime_check,
  drop constraint media_width_check,
  drop constraint media_height_check;
alter table masthead.media
  add constraint media_mime_check check (mime in ({MIMES})) not valid,
  add constraint media_kind_of_mime check (kind = case split_part(mime, '/', 1)
    when 'image' then 'image' when 'video' then 'video' else 'document' end) not valid,
  add constraint media_size_in_pixels
    check (case kind when 'document' then width = 0 and height = 0 else width > 0 and height > 0 end) not valid;
alter table masthead.media validate constraint media_mime_check;
alter table masthead.media validate constraint media_kind_of_mime;
alter table masthead.media validate constraint media_size_in_pixels;
create index media_newest on masthead.media(organization_id, created_at desc, id desc) where deleted_at is null;
create index post_carrying on masthead.post(organization_id, media_id) where media_id is not null;
create index post_variant_carrying on masthead.post_variant(organization_id, media_id) where media_id is not null;
create index media_same on masthead.media(organization_id, sha256);

-- `queued_at`: all that is needed is here, and a worker may prepare it; its claim is fenced by `epoch` and lasts as long
-- as its lease is renewed. `address`: where it is fetched from instead of being sent in chunks.
alter table masthead.upload
  add column address text,
  add column queued_at timestamptz,
  add column epoch bigint not null default 0,
  add column tries int not null default 0,
  add column lease_until timestamptz,
  drop constraint upload_size_check;
alter table masthead.upload
  add constraint upload_size_known check (size > 0 or address is not null) not valid;
alter table masthead.upload validate constraint upload_size_known;
create index upload_queued on masthead.upload(queued_at) where queued_at is not null and finished_at is null;
"""

WALL = """
grant update (alt, rights, revision, deleted_at, thumbnail_sha256, poster_sha256, poster_width, poster_height,
  poster_size) on masthead.media to masthead_web, masthead_worker;
grant update (queued_at) on masthead.upload to masthead_web;
grant insert on masthead.media, masthead.rendition to masthead_worker;
grant update (size, received, file_name, media_id, lease_until, tries) on masthead.upload to masthead_worker;

drop policy claim on masthead.upload;
create policy claim on masthead.upload to masthead_claim using (true) with check (true);
grant update (epoch, tries, lease_until) on masthead.upload to masthead_claim;
"""

FUNCTIONS = """
-- The next uploads that somebody should prepare, claimed: whose organization has the fewest in work, then the oldest.
create function masthead.claim_uploads(at_most int, lease interval)
  returns table(organization_id uuid, upload_id uuid, epoch bigint)
  language sql security definer set search_path = masthead, pg_temp as $$
  update upload u set epoch = u.epoch + 1, tries = u.tries + 1, lease_until = clock_timestamp() + lease
  where (u.organization_id, u.id) in (
    select w.organization_id, w.id from upload w
    where w.queued_at is not null and w.finished_at is null
      and (w.lease_until is null or w.lease_until <= clock_timestamp())
    order by (
        select count(*) from upload o where o.organization_id = w.organization_id and o.queued_at is not null
          and o.finished_at is null and o.lease_until > clock_timestamp()),
      w.queued_at
    limit at_most for update of w skip locked)
  returning u.organization_id, u.id, u.epoch
$$;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(WALL)
    op.execute(FUNCTIONS)
    op.execute("grant create on schema masthead to masthead_claim")
    op.execute("alter function masthead.claim_uploads(int,interval) owner to masthead_claim")
    op.execute("revoke all on function masthead.claim_uploads(int,interval) from public")
    op.execute("grant execute on function masthead.claim_uploads(int,interval) to masthead_worker")
    op.execute("revoke create on schema masthead from masthead_claim")
