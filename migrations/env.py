"""What Alembic runs around each migration; `core.infra.migrate` hands it the owner's connection.

The time limits keep a migration from standing in the way of the running programs: one that can't get its lock soon
fails and is tried again later, instead of queueing every query behind itself.
"""

from alembic import context
from sqlalchemy import Connection

SCHEMA = "masthead"


def run(connection: Connection) -> None:
    """Bring the schema to the revision that was asked for, one transaction per migration."""
    for setting in ("lock_timeout", "statement_timeout"):
        limit = context.config.attributes[setting]
        connection.exec_driver_sql(f"set {setting} = '{limit}'")
    connection.exec_driver_sql(f"create schema if not exists {SCHEMA}")
    connection.commit()
    context.configure(connection=connection, version_table_schema=SCHEMA, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
