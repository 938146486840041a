"""What each read of a page costs in Postgres, in an organization with 100,000 posts.

Ours: the product's own statement, as the console's role, behind row-level security. Baseline: one written by hand for
the same answer, as a superuser, with the organization's id as a literal. Both are run and fetched by the same driver,
on a connection that has run them before. When the answers differ nothing is measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bench import large_organization
from bench.by_hand import READS
from bench.figures import Baseline, Figure, median, only
from bench.installation import installation
from bench.reads import reader

ROUNDS: Final = 15


def measure(folder: Path, *, quick: bool, parts: Sequence[str] = ()) -> Iterator[Figure]:
    """One figure for each read, or for these `parts` alone."""
    reads = only({read.name: read for read in READS}, parts)
    with installation(folder) as installed:
        superuser = large_organization.superuser_of(installed.addresses)
        large_organization.make(superuser)
        with reader(installed.console, superuser, large_organization.sample(superuser)) as asked:
            for read in reads.values():
                ours_ms, by_hand_ms = asked.milliseconds(read, 3 if quick else ROUNDS)
                baseline = Baseline("the best statement written by hand, without policies", median(by_hand_ms))
                yield Figure(f"read_{read.name}", median(ours_ms), "ms", baseline)
