"""A hundred thousand racing requests of fifty organizations on few connections, many of which break: no wrong row.

Every request looks at all rows that its transaction can see, again after commits, savepoints, rollbacks and errors; one
in twenty-five loses its connection in the middle of a write. The same race runs in the tests, shorter.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from bench.figures import Baseline, Figure, none_of
from bench.installation import installation
from bench.programs import CanNotMeasure
from core.infra import db
from core.infra.actor import Actor
from tests.factories.organizations import make_actor, make_organization
from tests.factories.racing import WRONG, left_wrong, race

REQUESTS: Final = 100_000
QUICK_REQUESTS: Final = 2_000
ABORTED_ONE_IN: Final = 25
ORGANIZATIONS: Final = 50
PROCESSES: Final = 2
THREADS: Final = 20
POOL: Final = 3
_WAITS_S: Final = 300.0


def measure(folder: Path, *, quick: bool, minutes: float) -> Iterator[Figure]:
    """Rows seen or left that were another organization's, or taken back."""
    requests = QUICK_REQUESTS if quick else REQUESTS
    with installation(folder) as installed:
        actors = [make_actor(make_organization(f"Organization {number}")) for number in range(ORGANIZATIONS)]
        url = installed.settings.program_url("web")
        with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
            parts = [pool.submit(_race, url, actors, requests // PROCESSES) for _ in range(PROCESSES)]
            outcomes = sum((part.result() for part in parts), Counter[str]())
        left = left_wrong(installed.console, actors)
    print(f"wall: {dict(outcomes)}", *left, sep="\n", file=sys.stderr, flush=True)
    aborts = sum(outcomes[outcome] for outcome in outcomes if outcome.startswith("aborted: "))
    if outcomes.total() != requests or aborts != PROCESSES * (requests // PROCESSES // ABORTED_ONE_IN):
        raise CanNotMeasure(f"of {requests} requests {outcomes.total()} ended, {aborts} of them by a lost connection")
    whole = Baseline(f"racing requests of {ORGANIZATIONS} organizations, {aborts} aborted", requests)
    yield none_of("wall_wrong_rows", outcomes[WRONG] + len(left), "rows", whole)


def _race(url: str, actors: Sequence[Actor], requests: int) -> Counter[str]:
    engine = db.make_engine(url, pool_size=POOL, pool_timeout_s=_WAITS_S)
    try:
        return race(db.Database(engine), actors, requests, aborts=requests // ABORTED_ONE_IN, threads=THREADS)
    finally:
        engine.dispose()
