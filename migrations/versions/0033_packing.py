"""How videos are packed, and what networks get of them that take no edit lists."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

# Of videos from before, `packing` stays empty: not known. A rendition of a video differs from the file in a few more
# facts than one of an image does.
TABLES = """
alter table masthead.media
  add column packing text not null default '' check (packing in ('','plain','edited'));
alter table masthead.rendition
  add column duration_ms int not null default 0,
  add column bit_rate bigint not null default 0,
  drop constraint rendition_mime_check;
alter table masthead.rendition
  add constraint rendition_mime_check
    check (mime in ('image/jpeg','image/png','video/mp4','video/quicktime')) not valid;
alter table masthead.rendition validate constraint rendition_mime_check;
grant update (packing) on masthead.media to masthead_web, masthead_worker;
"""


def upgrade() -> None:
    op.execute(TABLES)
