"""The statements that figures are held against ask for the same as the product's own."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from bench import large_organization
from bench.by_hand import READS
from bench.reads import Read, reader
from core.infra import db
from core.infra.settings import Settings
from tests.fixtures.servers import Servers


@pytest.fixture(scope="module")
def superuser(full: Settings, servers: Servers) -> str:
    return psycopg.conninfo.make_conninfo(servers.superuser_url, dbname=servers.full)


@pytest.fixture(scope="module")
def asked(full: Settings, superuser: str) -> Any:
    engine = db.make_engine(full.program_url("web"), pool_size=1)
    with reader(db.Database(engine), superuser, large_organization.sample(superuser)) as opened:
        yield opened
    engine.dispose()


@pytest.mark.parametrize("read", READS, ids=lambda each: each.name)
def test_a_statement_by_hand_gives_what_the_product_gives(read: Read, asked: Any) -> None:
    asked.compare(read)
