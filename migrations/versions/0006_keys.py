"""Going through the organizations one after the other, for the operator's rotation of keys."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SQL = """
-- Revoked tokens are emptied and need no key. In order of id, so that a run goes on where one stopped.
create index credential_wrapped on masthead.credential(organization_id, id) where state <> 'revoked';

create function masthead.organizations_after(after uuid, at_most int) returns table(organization_id uuid)
  language sql stable security definer set search_path = masthead, pg_temp as $$
  select o.id from organization o where o.id > after order by o.id limit at_most
$$;
"""

OWNED = (("organizations_after(uuid,int)", "masthead_worker"),)


def upgrade() -> None:
    op.execute(SQL)
    op.execute("grant create on schema masthead to masthead_claim")
    for signature, callers in OWNED:
        op.execute(f"alter function masthead.{signature} owner to masthead_claim")
        op.execute(f"revoke all on function masthead.{signature} from public")
        op.execute(f"grant execute on function masthead.{signature} to {callers}")
    op.execute("revoke create on schema masthead from masthead_claim")
