"""One organization's slow queries leave connections to everybody else."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.infra import db
from core.infra.ids import new_id
from core.infra.settings import Settings

POOL, FOR_ONE, SLOW_S = 4, 3, 1.5


@pytest.fixture
def console(settings: Settings) -> Iterator[db.Database]:
    connected = db.connect(settings.program_url("web"), pool_size=POOL, application="test", for_one=FOR_ONE)
    yield connected
    connected.engine.dispose()
    db.use(None)


def search(database: db.Database, organization_id: UUID, seconds: float) -> None:
    with database.organization_transaction(organization_id, "program:test") as session:
        session.execute(text("select pg_sleep(:seconds)"), {"seconds": seconds})


def test_slow_queries_of_one_organization_keep_nobody_else_out(console: db.Database) -> None:
    one, other = new_id(), new_id()
    threads = [threading.Thread(target=search, args=(console, one, SLOW_S)) for _ in range(2 * POOL)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    began = time.monotonic()
    search(console, other, 0)
    assert time.monotonic() - began < SLOW_S / 2
    for thread in threads:
        thread.join()


def test_whoever_waits_too_long_for_their_own_is_told_as_of_any_pool() -> None:
    shares, one = db.Shares(1, within_s=0.1), new_id()
    with shares.one(one):
        with pytest.raises(PoolTimeout, match="all 1 connections"), shares.one(one):
            pass
        with shares.one(new_id()):
            pass
    with shares.one(one):
        pass
