"""Which posts take a file for their cover, looked up by the file."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

STATEMENTS = """
create index post_covered_by on masthead.post(organization_id, cover_id) where cover_id is not null;
create index post_variant_covered_by on masthead.post_variant(organization_id, cover_id) where cover_id is not null;
"""


def upgrade() -> None:
    op.execute(STATEMENTS)
