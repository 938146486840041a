"""What sending costs beside the network's own time (MEASURED 3).

Ours: a sender process as the Procfile starts it, with eight slots, woken by one hint when 200 publications of ten
organizations are due; from the hint to the last committed outcome. The network is a sandbox that takes 200 ms for each.
Two baselines: threads that make the same calls and commit as often (`bare_sending`), and arithmetic: N x L / W.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.bare_sending import BareSender
from bench.burst import ORGANIZATIONS, PAGES, Burst, slow_sandbox
from bench.figures import Baseline, Figure, alternately, median
from bench.fleet import fleet
from bench.installation import installation
from bench.observer import Observer, behind_the_wall
from core.queueing.connection import for_hints
from core.queueing.enqueue import Hints
from core.queueing.names import JobName

SLOTS: Final = 8
LATENCY_S: Final = 0.2
POSTS: Final = 200
ROUNDS: Final = 3
_READY_WITHIN_S: Final = 30.0


def measure(folder: Path, *, quick: bool) -> Iterator[Figure]:
    """Both figures, per post."""
    posts = ORGANIZATIONS * PAGES if quick else POSTS
    rounds = 1 if quick else ROUNDS
    with installation(folder) as installed, slow_sandbox(folder, LATENCY_S) as sandbox:
        burst = Burst.at(installed, sandbox)
        pages = [page for house in burst.houses for page in house.pages]
        bare = BareSender(installed.addresses.owner, SLOTS)
        with (
            fleet(installed, folder, senders=1, slots=SLOTS, dispatcher=False),
            for_hints(installed.settings.queue_url()) as connection,
            behind_the_wall(installed) as observer,
        ):
            hints = Hints(connection)

            def ours() -> float:
                burst.prepare(posts)
                burst.come_due()
                return _seconds(observer, hints, posts)

            ours_s, bare_s = alternately(rounds, ours, lambda: bare.seconds(bare.prepare(pages, posts)))
    value = median(ours_s) / posts * 1000
    threads = Baseline(f"{SLOTS} bare threads, same calls, as many commits", median(bare_s) / posts * 1000)
    yield Figure("publish_one_cost", value, "ms per post", threads)
    yield Figure("publish_one_cost_to_ideal", value, "ms per post", Baseline("N x L / W", LATENCY_S / SLOTS * 1000))


def _seconds(observer: Observer, hints: Hints, posts: int) -> float:
    """From the hint to the last outcome that was written."""
    # What autovacuum would have done by the time when so many rows have come together.
    observer.run("vacuum analyze")
    began = observer.now()
    hints.give(JobName.DRAIN)
    sent = observer.await_sent(began, posts, _READY_WITHIN_S + posts * LATENCY_S)
    return (max(each.closed_at for each in sent) - began).total_seconds()
