"""Unclear outcomes are read on while a person is asked, and decided by whoever signed in lately; one live container."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = """
-- When the sign-in service last asked who it is; whoever is signed in already has to sign in again to decide.
alter table masthead.console_session add column authenticated_at timestamptz not null default 'epoch';

-- Never two live containers for one publication, whatever its bytes were: which of them went out could not be told.
alter table masthead.publication_step no force row level security;
update masthead.publication_step s set dropped_at = clock_timestamp(), dropped_because = 'The post was changed since.'
  where s.dropped_at is null and exists (select 1 from masthead.publication_step n
    where n.organization_id = s.organization_id and n.publication_id = s.publication_id and n.name = s.name
      and n.dropped_at is null and n.id > s.id);
alter table masthead.publication_step force row level security;
drop index masthead.publication_step_one_live;
create unique index publication_step_one_live
  on masthead.publication_step(organization_id, publication_id, name) where dropped_at is null;

-- What is unclear, for the desk.
create index publication_in_question on masthead.publication(organization_id, id)
  where state in ('unknown','needs_human');
"""

FUNCTIONS = """
-- As in 0015, but that what a person was asked about is read too.
create or replace function masthead.next_due() returns timestamptz
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select min(at) from (
    (select due_at as at from publication where state = 'scheduled' and due_at > clock_timestamp()
      order by due_at limit 1)
    union all (select min(next_action_at) from publication where state = 'scheduled' and next_action_at > clock_timestamp())
    union all (select min(next_action_at) from publication
      where state in ('unknown','needs_human') and next_action_at > clock_timestamp())
    union all (select min(next_try_at) from publication_link where state = 'pending' and next_try_at > clock_timestamp())
    union all (select min(next_call_at) from account_budget where gap > '0' and next_call_at > clock_timestamp())
    union all (select min(next_call_at) from app_budget where next_call_at > clock_timestamp())
  ) all_of_it
$$;

create or replace function masthead.work_waiting() returns table(sends boolean, links boolean)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select exists (
      select 1 from publication p
      join organization o on o.id = p.organization_id
      where p.state = 'scheduled' and p.due_at <= clock_timestamp() and p.not_after > clock_timestamp()
        and (p.next_action_at is null or p.next_action_at <= clock_timestamp())
        and exists (select 1 from account a where a.organization_id = p.organization_id and a.id = p.account_id
          and a.state = 'active'
          and not exists (select 1 from account_budget b where b.organization_id = a.organization_id
            and b.account_id = a.id
            and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, clock_timestamp()))
          and not exists (select 1 from app_budget b where b.provider = a.provider and b.network in ('', a.network)
            and leaves_no_room(b.gap, b.next_call_at, b.said_at, b.held_until, clock_timestamp())))
        and not o.publish_paused)
    or exists (select 1 from publication p
      where p.state in ('unknown','needs_human') and p.next_action_at <= clock_timestamp()),
    exists (select 1 from publication_link l where l.state = 'pending' and l.next_try_at <= clock_timestamp())
$$;

-- Late reads come last: nobody waits for them.
create or replace function masthead.claim_checks(at_most int, lease interval)
  returns table(organization_id uuid, publication_id uuid, epoch bigint)
  language sql security definer set search_path = masthead, pg_temp as $$
  with due as (
    select q.organization_id, q.id, q.account_id from publication q
    where q.state in ('unknown','needs_human') and q.next_action_at <= clock_timestamp()
    order by q.state = 'needs_human', q.next_action_at limit at_most for update skip locked),
  asked as (
    select d.organization_id, d.id, call_after(a.organization_id, a.id, a.provider, a.network, 'read', true) as later
    from due d join account a on a.organization_id = d.organization_id and a.id = d.account_id),
  moved as (
    update publication p set next_action_at = coalesce(asked.later, clock_timestamp() + lease)
    from asked where p.organization_id = asked.organization_id and p.id = asked.id
    returning p.organization_id, p.id, p.epoch, asked.later)
  select m.organization_id, m.id, m.epoch from moved m where m.later is null
$$;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(FUNCTIONS)
