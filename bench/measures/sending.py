"""What sending costs beside the network's own time (MEASURED 3).

Ours: a sender process as the Procfile starts it, with eight slots, woken by one hint when 200 publications of ten
organizations are due; from the hint to the last committed outcome. The network is a sandbox that takes 200 ms for each.
Two baselines: threads that make the same calls and commit as often (`bare_sending`), and arithmetic: N x L / W.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import psycopg
from psycopg.conninfo import make_conninfo
from redis import Redis

from bench.bare_sending import BareSender
from bench.burst import ORGANIZATIONS, PAGES, Burst, slow_sandbox
from bench.figures import Baseline, Figure, alternately, median
from bench.installation import Installation, installation
from bench.programs import PYTHON, CanNotMeasure, last_words, program
from core.infra.embedded import DATABASE
from core.queueing.connection import for_hints
from core.queueing.enqueue import Hints, queue_of, workers_on
from core.queueing.names import JobName, QueueName
from tests.fixtures.servers import SECRET_KEY

SLOTS: Final = 8
LATENCY_S: Final = 0.2
POSTS: Final = 200
ROUNDS: Final = 3
_READY_WITHIN_S: Final = 30.0
_LOOK_AGAIN_S: Final = 0.1


def measure(folder: Path, *, quick: bool) -> Iterator[Figure]:
    """Both figures, per post."""
    posts = ORGANIZATIONS * PAGES if quick else POSTS
    rounds = 1 if quick else ROUNDS
    with installation(folder) as installed, slow_sandbox(folder, LATENCY_S) as sandbox:
        burst = Burst.at(installed, sandbox)
        pages = [page for house in burst.houses for page in house.pages]
        bare = BareSender(installed.addresses.owner, SLOTS)
        with _sender(installed, folder) as hints, _behind_the_wall(installed) as observer:

            def ours() -> float:
                burst.prepare(posts)
                burst.come_due()
                return _seconds(observer, hints, posts)

            ours_s, bare_s = alternately(rounds, ours, lambda: bare.seconds(bare.prepare(pages, posts)))
    value = median(ours_s) / posts * 1000
    threads = Baseline(f"{SLOTS} bare threads, same calls, as many commits", median(bare_s) / posts * 1000)
    yield Figure("publish_one_cost", value, "ms per post", threads)
    yield Figure("publish_one_cost_to_ideal", value, "ms per post", Baseline("N x L / W", LATENCY_S / SLOTS * 1000))


@contextmanager
def _sender(installed: Installation, folder: Path) -> Iterator[Hints]:
    """`python -m jobs.worker publish`, waiting for hints."""
    settings = installed.settings
    environment = {
        "MASTHEAD_SECRET_KEY": SECRET_KEY,
        "MASTHEAD_DATA": str(settings.data),
        "MASTHEAD_PUBLISH_IN_FLIGHT": str(SLOTS),
        "DATABASE_URL_WORKER": settings.program_url("worker"),
        "REDIS_URL": settings.queue_url(),
    }
    log = folder / "sender.log"
    with (
        program([PYTHON, "-m", "jobs.worker", QueueName.PUBLISH], log, environment=environment) as process,
        for_hints(settings.queue_url()) as connection,
    ):
        until = time.monotonic() + _READY_WITHIN_S
        while not _listens(connection):
            if process.poll() is not None or time.monotonic() > until:
                raise CanNotMeasure(f"the sender did not come up; it said last:\n{last_words(log)}")
            time.sleep(_LOOK_AGAIN_S)
        yield Hints(connection)


def _listens(connection: Redis) -> bool:
    return workers_on(connection, queue_of(connection, QueueName.PUBLISH)) > 0


@contextmanager
def _behind_the_wall(installed: Installation) -> Iterator[psycopg.Connection[tuple[int, datetime]]]:
    """The superuser, who sees all organizations' rows."""
    with psycopg.connect(make_conninfo(installed.addresses.superuser, dbname=DATABASE), autocommit=True) as connection:
        yield connection


def _seconds(observer: psycopg.Connection[tuple[int, datetime]], hints: Hints, posts: int) -> float:
    """From the hint to the last outcome that was written."""
    # What autovacuum would have done by the time when so many rows have come together.
    observer.execute("vacuum analyze")
    began = _one(observer, "select 0, clock_timestamp()")[1]
    hints.give(JobName.DRAIN)
    until = time.monotonic() + _READY_WITHIN_S + posts * LATENCY_S
    while True:
        published, last_at = _one(
            observer,
            "select count(*), max(closed_at) from masthead.attempt where opened_at >= %s and state = 'accepted'",
            began,
        )
        if published == posts:
            return (last_at - began).total_seconds()
        if time.monotonic() > until:
            raise CanNotMeasure(f"only {published} of {posts} publications were sent; see why in the sender's log")
        time.sleep(_LOOK_AGAIN_S)


def _one(observer: psycopg.Connection[tuple[int, datetime]], query: str, *parameters: datetime) -> tuple[int, datetime]:
    row = observer.execute(query.encode(), parameters).fetchone()
    assert row is not None
    return row
