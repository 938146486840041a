"""An installation of its own at shipped times, with its servers, programs and sandbox as processes."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID

import psycopg

from core import providers
from core.infra import crypto, db
from core.infra.migrate import migrate
from core.infra.settings import Settings
from tests.chaos.estate import Estate, running_estate
from tests.chaos.world import ingest_port, networks_environment, only_masthead_prevents_a_second_post
from tests.factories.publishing import tamper, use_owner
from tests.fixtures.programs import RunningSandbox, environment_for, running_sandbox
from tests.fixtures.servers import SECRET_KEY

QUIET_WITHIN_S: Final = 900.0
_DUE: Final = """
update masthead.publication p set due_at = clock_timestamp() + make_interval(secs => due.after_s),
  not_after = clock_timestamp() + make_interval(secs => due.after_s) + interval '30 min'
from unnest(%(ids)s::uuid[], %(after)s::float8[]) as due(id, after_s) where p.id = due.id
"""
_BUSY: Final = """
select count(*) from masthead.publication p where p.state in ('queued','claimed','sending','unknown')
  or (p.state = 'scheduled' and p.due_at <= clock_timestamp())
"""


@contextmanager
def installed(folder: Path) -> Iterator[tuple[Estate, RunningSandbox, Settings]]:
    """Servers and sandbox, for the length of a block, in which this process acts as the console does."""
    with ExitStack() as stack:
        (folder / "sandbox").mkdir(parents=True)
        sandbox = stack.enter_context(running_sandbox(folder / "sandbox"))
        os.environ.update(networks_environment(sandbox))
        providers.providers.cache_clear()
        estate = stack.enter_context(running_estate(folder))
        settings = Settings(
            MASTHEAD_SECRET_KEY=SECRET_KEY,
            MASTHEAD_DATA=folder / "installation",
            DATABASE_URL=estate.addresses.owner,
            REDIS_URL=estate.addresses.valkey,
        )
        migrate(settings)
        crypto.use(settings)
        console = db.connect(settings.program_url("web"), pool_size=4, application="chaos")
        stack.callback(console.engine.dispose)
        use_owner(settings.owner_url())
        stack.enter_context(only_masthead_prevents_a_second_post(sandbox))
        yield estate, sandbox, settings


def environment_of(sandbox: RunningSandbox, settings: Settings) -> dict[str, str]:
    """What programs of this installation run with."""
    port = {"MASTHEAD_PORT": str(ingest_port(sandbox) - 1)}
    return environment_for(settings) | networks_environment(sandbox) | port


def come_due(organization_id: UUID, ids: Sequence[UUID], within_s: float, draw: random.Random) -> None:
    """Let publications come due one by one, from five seconds on."""
    tamper(organization_id, _DUE, ids=list(ids), after=[draw.uniform(5, max(within_s, 5)) for _ in ids])


def wait_until_quiet(estate: Estate) -> int:
    """Wait until nothing is left to do, at most a quarter of an hour; gives how many are open still."""
    until = time.monotonic() + QUIET_WITHIN_S
    while (busy := _busy(estate)) and time.monotonic() < until:
        time.sleep(1)
    return busy


def behind_the_wall(estate: Estate) -> psycopg.Connection[tuple[object, ...]]:
    """As the superuser, who sees all organizations at once."""
    address = psycopg.conninfo.make_conninfo(estate.addresses.superuser, dbname="masthead")
    return psycopg.connect(address, autocommit=True)


def _busy(estate: Estate) -> int:
    with behind_the_wall(estate) as connection:
        row = connection.execute(_BUSY).fetchone()
    assert row is not None
    return int(row[0])
