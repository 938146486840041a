"""What an operator does after a backup was restored: pauses that no member began, and attempts of what may be live."""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

SQL = """
alter table masthead.pause alter column began_by drop not null;
grant insert on masthead.pause to masthead_worker;
"""


def upgrade() -> None:
    op.execute(SQL)
