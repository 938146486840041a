"""Indexes for the page of errors: tries that ended badly, preparations and reads in which a network said no."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

INDEXES = """
create index attempt_failed on masthead.attempt(organization_id, opened_at)
  where state in ('rejected','not_sent','unknown','proven_absent');
create index publication_event_failed on masthead.publication_event(organization_id, at) where why ? 'error';
create index reconcile_read_failed on masthead.reconcile_read(organization_id, at) where evidence ? 'error';
"""


def upgrade() -> None:
    op.execute(INDEXES)
