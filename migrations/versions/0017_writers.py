"""Who wrote a post: everybody whose words, image or link are in it, for nobody approves their own work."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# Without a default that reads the table: a column added so costs no rewrite.
SQL = """
alter table masthead.post add column writers uuid[] not null default '{}';
"""


def upgrade() -> None:
    op.execute(SQL)
