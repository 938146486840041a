"""Tokens and mails are chosen once and then claimed.

`where (...) in (select ... limit n for update skip locked)` leaves it to the plan how often that choice is made. Where
it is made for each row (a nested loop, when Postgres takes the table for tiny) what was just claimed is passed over and
the next one chosen: everything that is due is claimed at once, and most of it waits for its lease to end. A `with` that
locks rows is run once, whatever the plan.
"""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

FUNCTIONS = """
create or replace function masthead.claim_mails(at_most int, lease interval)
  returns table(organization_id uuid, mail_id uuid)
  language sql security definer set search_path = masthead, pg_temp as $$
  with chosen as (
    select w.organization_id, w.id from mail w where w.state = 'waiting' and w.next_try_at <= clock_timestamp()
    order by w.next_try_at limit at_most for update skip locked)
  update mail m set next_try_at = clock_timestamp() + lease, tries = m.tries + 1
  from chosen c where m.organization_id = c.organization_id and m.id = c.id
  returning m.organization_id, m.id
$$;

create or replace function masthead.claim_tokens(at_most int, lease interval)
  returns table(organization_id uuid, connection_id uuid, epoch bigint)
  language sql security definer set search_path = masthead, pg_temp as $$
  with chosen as (
    select w.organization_id, w.connection_id from token_care w
    where w.due_at <= clock_timestamp() and (w.lease_until is null or w.lease_until <= clock_timestamp())
    order by w.due_at limit at_most for update skip locked)
  update token_care t set lease_until = clock_timestamp() + lease, epoch = t.epoch + 1
  from chosen c where t.organization_id = c.organization_id and t.connection_id = c.connection_id
  returning t.organization_id, t.connection_id, t.epoch
$$;
"""


def upgrade() -> None:
    op.execute(FUNCTIONS)
