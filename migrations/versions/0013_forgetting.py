"""Old notices and mail may be forgotten, organization by organization, by the worker alone."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SQL = """
create index notice_old on masthead.notice(organization_id, at);
create index mail_old on masthead.mail(organization_id, closed_at) where closed_at is not null;
grant delete on masthead.notice, masthead.mail to masthead_worker;
"""


def upgrade() -> None:
    op.execute(SQL)
