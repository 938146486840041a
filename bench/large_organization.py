"""One organization with 100,000 posts, a year of work of 20 people on 40 accounts of three networks."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from bench.programs import CanNotMeasure
from bench.reads import Sample
from core.infra.embedded import DATABASE, Addresses
from tests.factories.scale import fill

POSTS: Final = 100_000
ORGANIZATION: Final = UUID("00000001-7000-8000-0000-000000000001")

# Who signs in leaves the demo and takes the place of the large organization's first admin, with all that is theirs.
_MOVE: Final = """
with person as (select id from masthead.person where name = %(name)s),
left_behind as (update masthead.member set disabled_at = clock_timestamp() where person_id in (select id from person))
update masthead.member set person_id = (select id from person)
where id = (select id from masthead.member
  where organization_id = %(organization)s and role = 'admin' order by id limit 1)
"""
# A post in the middle of the list, and rows of each kind that a page may be about.
_SAMPLE: Final = """
with o as (select {organization}::uuid as id),
at as (select clock_timestamp() as now, date_trunc('day', clock_timestamp()) as day,
  date_trunc('month', clock_timestamp()) as month),
me as (select m.* from masthead.member m, o where m.organization_id = o.id and m.role = 'admin' order by m.id limit 1),
page as (select t.id, case when t.slot_at is null then t.created_at else t.slot_at end as at
  from masthead.post t, o where t.organization_id = o.id and t.deleted_at is null order by 2 desc, 1 desc limit 1000),
far as (select t.id, case when t.slot_at is null then t.created_at else t.slot_at end as at
  from masthead.post t, o where t.organization_id = o.id and t.deleted_at is null order by 2 desc, 1 desc
  offset (select count(*) / 2 from masthead.post t, o where t.organization_id = o.id) limit 1),
gone as (select p.* from masthead.publication p, o where p.organization_id = o.id and p.state = 'published'
  order by p.id limit 1),
asked as (select p.*, t.submitted_at from masthead.publication p
  join masthead.post t on t.organization_id = p.organization_id and t.id = p.post_id, o
  where p.organization_id = o.id and p.state = 'in_review' and p.due_at is not null and t.deleted_at is null
  order by p.due_at, p.id offset 100 limit 1)
select o.id as organization, me.id as member, me.person_id as person, gone.account_id as account,
  gone.post_id as published, asked.post_id as asked, gone.id as publication,
  array['approver','admin'] as roles,
  array(select id from page order by at desc, id desc limit 50) as page, array(select id from page) as batch,
  array(select m.id from masthead.media m where m.organization_id = o.id order by m.created_at desc, m.id desc limit 40)
    as files,
  far.at as far_at, far.id as far_id, asked.due_at as queue_due_at, asked.submitted_at as queue_at,
  asked.post_id as queue_id, at.now, at.day, at.day + interval '1 day' as next_day, at.day as week,
  at.day + interval '7 days' as next_week, at.month, at.month + interval '42 days' as next_month
from o, at, me, far, gone, asked
"""


def superuser_of(addresses: Addresses) -> str:
    """The superuser's way into Masthead's database, around row-level security."""
    return psycopg.conninfo.make_conninfo(addresses.superuser, dbname=DATABASE)


def make(superuser: str, posts: int = POSTS) -> None:
    """Add the organization. Nothing in it is due within the next hour, so no sender touches it."""
    fill(superuser, organizations=1, posts=posts, in_largest=posts, largest=ORGANIZATION, due_now=False)


def move_in(superuser: str, name: str) -> None:
    """Make somebody of the demo an admin of the organization, and of no other."""
    with psycopg.connect(superuser) as connection:
        connection.execute(_MOVE, {"name": name, "organization": ORGANIZATION})


def sample(superuser: str) -> Sample:
    """Rows of it that reads are asked for."""
    asked = sql.SQL(_SAMPLE).format(organization=sql.Literal(ORGANIZATION))
    with psycopg.connect(superuser, row_factory=class_row(Sample)) as connection:
        found = connection.execute(asked).fetchone()
    if found is None:
        raise CanNotMeasure("the organization lacks rows that are asked for")
    return found
