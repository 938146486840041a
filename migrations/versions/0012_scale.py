"""Indexes for organizations with many posts; each one that is new spares a statement the reading of a whole table."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INDEXES = """
-- Lists ask of every post which word it shows, and of what failed whether a later try took its place. Both are answered
-- from this index alone; by `publication_account` the second one read all publications of the account. It stands in for
-- `publication_post`, so a publication costs no more to write than before.
create index publication_of_post on masthead.publication(organization_id, post_id, account_id, occurrence)
  include (state, due_at, removed_at);
drop index masthead.publication_post;

-- What a person wrote or submitted: their drafts, what came back to them, the filter by author.
create index post_author on masthead.post(organization_id, author_id, id) where deleted_at is null;
create index post_submitter on masthead.post(organization_id, submitted_by, id)
  where deleted_at is null and submitted_by is not null;
-- The calendar's posts that go nowhere yet.
create index post_slot on masthead.post(organization_id, slot_at, id) where deleted_at is null and slot_at is not null;

-- The audit page's filters. Ids of subjects are unique without their kind, by which nobody asks alone.
create index audit_event_of on masthead.audit_event(organization_id, subject_id, id);
drop index masthead.audit_event_subject;
create index audit_event_actor on masthead.audit_event(organization_id, actor, id);
create index audit_event_correlation on masthead.audit_event(organization_id, correlation_id, id);

-- A person's newest sign-in, ended ones too.
create index console_session_newest on masthead.console_session(person_id, signed_in_at desc);
drop index masthead.console_session_person;
"""

# As in 0005, but that the account of what is due is looked up row by row: joined, all accounts of the installation were
# read for the few rows that are due at one moment.
FUNCTIONS = """
create or replace function masthead.work_waiting() returns table(sends boolean, links boolean)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select exists (
      select 1 from publication p
      join organization o on o.id = p.organization_id
      where p.state = 'scheduled' and p.due_at <= clock_timestamp() and p.not_after > clock_timestamp()
        and (p.next_action_at is null or p.next_action_at <= clock_timestamp())
        and (select a.state from account a where a.organization_id = p.organization_id and a.id = p.account_id) = 'active'
        and not o.publish_paused)
    or exists (select 1 from publication p where p.state = 'unknown' and p.next_action_at <= clock_timestamp()),
    exists (select 1 from publication_link l where l.state = 'pending' and l.next_try_at <= clock_timestamp())
$$;

create or replace function masthead.oldest_due() returns interval
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select clock_timestamp() - min(greatest(p.due_at, p.next_action_at)) from publication p
  join organization o on o.id = p.organization_id
  where p.state = 'scheduled' and p.due_at <= clock_timestamp() and p.not_after > clock_timestamp()
    and (p.next_action_at is null or p.next_action_at <= clock_timestamp())
    and (select a.state from account a where a.organization_id = p.organization_id and a.id = p.account_id) = 'active'
    and not o.publish_paused
$$;
"""


def upgrade() -> None:
    op.execute(INDEXES)
    op.execute(FUNCTIONS)
