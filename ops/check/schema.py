"""One migration head, a fresh database takes every migration, and no table of an organization is without its wall."""

from __future__ import annotations

import secrets
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
from alembic.script import ScriptDirectory

from core.infra.embedded import running
from core.infra.migrate import alembic_config, migrate
from core.infra.settings import Settings

# The table, and what of its wall is missing.
UNWALLED: Final = """
select c.relname, concat_ws(', ',
    case when not c.relrowsecurity then 'row-level security is off' end,
    case when not c.relforcerowsecurity then 'it is not forced, so the owner sees all' end,
    case when not exists (
        select 1 from pg_policies p
        where p.schemaname = 'masthead' and p.tablename = c.relname and p.roles = '{public}' and p.cmd = 'ALL'
          and p.qual like '%ctx_organization()%' and p.with_check like '%ctx_organization()%')
      then 'no policy ties it to ctx_organization()' end,
    case when c.relname <> 'organization' and not exists (
        select 1 from pg_index i join pg_attribute first on first.attrelid = c.oid and first.attnum = i.indkey[0]
        where i.indrelid = c.oid and first.attname = 'organization_id')
      then 'no index starts with organization_id' end)
from pg_class c
where c.relnamespace = 'masthead'::regnamespace and c.relkind in ('r', 'p')
  and (c.relname = 'organization' or exists (
    select 1 from pg_attribute a
    where a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped))
order by 1
"""


def main() -> int:
    """Print what is wrong."""
    found = list(findings())
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


def findings() -> Iterator[str]:
    """Everything wrong with the migrations and with what they make."""
    heads = ScriptDirectory.from_config(alembic_config()).get_heads()
    if len(heads) != 1:
        yield f"migrations have {len(heads)} heads: {', '.join(heads)}. Give the later one the other as down_revision."
        return
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), {"fsync": "off"}) as addresses:
        migrate(Settings(MASTHEAD_SECRET_KEY=secrets.token_hex(), DATABASE_URL=addresses.owner))
        superuser = psycopg.conninfo.make_conninfo(addresses.superuser, dbname="masthead")
        with psycopg.connect(superuser) as connection:
            yield from tables_without_wall(connection)


def tables_without_wall(connection: psycopg.Connection[tuple[object, ...]]) -> Iterator[str]:
    """Tables with an organization_id whose rows another organization could reach, with what they lack."""
    for table, lacks in connection.execute(UNWALLED).fetchall():
        if lacks:
            yield f"masthead.{table}: {lacks}"


if __name__ == "__main__":
    sys.exit(main())
