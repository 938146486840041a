"""An approval without a slot lapses as one with a slot does: the post is a draft again, and can be submitted anew."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SQL = """
create index publication_lapsing on masthead.publication(approved_until) where state = 'approved';

-- What is scheduled keeps its slot: it can be submitted anew until then, and goes to a person when the slot comes.
-- Row by row, as in `sweep`.
create function masthead.lapse(at_most int) returns table(organization_id uuid, publication_id uuid, to_state text)
  language plpgsql security definer set search_path = masthead, pg_temp set lock_timeout = '250ms' as $$
declare
  candidate record;
begin
  perform set_config('app.actor', 'program:sweeper', true);
  for candidate in
    select p.organization_id, p.id from publication p
    where p.state = 'approved' and p.approved_until <= clock_timestamp()
    order by p.approved_until limit at_most for update skip locked
  loop
    begin
      perform set_config('app.why', '{"because":"Its approval lapsed before it was given a time."}', true);
      update publication p set state = 'draft'
        where p.organization_id = candidate.organization_id and p.id = candidate.id;
    exception
      when others then
        raise warning 'publication % can not lapse: %', candidate.id, sqlerrm;
        continue;
    end;
    organization_id := candidate.organization_id;
    publication_id := candidate.id;
    to_state := 'draft';
    return next;
  end loop;
end$$;
grant create on schema masthead to masthead_claim;
alter function masthead.lapse(int) owner to masthead_claim;
revoke all on function masthead.lapse(int) from public;
grant execute on function masthead.lapse(int) to masthead_dispatch, masthead_worker;
revoke create on schema masthead from masthead_claim;
"""


def upgrade() -> None:
    op.execute(SQL)
