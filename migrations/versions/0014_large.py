"""Indexes for one organization with 100,000 posts; each one spares Home, and every page's menu, a walk over years of work."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

INDEXES = """
-- Lists go on from a post by this index. A policy lets an index be used only for conditions that give nothing away, and
-- Postgres knows that of `case` but not of `coalesce`: by that, every newer post was read before the page.
create index post_listed on masthead.post(
  organization_id, (case when slot_at is null then created_at else slot_at end) desc, id desc) where deleted_at is null;
drop index masthead.post_listing;

-- What waits for an account: what is held, and how much is stranded. By the account alone all it ever published was read.
create index publication_waiting on masthead.publication(organization_id, account_id, due_at) where state = 'scheduled';
-- The posts in which changes were requested, of all that were ever commented.
create index review_comment_returned on masthead.review_comment(organization_id, post_id, version)
  where kind = 'changes_requested';
"""


def upgrade() -> None:
    op.execute(INDEXES)
