"""A claim reads queues by their indexes, also by a plan that was made while the table was small.

A sender keeps its plans, those made for a table of a few rows too, until Postgres has counted the table again, which is
a minute after many rows came, and later on a busy machine. Such a plan read the table as a whole, for each due row once
more to look for its twin: with ten thousand due, each claim took longer than a statement may, and nothing was sent.
"""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

CLAIM = "masthead.claim_due(int, text, interval, interval, interval, interval)"


def upgrade() -> None:
    op.execute(f"alter function {CLAIM} set enable_seqscan = off")


def downgrade() -> None:
    op.execute(f"alter function {CLAIM} reset enable_seqscan")
