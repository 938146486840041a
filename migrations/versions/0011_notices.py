"""Notices to people, what of them is mailed and when, and the mail on its way."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = """
-- Up to where the news of an organization has become notices.
create table masthead.notice_mark(
  organization_id uuid primary key references masthead.organization(id),
  read_until timestamptz not null);

create table masthead.mail(
  organization_id uuid not null references masthead.organization(id),
  id uuid not null,
  member_id uuid not null,
  digest_on date,
  state text not null default 'waiting' check (state in ('waiting','sent','given_up','dropped')),
  tries int not null default 0,
  next_try_at timestamptz not null default clock_timestamp(),
  last_error text,
  created_at timestamptz not null default clock_timestamp(),
  closed_at timestamptz,
  primary key (organization_id, id),
  unique (organization_id, member_id, digest_on),
  foreign key (organization_id, member_id) references masthead.member(organization_id, id),
  constraint waiting_is_not_closed check ((state = 'waiting') = (closed_at is null)));
create index mail_due on masthead.mail(next_try_at) where state = 'waiting';
create index mail_troubled on masthead.mail(organization_id, created_at)
  where state = 'given_up' or (state = 'waiting' and tries > 0);

-- `kind` is checked against the table in code. `cause` is what several notices of a mail have in common, `delivery` what
-- the person wished when it was raised.
create table masthead.notice(
  organization_id uuid not null references masthead.organization(id),
  id uuid not null,
  member_id uuid not null,
  kind text not null,
  cause text not null default '',
  dedupe_key text not null,
  subject_kind text not null check (subject_kind in ('post','account')),
  subject_id uuid not null,
  data jsonb not null,
  delivery text not null check (delivery in ('at_once','daily','off')),
  mail_id uuid,
  at timestamptz not null default clock_timestamp(),
  seen_at timestamptz,
  primary key (organization_id, id),
  unique (organization_id, member_id, dedupe_key),
  foreign key (organization_id, member_id) references masthead.member(organization_id, id),
  foreign key (organization_id, mail_id) references masthead.mail(organization_id, id));
create index notice_listing on masthead.notice(organization_id, member_id, at desc, id desc);
create index notice_unseen on masthead.notice(organization_id, member_id) where seen_at is null;
create index notice_unmailed on masthead.notice(organization_id, at) where mail_id is null and delivery <> 'off';
create index notice_mailed on masthead.notice(organization_id, mail_id) where mail_id is not null;

create table masthead.notice_preference(
  organization_id uuid not null references masthead.organization(id),
  member_id uuid not null,
  kind text not null,
  delivery text not null check (delivery in ('at_once','daily','off')),
  primary key (organization_id, member_id, kind),
  foreign key (organization_id, member_id) references masthead.member(organization_id, id));

create index publication_event_news on masthead.publication_event(organization_id, at)
  where to_state in ('in_review','changes_requested','approved','scheduled','failed','needs_human');
"""

WALL = """
do $$declare t text; begin
  foreach t in array array['notice_mark','mail','notice','notice_preference'] loop
    execute format('alter table masthead.%I enable row level security', t);
    execute format('alter table masthead.%I force row level security', t);
    execute format('create policy own_organization on masthead.%I using (organization_id = masthead.ctx_organization())'
                   ' with check (organization_id = masthead.ctx_organization())', t);
  end loop;
end$$;
create policy claim on masthead.notice_mark for select to masthead_claim using (true);
create policy claim on masthead.notice for select to masthead_claim using (true);
create policy claim on masthead.mail to masthead_claim using (true) with check (true);
create policy claim_news on masthead.publication_event for select to masthead_claim using (true);

grant select on masthead.notice_mark, masthead.mail, masthead.notice to masthead_web;
grant update (seen_at, delivery) on masthead.notice to masthead_web;
grant select, insert on masthead.notice_preference to masthead_web;
grant update (delivery) on masthead.notice_preference to masthead_web;

grant select on masthead.review_comment, masthead.notice_preference to masthead_worker;
grant select, insert, update on masthead.notice_mark to masthead_worker;
grant select, insert on masthead.notice, masthead.mail to masthead_worker;
grant update (mail_id) on masthead.notice to masthead_worker;
grant update (state, next_try_at, last_error, closed_at) on masthead.mail to masthead_worker;

grant select (organization_id, at, to_state) on masthead.publication_event to masthead_claim;
grant select on masthead.notice_mark to masthead_claim;
grant select (organization_id, at, delivery, mail_id) on masthead.notice to masthead_claim;
grant select, update on masthead.mail to masthead_claim;
"""

FUNCTIONS = """
-- Where something happened since its news were read. `overlap`: how long a transaction may take to become visible.
create function masthead.organizations_with_news(overlap interval, at_most_ago interval)
  returns table(organization_id uuid)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select o.id from organization o
  left join notice_mark m on m.organization_id = o.id
  cross join lateral (
    select greatest(m.read_until - overlap, clock_timestamp() - at_most_ago) as since) mark
  where exists (select 1 from publication_event e where e.organization_id = o.id and e.at > mark.since
      and e.to_state in ('in_review','changes_requested','approved','scheduled','failed','needs_human'))
    or exists (select 1 from account a where a.organization_id = o.id and a.state = 'auth_broken'
      and a.updated_at > mark.since)
$$;

create function masthead.organizations_with_unmailed(at_most_ago interval) returns table(organization_id uuid)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select o.id from organization o
  where exists (select 1 from notice n where n.organization_id = o.id and n.mail_id is null and n.delivery <> 'off'
    and n.at > clock_timestamp() - at_most_ago)
$$;

-- The lease keeps two workers from sending the same mail; whose holder died is tried again when it is over.
create function masthead.claim_mails(at_most int, lease interval) returns table(organization_id uuid, mail_id uuid)
  language sql security definer set search_path = masthead, pg_temp as $$
  update mail m set next_try_at = clock_timestamp() + lease, tries = m.tries + 1
  where (m.organization_id, m.id) in (
    select w.organization_id, w.id from mail w where w.state = 'waiting' and w.next_try_at <= clock_timestamp()
    order by w.next_try_at limit at_most for update skip locked)
  returning m.organization_id, m.id
$$;
"""

OWNED = (
    "organizations_with_news(interval,interval)",
    "organizations_with_unmailed(interval)",
    "claim_mails(int,interval)",
)


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(WALL)
    op.execute(FUNCTIONS)
    op.execute("grant create on schema masthead to masthead_claim")
    for signature in OWNED:
        op.execute(f"alter function masthead.{signature} owner to masthead_claim")
        op.execute(f"revoke all on function masthead.{signature} from public")
        op.execute(f"grant execute on function masthead.{signature} to masthead_worker")
    op.execute("revoke create on schema masthead from masthead_claim")
