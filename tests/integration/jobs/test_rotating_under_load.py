"""The key that wraps tokens is rotated while posts go out: nothing fails."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from core.accounts.commands import keys_in_use, rotate_keys
from core.infra import crypto, db
from core.infra.settings import PublishTimes, Settings
from jobs.sender import Sender
from tests.factories.accounts import use_test_keys
from tests.factories.publishing import House, acting_as, make_many_due
from tests.fixtures.servers import SECRET_KEY

POSTS = 40
TIMES = PublishTimes(in_flight=8, tick_s=0.02, drain_budget_s=30, backlog_older_than_s=86_400)


@pytest.fixture
def keys() -> Iterator[list[str]]:
    """Names of keys that come one after the other, each before those that came earlier."""
    yield [f"of-{number}" for number in range(6)]
    use_test_keys()


def take(names: list[str]) -> None:
    """What all programs of an installation run with, newest first; the derived key still unwraps behind them."""
    ring = ",".join(f"{name}:{base64.b64encode(name.encode().ljust(32, b'k')).decode()}" for name in names[::-1])
    crypto.use(Settings(MASTHEAD_SECRET_KEY=SECRET_KEY, MASTHEAD_CREDENTIAL_KEYS=ring))


def test_keys_are_rotated_while_posts_go_out_and_none_fails(house: House, worker: db.Database, keys: list[str]) -> None:
    make_many_due(house, POSTS)
    take(keys[:1])
    over = threading.Event()
    wrapped: list[int] = []

    def rotate() -> None:
        for count in range(1, len(keys) + 1):
            take(keys[:count])
            wrapped.append(sum(1 for _ in rotate_keys(batch=1)))
        over.set()

    sender = Sender(TIMES)
    with acting_as(worker):
        rotating = threading.Thread(target=rotate)
        rotating.start()
        try:
            sender.drain()
        finally:
            rotating.join(60)
            sender.close()
        assert over.is_set()
        assert set(keys_in_use()) == {keys[-1]}
    assert all(wrapped), "every rotation had something to wrap"
    with db.transaction(house.approver) as session:
        states = session.execute(
            text("select state, count(*) from masthead.publication where occurrence > 1 group by state")
        ).all()
    assert [tuple(each) for each in states] == [("published", POSTS)]
