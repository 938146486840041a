"""A thousand posts of fifty organizations, due within one second (MEASURED 3).

The programs are the product's: a dispatcher that watches the clock and one or two sender processes, over Postgres and
Valkey, against a sandbox that takes 200 ms for each post. Counted from when the first is due: until the last outcome is
written, and until the first call is about to be made. Beside it threads of no product at all make the same calls and as
many commits (`bare_sending`), in as many processes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.bare_sending import BareSender
from bench.burst import PAGES, Burst, slow_sandbox
from bench.cores import at_once
from bench.cost import cpu_s, processes_in, pss_mb, spent
from bench.figures import Baseline, Figure, alternately, median, within
from bench.fleet import Fleet, fleet
from bench.installation import Installation, installation
from bench.observer import Observer, behind_the_wall

POSTS: Final = 1000
ORGANIZATIONS: Final = 50
LATENCY_S: Final = 0.2
DUE_OVER_S: Final = 1.0
ROUNDS: Final = 3
MOST_OF_IDEAL: Final = 1.25
MOST_FIRST_S: Final = 1.0
MOST_PSS_MB: Final = 150.0
MOST_OF_SANDBOX_MS: Final = 1.0
_STARTS_IN_S: Final = 5.0
_PATIENCE: Final = 4.0


@dataclass(frozen=True, slots=True)
class Width:
    """So many sender processes with so many slots each."""

    senders: int
    slots: int

    @property
    def slots_in_all(self) -> int:
        """How many sends can be under way at once."""
        return self.senders * self.slots


WIDTHS: Final = (Width(1, 8), Width(2, 16))


@dataclass(frozen=True, slots=True)
class Round:
    """One burst: seconds from when the first was due, a sender's memory, milliseconds of processor time per post."""

    last_s: float
    first_s: float
    pss_mb: float
    cpu_ms: dict[str, float]


def ideal_s(posts: int, latency_s: float, slots: int) -> float:
    """How long the network alone takes: N x L / W."""
    return posts * latency_s / slots


def measure(folder: Path, *, quick: bool, minutes: float) -> Iterator[Figure]:
    """Time to the last, first start, memory and processor time, for each width."""
    posts = ORGANIZATIONS * PAGES if quick else POSTS
    processors = os.cpu_count() or 1
    yield Figure("burst_cores", at_once(processors), "cores", Baseline("processors of this machine", processors))
    with (
        installation(folder) as installed,
        slow_sandbox(folder, LATENCY_S) as sandbox,
        behind_the_wall(installed) as observer,
    ):
        burst = Burst.at(installed, sandbox, ORGANIZATIONS)
        bench = _Bench(installed, burst, observer, sandbox.pid, folder, posts)
        for width in WIDTHS:
            yield from bench.figures(width, 1 if quick else ROUNDS)


@dataclass(frozen=True, slots=True)
class _Bench:
    installed: Installation
    burst: Burst
    observer: Observer
    sandbox: int
    folder: Path
    posts: int

    def figures(self, width: Width, rounds: int) -> Iterator[Figure]:
        logs = self.folder / f"w{width.slots_in_all}"
        logs.mkdir()
        pages = [page for house in self.burst.houses for page in house.pages]
        bare = BareSender(self.installed.addresses.owner, width.slots)
        seen: list[Round] = []

        def bare_s() -> float:
            return bare.seconds_of(bare.prepare(pages, self.posts), width.senders)

        with fleet(self.installed, logs, senders=width.senders, slots=width.slots) as programs:

            def ours_s() -> float:
                seen.append(self._round(programs))
                return seen[-1].last_s

            _, bare_all_s = alternately(rounds, ours_s, bare_s)
        name, value = f"burst_w{width.slots_in_all}", median([each.last_s for each in seen])
        ideal = ideal_s(self.posts, LATENCY_S, width.slots_in_all)
        yield Figure(f"{name}_last", value, "s", Baseline("N x L / W", ideal), most=MOST_OF_IDEAL)
        threads = f"{width.senders} x {width.slots} bare threads, same calls, as many commits"
        yield Figure(f"{name}_last_to_bare", value, "s", Baseline(threads, median(bare_all_s)))
        yield within(f"{name}_first_start", median([each.first_s for each in seen]), "s", MOST_FIRST_S)
        yield within(f"{name}_sender_pss", max(each.pss_mb for each in seen), "MB", MOST_PSS_MB)
        cost = {kind: median([each.cpu_ms[kind] for each in seen]) for kind in seen[0].cpu_ms}
        print(f"{name}: ms of processor per post: {cost}", file=sys.stderr, flush=True)
        cores = os.cpu_count() or 1
        whole = Baseline(f"what {cores} cores have in that time", value / self.posts * 1000 * cores)
        yield Figure(f"{name}_cpu_per_post", sum(cost.values()), "ms", whole)
        yield within(f"{name}_sandbox_cpu_per_post", cost["sandbox"], "ms", MOST_OF_SANDBOX_MS)

    def _round(self, programs: Fleet) -> Round:
        self.burst.prepare(self.posts)
        begins_at = self.burst.come_due_over(self.observer, _STARTS_IN_S, DUE_OVER_S)
        before = self._cpu_s(programs)
        longest_s = _STARTS_IN_S + _PATIENCE * ideal_s(self.posts, LATENCY_S, WIDTHS[0].slots_in_all)
        sent = self.observer.await_sent(begins_at, self.posts, longest_s)
        after = self._cpu_s(programs)
        return Round(
            last_s=(max(each.closed_at for each in sent) - begins_at).total_seconds(),
            first_s=(sent[0].opened_at - begins_at).total_seconds(),
            pss_mb=max(pss_mb(pid) for pid in programs.senders),
            cpu_ms=spent(before, after, self.posts),
        )

    def _cpu_s(self, programs: Fleet) -> dict[str, float]:
        return {
            "senders": cpu_s(programs.senders),
            "dispatcher": cpu_s([programs.dispatcher] if programs.dispatcher else []),
            "servers": cpu_s(processes_in(self.installed.settings.data)),
            "sandbox": cpu_s([self.sandbox]),
        }
