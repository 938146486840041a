"""Programs may read which revision the schema has, so that none starts beside one that lacks what it needs."""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("grant select on masthead.alembic_version to masthead_web, masthead_worker, masthead_dispatch")
