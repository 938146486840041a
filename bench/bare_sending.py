"""The least that sending costs: threads that make the network's call and commit three times around it, nothing else.

No claim that others respect, no row-level security, no triggers, no token to unseal, no log: two small tables, plain
psycopg on a connection per thread, a kept-alive HTTP connection per thread. The calls are the very ones that our
provider would make, token and proof included, prepared beforehand.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from queue import Empty, SimpleQueue
from typing import Final
from urllib.parse import urlencode, urlsplit

import psycopg
from pydantic import SecretStr

from bench.programs import CanNotMeasure
from core import providers
from core.infra.reachable import LOOPBACK
from core.infra.settings import provider_environment
from core.provider_kit.types import Access, Payload
from core.publishing.steps import KeptSteps
from tests.factories.publishing import Page

_NETWORK: Final = "facebook"
_PROVIDER: Final = "meta"
_TIMEOUT_S: Final = 30.0
_STARTS_WITHIN_S: Final = 0.5  # so that each of them takes one
_TABLES: Final = """
create schema if not exists bench;
create table if not exists bench.publication (id bigint primary key, state text not null, provider_post_id text);
create table if not exists bench.attempt (
  id bigint generated always as identity primary key, publication_id bigint not null references bench.publication,
  state text not null, opened_at timestamptz not null default clock_timestamp(), closed_at timestamptz)
"""


@dataclass(frozen=True, slots=True)
class Call:
    """One post as it goes over the wire. `id` is its row in `bench.publication`."""

    id: int
    port: int
    path: str
    headers: dict[str, str]
    body: bytes


class BareSender:
    """Sends calls with `threads` threads, as owner of two tables of its own."""

    def __init__(self, owner: str, threads: int) -> None:
        self._owner = owner
        self._threads = threads
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute(_TABLES)
            row = connection.execute("select coalesce(max(id) + 1, 0) from bench.publication").fetchone()
        assert row is not None
        self._written = int(row[0])

    def prepare(self, pages: Sequence[Page], count: int) -> list[Call]:
        """Rows and calls for `count` posts with words of their own, in turn on all Pages."""
        secret = provider_environment(_PROVIDER)["client_secret"].encode()
        first = self._written
        self._written += count
        calls = [_call(number, pages[number % len(pages)], secret) for number in range(first, self._written)]
        with psycopg.connect(self._owner) as connection, connection.cursor() as cursor:
            cursor.executemany("insert into bench.publication values (%s, 'queued')", [(call.id,) for call in calls])
        return calls

    def seconds(self, calls: Sequence[Call]) -> float:
        """Send them all; gives the time from the start of the first to the last commit."""
        waiting: SimpleQueue[Call] = SimpleQueue()
        for call in calls:
            waiting.put(call)
        with ThreadPoolExecutor(self._threads) as pool:
            began = time.perf_counter()
            for done in [pool.submit(self._work, waiting) for _ in range(self._threads)]:
                done.result()
            return time.perf_counter() - began

    def seconds_of(self, calls: Sequence[Call], processes: int) -> float:
        """As `seconds`, with `threads` threads in each of so many processes; their start doesn't count."""
        if processes == 1:
            return self.seconds(calls)
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            for started in [pool.submit(time.sleep, _STARTS_WITHIN_S) for _ in range(processes)]:
                started.result()
            parts = [pool.submit(self.seconds, calls[part::processes]) for part in range(processes)]
            return max(part.result() for part in parts)

    def _work(self, waiting: SimpleQueue[Call]) -> None:
        with psycopg.connect(self._owner) as connection:
            network: http.client.HTTPConnection | None = None
            while True:
                try:
                    call = waiting.get_nowait()
                except Empty:
                    break
                network = network or http.client.HTTPConnection(LOOPBACK, call.port, timeout=_TIMEOUT_S)
                _send(connection, network, call)
            if network is not None:
                network.close()


def _send(connection: psycopg.Connection[tuple[int]], network: http.client.HTTPConnection, call: Call) -> None:
    connection.execute("update bench.publication set state = 'claimed' where id = %s and state = 'queued'", (call.id,))
    connection.commit()
    connection.execute("update bench.publication set state = 'sending' where id = %s", (call.id,))
    opened = connection.execute(
        "insert into bench.attempt (publication_id, state) values (%s, 'open') returning id", (call.id,)
    ).fetchone()
    connection.commit()
    network.request("POST", call.path, body=call.body, headers=call.headers)
    answer = network.getresponse()
    body = answer.read()
    if answer.status != http.HTTPStatus.OK or opened is None:
        raise CanNotMeasure(f"the sandbox answered {answer.status}: {body[:300]!r}")
    connection.execute(
        "update bench.attempt set state = 'accepted', closed_at = clock_timestamp() where id = %s", (opened[0],)
    )
    connection.execute(
        "update bench.publication set state = 'published', provider_post_id = %s where id = %s",
        (json.loads(body)["id"], call.id),
    )
    connection.commit()


def _call(number: int, page: Page, secret: bytes) -> Call:
    payload = Payload(_NETWORK, page.id, f"Bare {number}: roasted on Tuesday, in shops today.")
    call = providers.publisher(_NETWORK).prepare(payload, Access(page.id, SecretStr(page.token)), KeptSteps({}))
    address = urlsplit(call.url)
    proof = hmac.new(secret, page.token.encode(), hashlib.sha256).hexdigest()
    headers = {"Authorization": f"Bearer {page.token}", "Content-Type": call.content_type}
    return Call(
        id=number,
        port=address.port or 80,
        path=f"{address.path}?{urlencode({'appsecret_proof': proof})}",
        headers=headers,
        body=call.body,
    )
