"""Twenty posts a second for minutes: how long after its slot is the call of each about to be made?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from bench.burst import slow_sandbox
from bench.figures import Baseline, Figure, none_of, percentile, within
from bench.fleet import fleet
from bench.installation import installation
from bench.many import Many
from bench.observer import behind_the_wall

PER_SECOND: Final = 20
ORGANIZATIONS: Final = 50
LATENCY_S: Final = 0.2
SLOTS: Final = 16
MOST_P99_S: Final = 0.5
MOST_S: Final = 2.0
_STARTS_IN_S: Final = 15.0
_PATIENCE_S: Final = 30.0
_QUICK_S: Final = 10.0


def measure(folder: Path, *, quick: bool, minutes: float) -> Iterator[Figure]:
    """The start lag, and whether all were sent."""
    lasts_s = _QUICK_S if quick else minutes * 60
    each = max(1, round(lasts_s * PER_SECOND / ORGANIZATIONS))
    with (
        installation(folder) as installed,
        slow_sandbox(folder, LATENCY_S) as sandbox,
        behind_the_wall(installed) as observer,
    ):
        houses = Many.at(installed, sandbox, organizations=ORGANIZATIONS)
        houses.prepare(each)
        begins_at = observer.now() + timedelta(seconds=_STARTS_IN_S)
        houses.come_due_over(observer, begins_at, lasts_s)
        many = each * ORGANIZATIONS
        with fleet(installed, folder, senders=1, slots=SLOTS):
            sent = observer.await_sent(begins_at, many, _STARTS_IN_S + lasts_s + _PATIENCE_S)
    lags_s = [post.lag_s for post in sent]
    print(f"steady: {len(sent)} posts, half of them after {percentile(lags_s, 50):.3f} s", file=sys.stderr, flush=True)
    yield within("steady_start_lag_p99", percentile(lags_s, 99), "s", MOST_P99_S)
    yield within("steady_start_lag_max", max(lags_s), "s", MOST_S)
    yield none_of("steady_not_sent", many - len(sent), "posts", Baseline("posts that were due", many))
